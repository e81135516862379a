# How many system calls a message costs a client, by strace: the difference of two runs with different
# counts. Being watched makes each call slow, so that a program which puts messages together while one is
# under way makes somewhat fewer of them here than otherwise.
import re
import shutil
import tempfile
from typing import Callable, List

from libraries import Library
from running import ClientFailed, LoadServer, run_to_end, run_watched

TIMEOUT = 120
COUNTS = (20_000, 120_000)
TOTAL = re.compile(r"^\s*100\.00\s+\S+\s+\S+\s+(\d+)\b.*\btotal$", re.MULTILINE)


def calls_of(run: Callable[[List[str]], object]) -> int:
    """How many calls were counted while that ran behind strace."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as summary:
        run(["strace", "-f", "-c", "-o", summary.name])
        found = TOTAL.search(summary.read())
    if not found:
        raise ClientFailed("strace did not say how many calls it counted")
    return int(found.group(1))


def have_strace() -> bool:
    """Also whether the system lets it watch."""
    if not shutil.which("strace"):
        return False
    try:
        return calls_of(lambda strace: run_to_end([*strace, "true"], 20)) > 0
    except ClientFailed:
        return False


def is_countable(library: Library) -> bool:
    """A program of C++: an interpreter makes calls of its own."""
    return "." not in library.program


def counted(server: LoadServer, command: List[str], row, library: Library, count: int) -> int:
    return calls_of(
        lambda strace: run_watched(server, strace, command, row, count, TIMEOUT, library.environment)
    )


def per_message(server: LoadServer, command: List[str], row, library: Library) -> float:
    few, many = (counted(server, command, row, library, count) for count in COUNTS)
    return (many - few) / (COUNTS[1] - COUNTS[0])
