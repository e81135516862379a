# Who is compared: every client is a program called `MODE URL SIZE COUNT` that prints one line of JSON.
import os
import pathlib
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Tuple

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent

ALL_MODES = ("recv", "send", "rtt", "connect", "hold")


@dataclass(frozen=True)
class Library:
    key: str
    title: str
    kind: str  # "ours", "peer" or "plain"
    program: str  # in the build's test/bench, or a script in clients/
    version: Callable[[], str] = lambda: ""
    environment: Dict[str, str] = field(default_factory=dict)
    modes: Tuple[str, ...] = ALL_MODES
    deflates: bool = True


def system_python() -> str:
    """The distribution's interpreter has the distribution's modules; another one in PATH has not."""
    return "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable


def output_of(*command: str) -> str:
    """"" where it does not work."""
    try:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        return subprocess.run(command, text=True, timeout=30, check=True, **pipes).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def package(name: str) -> Callable[[], str]:
    """The upstream version of Debian's package: 0.8.2 of 0.8.2-4."""
    return lambda: output_of("dpkg-query", "-W", "-f", "${Version}", name).rsplit("-", 1)[0]


def python_module(module: str) -> Callable[[], str]:
    words = f"import {module}; print(getattr({module}, '__version__', 'of some version'))"
    return lambda: output_of(system_python(), "-c", words)


def node_module(name: str) -> Callable[[], str]:
    words = f"process.env.WEBSOCKETAPP_NODE_PEERS + '/node_modules/{name}/package.json'"
    return lambda: output_of("node", "-p", f"require({words}).version")


boost = package("libboost-dev")

libraries = [
    Library("ours_app", "WebSocketApp", "ours", "client_ours_app"),
    Library("ours_sync", "WebSocket", "ours", "client_ours_sync"),
    Library(
        "ours_recv", "WebSocket, by recv", "ours", "client_ours_sync",
        environment={"OURS_BY_RECV": "1"}, modes=("recv", "rtt", "hold"),
    ),
    Library("beast_sync", "Beast sync", "peer", "client_beast_sync", boost),
    Library("beast_async", "Beast async", "peer", "client_beast_async", boost),
    Library("websocketpp", "websocketpp", "peer", "client_websocketpp", package("libwebsocketpp-dev")),
    Library("lws", "libwebsockets", "peer", "client_lws", package("libwebsockets-dev")),
    Library(
        "websocket_client", "Python websocket-client", "peer", "client_websocket_client.py",
        python_module("websocket"), deflates=False,
    ),
    Library(
        "websockets", "Python websockets", "peer", "client_websockets.py",
        python_module("websockets"),
    ),
    Library("node_ws", "Node ws", "peer", "client_node_ws.mjs", node_module("ws")),
    Library(
        "plain", "plain sockets", "plain", "client_plain",
        modes=("recv", "send", "rtt", "connect"), deflates=False,
    ),
    Library(
        "plain_messages", "plain, message by message", "plain", "client_plain",
        environment={"PLAIN_MESSAGE_BY_MESSAGE": "1"}, modes=("recv", "send"), deflates=False,
    ),
    Library(
        "plain_masked", "plain, masked", "plain", "client_plain",
        environment={"PLAIN_MASKED": "1"}, modes=("send",), deflates=False,
    ),
]  # fmt: skip
by_key = {library.key: library for library in libraries}


def command_of(library: Library, build: pathlib.Path) -> List[str]:
    if library.program.endswith(".py"):
        return [system_python(), str(here / "clients" / library.program)]
    if library.program.endswith(".mjs"):
        return ["node", str(here / "clients" / library.program)]
    return [str(build / "test" / "bench" / library.program)]


def why_absent(library: Library, build: pathlib.Path) -> str:
    """"" when it can be run."""
    if library.program.endswith((".py", ".mjs")):
        return "" if library.version() else "the module is not installed"
    return "" if shutil.which(command_of(library, build)[0]) else "not built"
