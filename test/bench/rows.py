# What is measured: the rows of the report, with what each of them should reach.
from dataclasses import dataclass, replace
from typing import Callable, List, Optional, Tuple

KIB = 1 << 10
MIB = 1 << 20


@dataclass(frozen=True)
class Figure:
    """What is read from a client's JSON."""

    title: str
    of: Callable[[dict], float]
    more_is_better: bool = False


RATE = Figure("messages/s", lambda told: told["count"] / told["seconds"], more_is_better=True)
CONNECTS = Figure("connections/s", RATE.of, more_is_better=True)
CPU = Figure("client CPU, µs", lambda told: told["cpu_seconds"] / told["count"] * 1e6)
P50 = Figure("p50, µs", lambda told: told["p50_us"])
P99 = Figure("p99, µs", lambda told: told["p99_us"])
CONNECT_P50 = Figure("connecting alone p50, µs", lambda told: told["connect_p50_us"])
KIB_EACH = Figure("KiB per connection", lambda told: told["kib_per_connection"])
# Of its core: who is busy all the time limits the other.
BUSY = Figure("client busy, %", lambda told: told["cpu_seconds"] / told["seconds"] * 100)
SERVER_BUSY = Figure("server busy, %", lambda told: told["server_cpu_seconds"] / told["seconds"] * 100)
SYSTEM_CALLS = Figure("system calls", lambda told: told["system_calls"])
INSTRUCTIONS = Figure("instructions", lambda told: told["instructions"])
CPU_SECONDS = Figure("CPU s", lambda told: told["cpu_seconds"])


@dataclass(frozen=True)
class Goal:
    """What one of ours should reach: at most a figure, or at least so many times the speed of another."""

    who: str  # a library's key
    at_most: Optional[float] = None
    times: Optional[float] = None
    of: str = ""  # a library's key, or "best peer"


def app(**goal) -> Goal:
    return Goal("ours_app", **goal)


def sync(**goal) -> Goal:
    return Goal("ours_sync", **goal)


def both(**goal) -> Tuple[Goal, ...]:
    return app(**goal), sync(**goal)


def receiving(**goal) -> Tuple[Goal, ...]:
    """Both, the synchronous one by recv_view and by recv."""
    return (*both(**goal), Goal("ours_recv", **goal))


@dataclass(frozen=True)
class Row:
    name: str
    group: str
    mode: str  # of the clients; "compile" is no client's
    size: int
    count: int  # messages or connections, so that ours take some 0.3 to 1 s
    figure: Figure
    target: str = ""  # path and query, with {count} where the server has to know it
    scheme: str = "ws"
    goals: Tuple[Goal, ...] = ()
    also: Tuple[Figure, ...] = ()
    one_core: bool = False
    deflates: bool = False
    most_rounds: int = 100
    in_readme: str = ""  # "figure", or "ratio" to plain sockets
    also_in_readme: Tuple[Figure, ...] = ()
    plain: str = "plain"  # which of the plain ones it is held against


