#!/usr/bin/python3
# A fuzzing server in the shape of the Autobahn|Testsuite's, with a handful of cases, on Python's
# `websockets`. It prints "CASE <number> <agent> passed", or what was wrong in place of "passed", when
# a case is over, and "REPORT <agent>" when it is asked for one. Below some paths it behaves badly.
import asyncio
import http
import pathlib
import sys
from urllib.parse import parse_qs, urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
import peer

try:
    from websockets.exceptions import ConnectionClosed
    from websockets.frames import OP_BINARY, OP_CONT, OP_TEXT
    from websockets.legacy.server import WebSocketServerProtocol, serve
except ImportError as problem:
    peer.missing(f"python3-websockets is not installed ({problem})")


class Wrong(Exception):
    """What the client did that the case does not allow."""


async def expect(ws, message):
    answer = await ws.recv()
    if type(answer) is not type(message):
        raise Wrong(f"{type(message).__name__} came back as {type(answer).__name__}")
    if answer != message:
        raise Wrong(f"{len(message)} sent and {len(answer)} came back, which is not the same")


async def echoed(ws, *messages):
    for message in messages:
        await ws.send(message)
    for message in messages:
        await expect(ws, message)


async def text(ws):
    await echoed(ws, "hello", "Grüße 🙂", "\0")


async def binary(ws):
    await echoed(ws, b"hello", bytes(range(256)), b"\xff\xfe")


async def empty(ws):
    await echoed(ws, "", b"")


async def fragmented(ws):
    euro = "€uro".encode()
    await ws.write_frame(False, OP_TEXT, euro[:1])
    await ws.write_frame(False, OP_CONT, b"")
    await ws.write_frame(True, OP_CONT, euro[1:])
    await expect(ws, "€uro")
    await ws.write_frame(False, OP_BINARY, b"\x00")
    await ws.write_frame(True, OP_CONT, b"\xff")
    await expect(ws, b"\x00\xff")


async def long(ws):
    await echoed(ws, "x" * 2**20, bytes(2**20))


async def longest(ws):
    await echoed(ws, bytes(2**24))


async def many(ws):
    await echoed(ws, *(f"message {number}" for number in range(200)))


async def ping_in_between(ws):
    await ws.write_frame(False, OP_TEXT, b"be")
    await (await ws.ping(b"in between"))
    await ws.write_frame(True, OP_CONT, b"tween")
    await expect(ws, "between")


async def closed_at_once(ws):
    await ws.close(1000, "that was all")


async def invalid_utf8(ws):
    await echoed(ws, "hello")
    await ws.write_frame(True, OP_TEXT, b"\xce\xba\xed\xa0\x80edited")
    await refused(ws, 1007)


async def reserved_opcode(ws):
    ws.transport.write(b"\x85\x00")  # the library writes no such frame
    await refused(ws, 1002)


async def refused(ws, code):
    try:
        raise Wrong(f"{await ws.recv()!r} came where a Close frame was expected")
    except ConnectionClosed as closed:
        if closed.rcvd is None or closed.rcvd.code != code:
            raise Wrong(f"closed with {closed.rcvd} in place of {code}") from None


CASES = [
    text, binary, empty, fragmented, long, longest, many, ping_in_between, closed_at_once,
    invalid_utf8, reserved_opcode,
]  # fmt: skip


# A driver that fails the connection goes on at once, before the case it was in has been judged: the
# next case, and the report, wait for the verdict.
judging = asyncio.Lock()


async def run_case(ws, number, agent):
    verdict = "passed"
    try:
        await CASES[number - 1](ws)
    except Wrong as what:
        verdict = str(what)
    except ConnectionClosed as closed:
        verdict = f"the connection was closed too early: {closed}"
    # Before the driver can know that the case is over, and go on.
    peer.say(f"CASE {number} {agent} {verdict}")


async def serve_connection(ws):
    url = urlsplit(ws.path)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    if url.path == "/nonsense/getCaseCount":
        await ws.send("as many as there are")
    elif url.path == "/silent/getCaseCount":
        pass
    elif url.path.endswith("/getCaseCount"):
        await ws.send(str(len(CASES)))
    elif url.path == "/runCase":
        async with judging:
            await run_case(ws, int(query["case"]), query["agent"])
    elif url.path == "/updateReports":
        async with judging:
            peer.say(f"REPORT {query['agent']}")
    await ws.close()


class Protocol(WebSocketServerProtocol):
    """Cases that can't be run below /broken."""

    async def process_request(self, path, headers):
        if path.startswith("/broken/runCase"):
            return http.HTTPStatus.SERVICE_UNAVAILABLE, [], b"out of order\n"
        return None


async def main():
    options = peer.arguments("A fuzzing server with a handful of cases.")
    server = await serve(
        serve_connection,
        "127.0.0.1",
        options.port,
        create_protocol=Protocol,
        max_size=None,
        ping_interval=None,
    )
    peer.watch_input()
    peer.say(f"READY {server.sockets[0].getsockname()[1]}")
    await asyncio.Event().wait()


asyncio.run(main())
