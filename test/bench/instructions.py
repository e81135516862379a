#!/usr/bin/env python3
# How many instructions a message costs each C++ client, by valgrind's callgrind: the difference of two
# runs with different counts, so that starting, connecting and closing do not show. All threads count; the
# load server, a process of its own, does not.
#
#   instructions.py BUILD_DIR [--json]
import argparse
import json
import pathlib
import re
import shutil
import sys
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

sys.dont_write_bytecode = True
from libraries import Library, command_of, libraries, why_absent
from running import ClientFailed, LoadServer, ServerDied, run_watched

CALLGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
TIMEOUT = 300  # seconds: it is some 50 times as slow
COLLECTED = re.compile(r"Collected\s*:\s*(\d+)")


@dataclass(frozen=True)
class Counted:
    mode: str
    size: int
    counts: Sequence[int]
    target: str  # with the count where the server has to know it

    @property
    def name(self) -> str:
        return f"{self.mode} {self.size} B"


counted = [
    Counted("recv", 125, (10_000, 60_000), "/firehose?size=125&count={count}"),
    Counted("send", 125, (10_000, 60_000), "/sink?size=125&count={count}"),
    Counted("rtt", 16, (1_000, 6_000), "/echo?size=16"),
]
by_mode = {what.mode: what for what in counted}


def have_valgrind() -> bool:
    return shutil.which("valgrind") is not None


def collected(
    server: LoadServer, command: List[str], what: Counted, count: int, more: Dict[str, str]
) -> int:
    # `meson test` sets it, and filling memory takes instructions.
    environment = {"MALLOC_PERTURB_": "0", **more}
    outcome = run_watched(server, CALLGRIND, command, what, count, TIMEOUT, environment)
    found = COLLECTED.search(outcome.errors)
    if not found:
        raise ClientFailed("callgrind did not say how many instructions it counted")
    return int(found.group(1))


def instructions_per_message(
    server: LoadServer, command: List[str], what: Counted, environment: Optional[Dict[str, str]] = None
) -> float:
    few, many = (collected(server, command, what, count, environment or {}) for count in what.counts)
    return (many - few) / (what.counts[1] - what.counts[0])


def is_countable(library: Library) -> bool:
    """A C++ client that is no plain socket; an interpreter's instructions are another matter."""
    return "." not in library.program and library.kind != "plain"


def measure(server: LoadServer, library: Library, build: pathlib.Path) -> Dict[str, Optional[float]]:
    """None where it failed, which is told."""
    result: Dict[str, Optional[float]] = {}
    for what in counted:
        if what.mode not in library.modes:
            continue
        try:
            command = command_of(library, build)
            result[what.name] = instructions_per_message(server, command, what, library.environment)
        except ClientFailed as problem:
            server.check()
            print(f"{library.key} {what.name} failed: {problem}", file=sys.stderr)
            result[what.name] = None
    return result


def cell(result: Dict[str, Optional[float]], name: str) -> str:
    if name not in result:
        return "–"
    return "failed" if result[name] is None else f"{result[name]:,.0f}"


def table(results: Dict[str, Dict[str, Optional[float]]]) -> str:
    names = [what.name for what in counted]
    lines = ["| instructions per message | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for key, result in results.items():
        cells = (cell(result, name) for name in names)
        lines.append(f"| {key} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Instructions per message of each C++ client.")
    parser.add_argument("build", type=pathlib.Path, help="a build directory with -Dbenchmarks=true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not have_valgrind():
        sys.exit("valgrind is not installed.")
    countable = filter(is_countable, libraries)
    present = [library for library in countable if not why_absent(library, options.build)]
    try:
        with LoadServer([str(options.build / "test" / "bench" / "load_server")]) as server:
            results = {library.key: measure(server, library, options.build) for library in present}
    except ServerDied as problem:
        sys.exit(str(problem))
    print(json.dumps(results) if options.json else table(results))
    sys.exit(any(figure is None for result in results.values() for figure in result.values()))


if __name__ == "__main__":
    main()
