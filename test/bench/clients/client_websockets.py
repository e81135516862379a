#!/usr/bin/python3
# A load client on Python's websockets, with its asyncio API: `async for`, and `await send()`, which waits
# only where the transport's buffer is full. Masking is done by the C extension that comes with it.
# Pings are off, so that no timer runs; one TLS context serves all connections.
import asyncio
import itertools
import sys
import time

sys.dont_write_bytecode = True
from bench_client import Checker, Clock, percentile_us, resident_kib, run

try:
    import websockets
except ImportError as problem:
    sys.exit(f"python3-websockets is not installed ({problem})")


GREATEST_MESSAGE = 64 << 20


def connect(task, url=None):
    return websockets.connect(
        url or task.url,
        ssl=task.tls_context,
        compression="deflate" if task.wants_deflate else None,
        max_size=GREATEST_MESSAGE,
        ping_interval=None,
    )


async def content(task):
    """What is sent: one message again and again, or where it is compressed the server's JSON."""
    if not task.wants_deflate:
        return [task.message]
    async with connect(task, task.json_url(64)) as connection:
        return [(await connection.recv()).encode() for _ in range(64)]


async def echo(connection, message):
    await connection.send(message)
    if await connection.recv() != message:
        raise ValueError("the echo is not what was sent")


async def receive(task):
    async with connect(task) as connection:
        checker = Checker(task.size)
        left = task.count
        clock = Clock()
        async for message in connection:
            checker.check(message)
            left -= 1
            if left == 0:
                return clock.figures()
        raise ValueError(f"the connection ended with {left} messages missing")


async def send(task):
    messages = itertools.cycle(await content(task))
    async with connect(task) as connection:
        clock = Clock()
        for message in itertools.islice(messages, task.count):
            await connection.send(message)
        if len(await connection.recv()) != 4:
            raise ValueError("the sink did not say that it is done")
        return clock.figures()


async def round_trips(task):
    message = (await content(task))[0]
    async with connect(task) as connection:
        took = []
        clock = Clock()
        for _ in range(task.count):
            begin = time.perf_counter()
            await echo(connection, message)
            took.append(time.perf_counter() - begin)
        figures = clock.figures()
    return {**figures, "p50_us": percentile_us(took, 50), "p99_us": percentile_us(took, 99)}


async def connections(task):
    message = (await content(task))[0]
    took, connecting = [], []
    clock = Clock()
    for _ in range(task.count):
        begin = time.perf_counter()
        async with connect(task) as connection:
            connecting.append(time.perf_counter() - begin)
            await echo(connection, message)
        took.append(time.perf_counter() - begin)
    figures = clock.figures()
    return {**figures, "p50_us": percentile_us(took, 50), "connect_p50_us": percentile_us(connecting, 50)}


async def hold(task):
    message = (await content(task))[0] if task.size else None
    clock = Clock()
    held = [await connect(task) for _ in range(task.count)]
    if message:
        for connection in held:
            await echo(connection, message)
    figures = {**clock.figures(), "resident_kib": resident_kib()}
    await asyncio.gather(*(connection.close() for connection in held))
    return figures


def awaited(function):
    return lambda task: asyncio.run(function(task))


modes = {"recv": receive, "send": send, "rtt": round_trips, "connect": connections, "hold": hold}
run("websockets", {mode: awaited(function) for mode, function in modes.items()})
