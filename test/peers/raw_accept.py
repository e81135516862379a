#!/usr/bin/python3
# A server made of a bare socket that answers each key with the accept value RFC 6455 1.3 gives as an
# example: wrong for every key but the RFC's own. Clients that look at the value refuse it.
import socket
import sys
import threading

sys.dont_write_bytecode = True
import peer

ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    b"\r\n"
)
GREETING = b"\x81\x05hello"


def serve(connection):
    with connection:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                return
            head += byte
        try:
            connection.sendall(ANSWER + GREETING)
            sent = b""
            while more := connection.recv(4096):
                sent += more
        except ConnectionError:
            pass
        # What a client that fails the connection has to say after the handshake: nothing.
        peer.say(f"ENDED {len(sent)}")


def main():
    options = peer.arguments("A server with a constant Sec-WebSocket-Accept.")
    with socket.create_server(("127.0.0.1", options.port)) as listener:
        peer.watch_input()
        peer.say(f"READY {listener.getsockname()[1]}")
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
