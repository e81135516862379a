#!/usr/bin/python3
# A WebSocket server on Tornado's WebSocketHandler; what it does is chosen by the URL's path.
import asyncio
import socket
import struct
import sys

sys.dont_write_bytecode = True
import peer

try:
    import tornado.httpserver
    import tornado.netutil
    import tornado.web
    import tornado.websocket
except ImportError as problem:
    peer.missing(f"python3-tornado is not installed ({problem})")

KNOWN_SUBPROTOCOLS = ["chat.v2", "chat.v1"]
OPEN = set()


class Handler(tornado.websocket.WebSocketHandler):
    """A connection that does nothing by itself."""

    def get_compression_options(self):
        query = {name: values[0].decode() for name, values in self.request.query_arguments.items()}
        return {} if peer.wants_deflate(query) else None

    def open(self, *ignored):
        OPEN.add(self)
        self.begin()

    def begin(self):
        pass

    def on_message(self, message):
        pass

    def on_close(self):
        OPEN.discard(self)
        # None where websockets and ws tell 1005 from 1006.
        peer.say(f"CLOSED {self.close_code} {self.close_reason or ''}")

    @property
    def socket(self):
        return self.ws_connection.stream.socket


class Echo(Handler):
    def on_message(self, message):
        self.write_message(message, binary=isinstance(message, bytes))


class Check(Handler):
    def begin(self):
        self.tally = peer.Tally()

    def on_message(self, message):
        if message == "report":
            # Tornado keeps count of it, and has no public way to ask.
            self.write_message(self.tally.report(self.ws_connection._wire_bytes_in))
        elif message == "abort":
            self.ws_connection.stream.close()
        else:
            self.tally.take(message)


class Close(Handler):
    def begin(self):
        code = self.get_query_argument("code", None)
        if code is None:
            self.close()
        else:
            self.close(int(code), self.get_query_argument("reason", ""))


class CloseOnMessage(Close):
    def begin(self):
        pass

    def on_message(self, message):
        super().begin()


class Count(Handler):
    async def send_all(self):
        size = int(self.get_query_argument("size", "0"))
        binary = self.get_query_argument("kind", "text") == "binary"
        for number in range(int(self.get_query_argument("n"))):
            await self.write_message(str(number).ljust(size, "."), binary)

    def begin(self):
        self.sending = asyncio.ensure_future(self.send_all())


class PushClose(Handler):
    def begin(self):
        for word in ("one", "two", "three"):
            self.write_message(word)
        self.close(1000, "done")


class Ping(Handler):
    def begin(self):
        self.ping(self.get_query_argument("payload", "are you there"))

    def on_pong(self, data):
        self.write_message("pong: " + data.decode())


class Pings(Handler):
    def on_ping(self, data):
        self.write_message("ping: " + data.decode())

    def on_pong(self, data):
        self.write_message("pong: " + data.decode())


class Subprotocol(Handler):
    def select_subprotocol(self, offered):
        return next((known for known in KNOWN_SUBPROTOCOLS if known in offered), None)

    def begin(self):
        self.write_message(self.selected_subprotocol or "")


class Headers(Handler):
    def check_origin(self, origin):
        return True  # elsewhere Tornado's own check stays: the origin must be the host

    def begin(self):
        lines = [f"{self.request.method} {self.request.uri} {self.request.version}"]
        lines += [f"{name}: {value}" for name, value in self.request.headers.get_all()]
        self.write_message("\r\n".join(lines) + "\r\n")


class Abort(Handler):
    def begin(self):
        self.ws_connection.stream.close()


class AbortOnMessage(Handler):
    def on_message(self, message):
        self.ws_connection.stream.close()


class Reset(Handler):
    def begin(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.ws_connection.stream.close()


class Status(tornado.web.RequestHandler):
    def get(self, status):
        self.set_status(int(status))
        self.set_header("X-Peer", "tornado")
        self.write("nothing here\n")


class Hang(tornado.web.RequestHandler):
    async def get(self):
        await asyncio.Event().wait()


ROUTES = [
    (r"/abort", Abort),
    (r"/abort-on-message", AbortOnMessage),
    (r"/check", Check),
    (r"/close", Close),
    (r"/close-on-message", CloseOnMessage),
    (r"/count", Count),
    (r"/hang", Hang),
    (r"/headers", Headers),
    (r"/ping", Ping),
    (r"/pings", Pings),
    (r"/push-close", PushClose),
    (r"/reset", Reset),
    (r"/status/(\d+)", Status),
    (r"/subprotocol", Subprotocol),
    (r"/.*", Echo),
]


def close_all():
    for connection in list(OPEN):
        connection.close(1001, "server shutting down")


async def main():
    options = peer.arguments("A WebSocket server on Tornado.")
    application = tornado.web.Application(
        ROUTES, websocket_max_message_size=1 << 30, log_function=lambda handler: None
    )
    server = tornado.httpserver.HTTPServer(application, ssl_options=peer.tls_context(options))
    listeners = tornado.netutil.bind_sockets(options.port, "127.0.0.1")
    server.add_sockets(listeners)
    loop = asyncio.get_running_loop()
    peer.watch_input(on_close=lambda: loop.call_soon_threadsafe(close_all))
    peer.say(f"READY {listeners[0].getsockname()[1]}")
    await asyncio.Event().wait()


asyncio.run(main())
