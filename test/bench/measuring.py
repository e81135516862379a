# Runs rows x libraries x rounds, interleaved: what changes on the machine meanwhile changes it for all.
import pathlib
import statistics
import sys
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

import compiling
import instructions
import system_calls
from libraries import Library, command_of
from rows import Figure, Row
from running import (
    ClientFailed, LoadServer, Place, ServerDied, arguments_of, can_take, figures_in, run_to_end, two_cores,
)  # fmt: skip

# What clients tell in these modes besides the seconds.
NEEDED = {
    "recv": ("cpu_seconds",),
    "send": ("cpu_seconds",),
    "rtt": ("p50_us", "p99_us"),
    "connect": ("p50_us", "connect_p50_us"),
    "hold": ("resident_kib",),
}
HELD_FEW = 100
# What is counted, not clocked: by whom.
COUNTING = {"instructions": instructions, "system calls": system_calls}
# What a library's first, short run takes at least, so that it tells how fast it is.
TRIAL_SECONDS = 0.02


@dataclass(frozen=True)
class Summary:
    median: float
    least: float
    most: float

    @property
    def spread(self) -> float:
        """Half of what lies between the extremes, relative to the median."""
        return (self.most - self.least) / 2 / self.median if self.median else 0.0


@dataclass
class Results:
    """What was told, by row's name and library's key; and who failed, with what sentence."""

    told: Dict[Tuple[str, str], List[dict]] = field(default_factory=dict)
    failures: Dict[Tuple[str, str], str] = field(default_factory=dict)
    ended_early: str = ""

    def add(self, row: Row, library: Library, told: dict) -> None:
        self.told.setdefault((row.name, library.key), []).append(told)

    def has_failed(self, row: Row, key: str) -> bool:
        return (row.name, key) in self.failures

    def summary(self, row: Row, figure: Figure, key: str) -> Optional[Summary]:
        """None where there is none: it failed, or has no such mode."""
        told = self.told.get((row.name, key), [])
        if not told or self.has_failed(row, key):
            return None
        values = [figure.of(each) for each in told]
        return Summary(statistics.median(values), min(values), max(values))


class Bench:
    """The load servers, and where everybody runs."""

    def __init__(self, build: pathlib.Path, timeout: float, most_seconds: float):
        self._build = build
        self._timeout = timeout
        self._most_seconds = most_seconds
        self._servers: Dict[bool, LoadServer] = {}
        cores = two_cores()
        self._apart = (Place(cores[0]), Place(cores[1])) if cores else (Place(), Place())
        self._together = self._apart[1]
        if cores and can_take(Place(cores[1], realtime=True)):
            self._together = Place(cores[1], realtime=True)
        self._counts: Dict[Tuple[str, str], int] = {}

    def places_in_words(self) -> str:
        server, client = self._apart
        if server.core is None:
            why = "the system does not let us, or has but one"
            return f'Nobody was pinned to a core ({why}), so "both ends on one core" is not sure.'
        fifo = "with" if self._together.realtime else "without (the system does not permit it)"
        return (
            f"The server ran on core {server.core}, clients on core {client.core}; "
            f'"both ends on one core" means core {self._together.core}, {fifo} SCHED_FIFO.'
        )

    def server(self, one_core: bool) -> LoadServer:
        if one_core not in self._servers:
            program = [str(self._build / "test" / "bench" / "load_server")]
            self._servers[one_core] = LoadServer(program, self._places(one_core)[0])
        return self._servers[one_core]

    def _places(self, one_core: bool) -> Tuple[Place, Place]:
        return (self._together, self._together) if one_core else self._apart

    def can(self, row: Row, library: Library) -> bool:
        """Whether the library has a part in the row."""
        if row.group == "compile":
            return library.key in compiling.programs
        if row.group in COUNTING and not COUNTING[row.group].is_countable(library):
            return False
        return row.mode in library.modes and (library.deflates or not row.deflates)

    def measure(self, row: Row, library: Library) -> dict:
        if row.group == "compile":
            return compiling.compile_once(library.key, timeout=300)
        if row.group == "instructions":
            command = command_of(library, self._build)
            what = instructions.by_mode[row.mode]
            server = self.server(False)
            figure = instructions.instructions_per_message(server, command, what, library.environment)
            return {"instructions": figure}
        if row.group == "system calls":
            command = command_of(library, self._build)
            return {"system_calls": system_calls.per_message(self.server(False), command, row, library)}
        if row.mode == "hold":
            few, many = (self._run(row, library, count) for count in (HELD_FEW, row.count))
            difference = many["resident_kib"] - few["resident_kib"]
            return {"kib_per_connection": difference / (row.count - HELD_FEW)}
        return self._run(row, library, self._count(row, library))

    def _run(self, row: Row, library: Library, count: int) -> dict:
        server = self.server(row.one_core)
        url = server.url(row.scheme, row.target.format(count=count))
        command = [*command_of(library, self._build), *arguments_of(row.mode, url, row.size, count)]
        environment = {**library.environment, "BENCH_CA": server.authority}
        place = self._places(row.one_core)[1]
        before = server.cpu_seconds()
        outcome = run_to_end(command, self._timeout, place, environment)
        told = figures_in(outcome.output, row.mode, count)
        told["server_cpu_seconds"] = server.cpu_seconds() - before
        for name in NEEDED.get(row.mode, ()):
            if not isinstance(told.get(name), (int, float)):
                raise ClientFailed(f"printed no {name}")
        return told

    def _count(self, row: Row, library: Library) -> int:
        """The row's count, or fewer for a slow library: what it gets done in the time it has."""
        key = (row.name, library.key)
        if key not in self._counts:
            self._counts[key] = self._try(row, library)
        return self._counts[key]

    def _try(self, row: Row, library: Library) -> int:
        count = max(row.count // 1000, 1)
        while count < row.count:
            seconds = self._run(row, library, count)["seconds"]
            if seconds >= TRIAL_SECONDS:
                return max(1, min(row.count, round(count * self._most_seconds / seconds)))
            count *= 10
        return row.count

    def check_servers(self) -> None:
        for server in self._servers.values():
            server.check()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        for server in self._servers.values():
            server.stop()


def rotated(items: list, by: int) -> list:
    by %= max(len(items), 1)
    return items[by:] + items[:by]


def measure_all(bench: Bench, rows: List[Row], libraries: List[Library], rounds: int) -> Results:
    results = Results()
    try:
        for number in range(rounds):
            for row in (row for row in rows if number < row.most_rounds):
                say(f"round {number + 1} of {rounds}: {row.name}")
                measure_row(bench, row, rotated(libraries, number), results)
    except ServerDied as problem:
        results.ended_early = str(problem)
    return results


def measure_row(bench: Bench, row: Row, libraries: List[Library], results: Results) -> None:
    for library in libraries:
        if not bench.can(row, library) or results.has_failed(row, library.key):
            continue
        try:
            results.add(row, library, bench.measure(row, library))
        except ClientFailed as problem:
            results.failures[row.name, library.key] = str(problem)
            say(f"  {library.title} failed: {problem}")
            bench.check_servers()


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