def size_text(size: int) -> str:
    for unit, name in ((MIB, "MiB"), (KIB, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} B"


def of_plain(times: float, who=both) -> Tuple[Goal, ...]:
    """Of plain sockets that move message by message, and of those that move big blocks."""
    return who(times=times, of="plain_messages") + who(times=times, of="plain")


def receive(size: int, count: int, goals=(), scheme="ws", readme="", sendfile=False) -> Row:
    prefix = "wss " if scheme == "wss" else ""
    target = f"/firehose?size={size}&count={{count}}" + ("&sendfile=1" if sendfile else "")
    name, group = f"{prefix}receive {size_text(size)}", f"{prefix}receive"
    name += ", sent without copying" if sendfile else ""
    return Row(
        name, group, "recv", size, count, RATE, target, scheme, goals, also=(BUSY, SERVER_BUSY), in_readme=readme
    )


# What each message to send costs, plain sockets pay as well: a call.
def send(size: int, count: int, goals=(), scheme="ws", readme="") -> Row:
    prefix = "wss " if scheme == "wss" else ""
    target = f"/sink?size={size}&count={{count}}"
    name, group = f"{prefix}send {size_text(size)}", f"{prefix}send"
    return Row(
        name, group, "send", size, count, RATE, target, scheme, goals, also=(BUSY, SERVER_BUSY),
        in_readme=readme, plain="plain_messages",
    )  # fmt: skip


def text(kind: str, title: str, count: int, goals=(), scheme="ws", readme="figure") -> Row:
    prefix = "wss " if scheme == "wss" else ""
    target = f"/firehose?size={16 * KIB}&count={{count}}&text={kind}"
    return Row(
        f"{prefix}receive text 16 KiB {title}", "text", "recv", 16 * KIB, count, CPU, target, scheme, goals,
        also=(RATE,), in_readme=readme,
    )  # fmt: skip


def echo(name: str, scheme="ws", **more) -> Row:
    return Row(name, "echo", "rtt", 16, 20_000, P50, "/echo?size=16", scheme, also=(P99,), **more)


def connect(scheme: str, count: int) -> Row:
    return Row(
        f"{scheme} connect, exchange 16 B, close", "connect", "connect", 16, count, P50, "/echo?size=16",
        scheme, goals=(sync(times=1, of="beast_sync"),), also=(CONNECT_P50, CONNECTS), in_readme="figure",
        also_in_readme=(CONNECTS,),
    )  # fmt: skip


def hold(name: str, size: int, goals=(), query="", readme="figure", scheme="ws") -> Row:
    target = f"/echo?size={size}{query}"
    return Row(
        f"resident memory {name}", "memory", "hold", size, 1000, KIB_EACH, target, scheme, goals,
        deflates="deflate" in query, in_readme=readme, most_rounds=3,
    )  # fmt: skip


def deflate(mode: str, size: int, count: int) -> Row:
    task = "firehose" if mode == "recv" else "sink"
    verb = "receive" if mode == "recv" else "send"
    target = f"/{task}?size={size}&count={{count}}&deflate=1&text=json"
    return Row(
        f"deflate {verb} JSON {size_text(size)}", "deflate", mode, size, count, RATE, target,
        deflates=True, in_readme="figure" if size == KIB else "",
    )  # fmt: skip


def counted(mode: str, verb: str, size: int, goals: Tuple[Goal, ...]) -> Row:
    return Row(
        f"{verb} {size} B, instructions", "instructions", mode, size, 0, INSTRUCTIONS,
        goals=goals, most_rounds=1, in_readme="figure",
    )  # fmt: skip


def calls(mode: str, verb: str, task: str, goals: Tuple[Goal, ...]) -> Row:
    return Row(
        f"{verb} 125 B, system calls", "system calls", mode, 125, 0, SYSTEM_CALLS,
        f"/{task}?size=125&count={{count}}", goals=goals, most_rounds=1, in_readme="figure",
    )  # fmt: skip


PEER = "best peer"

rows: List[Row] = [
    counted("recv", "receive", 125, receiving(at_most=180)),
    counted("send", "send", 125, (app(at_most=260), sync(at_most=600))),
    counted("rtt", "echo", 16, both(at_most=2000)),
    calls("recv", "receive", "firehose", ()),
    # One, and for some five hundred messages OpenSSL's look whether the process was forked.
    calls("send", "send", "sink", (app(at_most=0.02), sync(at_most=1.01))),
    calls("rtt", "echo", "echo", (sync(at_most=2.01),)),
    receive(16, 30_000_000, receiving(times=4, of=PEER), readme="figure"),
    receive(125, 10_000_000, receiving(times=3, of=PEER), readme="figure"),
    receive(KIB, 1_500_000, receiving(times=0.85, of="plain"), readme="figure"),
    receive(16 * KIB, 100_000, of_plain(0.95, receiving), readme="ratio"),
    receive(256 * KIB, 6000, of_plain(0.95, receiving)),
    receive(MIB, 1500, of_plain(0.95, receiving), readme="ratio"),
    receive(KIB, 1_500_000, receiving(times=0.85, of="plain"), sendfile=True),
    receive(16 * KIB, 100_000, of_plain(0.95, receiving), readme="ratio", sendfile=True),
    receive(MIB, 1500, of_plain(0.95, receiving), readme="ratio", sendfile=True),
    send(16, 10_000_000),
    send(125, 5_000_000, (app(times=15, of=PEER), sync(times=0.95, of="plain_messages")), readme="figure"),
    send(KIB, 1_000_000),
    send(16 * KIB, 100_000, of_plain(0.95), readme="ratio"),
    send(256 * KIB, 6000, of_plain(0.95)),
    send(MIB, 1500, of_plain(0.95), readme="ratio"),
    hold("of an idle connection", 0, both(at_most=3)),
    hold("of a connection after a 16 KiB echo", 16 * KIB, receiving(at_most=4)),
    hold("of an idle wss connection", 0, scheme="wss"),
    hold("of a wss connection after a 16 KiB echo", 16 * KIB, scheme="wss", readme=""),
    text("utf8", "multi-byte", 30_000, both(at_most=10)),
    text("ascii", "ASCII", 60_000, both(at_most=3.5)),
    text("utf8", "multi-byte", 30_000, scheme="wss", readme=""),
    text("ascii", "ASCII", 30_000, scheme="wss", readme=""),
    receive(16, 20_000_000, scheme="wss"),
    receive(125, 4_000_000, receiving(times=1.3, of=PEER), "wss", readme="figure"),
    receive(KIB, 1_000_000, scheme="wss"),
    receive(16 * KIB, 60_000, of_plain(0.9, receiving), "wss", readme="ratio"),
    receive(MIB, 1000, of_plain(0.9, receiving), "wss", readme="ratio"),
    send(125, 4_000_000, (app(times=8, of=PEER),), "wss", readme="figure"),
    send(KIB, 700_000, scheme="wss"),
    send(16 * KIB, 60_000, of_plain(0.9), "wss", readme="ratio"),
    send(MIB, 1000, of_plain(0.9), "wss", readme="ratio"),
    echo("echo 16 B", in_readme="figure"),
    echo("wss echo 16 B", "wss", in_readme="figure"),
    echo("echo 16 B, both ends on one core", one_core=True, goals=both(at_most=18), in_readme="figure"),
    echo("wss echo 16 B, both ends on one core", "wss", one_core=True),
    connect("ws", 2000),
    connect("wss", 500),
    deflate("recv", KIB, 100_000),
    deflate("recv", 16 * KIB, 10_000),
    deflate("send", KIB, 20_000),
    deflate("send", 16 * KIB, 2000),
    hold("after a compressed 1 KiB echo", KIB, query="&deflate=1", readme=""),
    hold("after a compressed 16 KiB echo", 16 * KIB, query="&deflate=1"),
    Row(
        "compile a minimal user file", "compile", "compile", 0, 1, CPU_SECONDS,
        goals=both(at_most=1.0), most_rounds=2, in_readme="figure",
    ),
]  # fmt: skip


def smaller(row: Row, divisor: int) -> Row:
    """The same with fewer messages; how many connections are held is part of what is measured."""
    if row.mode == "hold" or row.count < 2:
        return row
    return replace(row, count=max(row.count // divisor, 1))
