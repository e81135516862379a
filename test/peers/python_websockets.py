#!/usr/bin/python3
# A WebSocket server on Python's `websockets`; what it does is chosen by the URL's path.
import asyncio
import http
import socket
import struct
import sys
from urllib.parse import parse_qs, urlsplit

sys.dont_write_bytecode = True
import peer

try:
    import websockets
    from websockets.exceptions import ConnectionClosed
    from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
    from websockets.frames import Close
    from websockets.legacy.auth import BasicAuthWebSocketServerProtocol
    from websockets.legacy.server import serve
except ImportError as problem:
    peer.missing(f"python3-websockets is not installed ({problem})")

KNOWN_SUBPROTOCOLS = ["chat.v2", "chat.v1"]


def query_of(path):
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query, keep_blank_values=True).items()}


def deflate_as_asked(query):
    """permessage-deflate with the parameters the query names, or None: as websockets has it by default."""
    flags = {name: True for name in ("server_no_context_takeover", "client_no_context_takeover") if name in query}
    bits = {
        name: int(query[name]) for name in ("server_max_window_bits", "client_max_window_bits") if name in query
    }
    if query.get("deflate") != "on" and not flags and not bits:
        return None
    return [ServerPerMessageDeflateFactory(**flags, **bits)]


class Protocol(BasicAuthWebSocketServerProtocol):
    """Paths that are answered without a WebSocket, pings that are reported, compression as the query says."""

    bytes_on_the_wire = 0

    def data_received(self, data):
        self.bytes_on_the_wire += len(data)
        super().data_received(data)

    def process_extensions(self, headers, available_extensions):
        query = query_of(self.path)
        if not peer.wants_deflate(query):
            return None, []
        return super().process_extensions(headers, deflate_as_asked(query) or available_extensions)

    async def process_request(self, path, headers):
        where = urlsplit(path).path
        if where == "/auth":
            return await super().process_request(path, headers)
        if where == "/hang":
            await asyncio.Event().wait()
        if where.startswith("/status/"):
            status = http.HTTPStatus(int(where.rpartition("/")[2]))
            return status, [("X-Peer", "websockets")], b"nothing here\n"
        return None

    async def check_credentials(self, username, password):
        return (username, password) == ("user", "pass word")

    async def pong(self, data=b""):
        await super().pong(data)
        if urlsplit(self.path).path == "/pings":
            await self.send("ping: " + bytes(data).decode())


async def echo(ws, query):
    async for message in ws:
        await ws.send(message)


async def check(ws, query):
    tally = peer.Tally()
    async for message in ws:
        if message == "report":
            await ws.send(tally.report(ws.bytes_on_the_wire))
        elif message == "abort":
            ws.transport.abort()
        else:
            tally.take(message)


async def close(ws, query):
    if "code" in query:
        await ws.close(int(query["code"]), query.get("reason", ""))
    else:
        # ws.close() always has a code; a Close frame may be empty.
        await ws.write_close_frame(Close(1005, ""), b"")


async def close_on_message(ws, query):
    await ws.recv()
    await close(ws, query)


async def count(ws, query):
    size = int(query.get("size", 0))
    for number in range(int(query["n"])):
        text = str(number).ljust(size, ".")
        await ws.send(text.encode() if query.get("kind") == "binary" else text)


async def push_close(ws, query):
    for word in ("one", "two", "three"):
        await ws.send(word)
    await ws.close(1000, "done")


async def ping(ws, query):
    await (await ws.ping(query.get("payload", "are you there")))
    await ws.send("pong: " + query.get("payload", "are you there"))


async def subprotocol(ws, query):
    await ws.send(ws.subprotocol or "")


async def headers(ws, query):
    lines = [f"GET {ws.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in ws.request_headers.raw_items()]
    await ws.send("\r\n".join(lines) + "\r\n")


async def fragments(ws, query):
    await ws.send(["Grüße, ", "", "Jürgen", " 🙂"])
    await ws.send([b"\x00\x01", b"", b"\xff"])


async def fragmented(ws, query):
    size, step = int(query["size"]), int(query["step"])

    async def pieces(text):
        for at in range(0, size, step):
            yield text[at : at + step]
            await (await ws.ping(f"behind byte {at}"))

    for number in range(int(query["n"])):
        start = f"message {number}, "
        await ws.send(pieces((start * (size // len(start) + 1))[:size]))


async def abort(ws, query):
    ws.transport.abort()


async def abort_on_message(ws, query):
    await ws.recv()
    ws.transport.abort()


async def reset(ws, query):
    ws.transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    ws.transport.abort()


async def auth(ws, query):
    await ws.send(f"hello {ws.username}")


async def pings(ws, query):
    async for _ in ws:
        pass


BEHAVIOURS = {
    "/abort": abort,
    "/abort-on-message": abort_on_message,
    "/auth": auth,
    "/check": check,
    "/close": close,
    "/close-on-message": close_on_message,
    "/count": count,
    "/echo": echo,
    "/fragmented": fragmented,
    "/fragments": fragments,
    "/headers": headers,
    "/ping": ping,
    "/pings": pings,
    "/push-close": push_close,
    "/reset": reset,
    "/subprotocol": subprotocol,
}


async def serve_connection(ws):
    try:
        await BEHAVIOURS.get(urlsplit(ws.path).path, echo)(ws, query_of(ws.path))
        async for _ in ws:  # what is left to the client is to close
            pass
    except ConnectionClosed:
        pass
    await ws.wait_closed()
    peer.say(f"CLOSED {ws.close_code} {ws.close_reason}")


async def main():
    options = peer.arguments("A WebSocket server on Python's websockets.")
    server = await serve(
        serve_connection,
        "127.0.0.1",
        options.port,
        create_protocol=Protocol,
        ssl=peer.tls_context(options),
        subprotocols=KNOWN_SUBPROTOCOLS,
        max_size=None,
    )
    loop = asyncio.get_running_loop()
    peer.watch_input(on_close=lambda: loop.call_soon_threadsafe(server.close))
    peer.say(f"READY {server.sockets[0].getsockname()[1]}")
    await asyncio.Event().wait()


asyncio.run(main())
