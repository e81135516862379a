#!/usr/bin/python3
# An echo server on Python's `websockets` that writes down what it got. A message is "<number> <words>", and each
# connection's numbers follow one another. Each is echoed, every fourth one in two fragments; "<number> bye" is answered
# with a Close frame. When a connection has ended it prints "GOT <attempt> <messages> <first number>", with the attempt
# that the request's X-Attempt names; and "WRONG <attempt> <what>" before it where the numbers have a gap.
import asyncio
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
import peer

try:
    from websockets.exceptions import ConnectionClosed
    from websockets.legacy.server import serve
except ImportError as problem:
    peer.missing(f"python3-websockets is not installed ({problem})")


def parts(message):
    number, _, words = (message.encode() if isinstance(message, str) else message).partition(b" ")
    return int(number), words


async def answer(ws, message, number, words):
    if words == b"bye":
        await ws.close(1000, "bye")
    elif number % 4 == 3:
        await ws.send([message[:2], message[2:]])
    else:
        await ws.send(message)


async def record(ws):
    attempt = ws.request_headers.get("X-Attempt", "?")
    got = first = 0
    while True:
        try:
            message = await ws.recv()  # also what was received before the connection ended
        except ConnectionClosed:
            break
        number, words = parts(message)
        if got == 0:
            first = number
        if number != first + got:
            peer.say(f"WRONG {attempt} message {number} where {first + got} was due")
        got += 1
        try:
            await answer(ws, message, number, words)
        except ConnectionClosed:
            pass
    peer.say(f"GOT {attempt} {got} {first}")


async def main():
    options = peer.arguments("An echo server on Python's websockets that writes down what it got.")
    server = await serve(
        record,
        "127.0.0.1",
        options.port,
        ssl=peer.tls_context(options),
        ping_interval=None,
        max_size=None,
        max_queue=None,
        backlog=4096,
    )
    peer.watch_input()
    peer.say(f"READY {server.sockets[0].getsockname()[1]}")
    await asyncio.Event().wait()


asyncio.run(main())
