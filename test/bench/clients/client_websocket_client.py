#!/usr/bin/python3
# A load client on Python's websocket-client, used as it is fastest there: the WebSocket object itself
# (WebSocketApp adds a dispatcher to every message), without locks since there is one thread.
# send_binary masks in one go; the library never gathers messages. It has no compression.
import sys
import time

sys.dont_write_bytecode = True
from bench_client import Checker, Clock, percentile_us, resident_kib, run

try:
    import websocket
except ImportError as problem:
    sys.exit(f"python3-websocket is not installed ({problem})")


def connect(task):
    tls = {"context": task.tls_context} if task.is_secure else {}
    return websocket.create_connection(task.url, enable_multithread=False, sslopt=tls, timeout=60)


def echo(connection, message):
    connection.send_binary(message)
    if connection.recv() != message:
        raise ValueError("the echo is not what was sent")


def receive(task):
    connection = connect(task)
    checker = Checker(task.size)
    clock = Clock()
    for _ in range(task.count):
        checker.check(connection.recv())
    figures = clock.figures()
    connection.close()
    return figures


def send(task):
    connection = connect(task)
    clock = Clock()
    for _ in range(task.count):
        connection.send_binary(task.message)
    if len(connection.recv()) != 4:
        raise ValueError("the sink did not say that it is done")
    figures = clock.figures()
    connection.close()
    return figures


def round_trips(task):
    connection = connect(task)
    took = []
    clock = Clock()
    for _ in range(task.count):
        begin = time.perf_counter()
        echo(connection, task.message)
        took.append(time.perf_counter() - begin)
    figures = clock.figures()
    connection.close()
    return {**figures, "p50_us": percentile_us(took, 50), "p99_us": percentile_us(took, 99)}


def connections(task):
    took, connecting = [], []
    clock = Clock()
    for _ in range(task.count):
        begin = time.perf_counter()
        connection = connect(task)
        connecting.append(time.perf_counter() - begin)
        echo(connection, task.message)
        connection.close()
        took.append(time.perf_counter() - begin)
    figures = clock.figures()
    return {**figures, "p50_us": percentile_us(took, 50), "connect_p50_us": percentile_us(connecting, 50)}


def hold(task):
    clock = Clock()
    held = [connect(task) for _ in range(task.count)]
    if task.size:
        for connection in held:
            echo(connection, task.message)
    figures = {**clock.figures(), "resident_kib": resident_kib()}
    for connection in held:
        connection.close()
    return figures


modes = {"recv": receive, "send": send, "rtt": round_trips, "connect": connections, "hold": hold}
run("websocket_client", modes)
