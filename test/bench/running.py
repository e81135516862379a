# Starts the load server and the clients: each on a core of its own where the system lets us, each with
# an end in time, and nothing of them outlives us.
import contextlib
import ctypes
import json
import math
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

PR_SET_PDEATHSIG = 1
LARGEST_FILE = 64 << 20


class ClientFailed(Exception):
    """What a client did wrong, in a sentence."""


class ServerDied(Exception):
    """The load server is gone, or did not come: nothing can be measured any more."""


@dataclass(frozen=True)
class Place:
    """Where a process runs: on that core alone, or anywhere; and before all others, or like them."""

    core: Optional[int] = None
    realtime: bool = False

    def take(self) -> None:
        if self.core is not None:
            os.sched_setaffinity(0, {self.core})
        if self.realtime:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))


def can_take(place: Place) -> bool:
    try:
        return subprocess.run(["true"], preexec_fn=place.take, timeout=10, check=False).returncode == 0
    except (AttributeError, OSError, subprocess.SubprocessError):
        return False


def two_cores() -> Optional[Tuple[int, int]]:
    """Two cores to pin to; None where that cannot be done."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))[:2]
    return (cores[0], cores[1]) if len(cores) == 2 and can_take(Place(cores[1])) else None


def start(command: Sequence[str], place: Place, **options) -> subprocess.Popen:
    def prepare():
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
        place.take()

    return subprocess.Popen(command, preexec_fn=prepare, start_new_session=True, **options)


def kill(process: subprocess.Popen) -> None:
    """The process and what it may have started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def allow_many_descriptors() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class LoadServer:
    """The load server, until `with` ends."""

    def __init__(self, program: Sequence[str], place: Place = Place()):
        self._errors = tempfile.TemporaryFile()
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        try:
            self._process = start(program, place, **pipes)
        except OSError as problem:
            raise ServerDied(f"the load server does not start: {problem}") from None
        try:
            self.ports, self.authority = self._where_it_listens(timeout=20)
        except BaseException:
            self.stop()
            raise

    def _where_it_listens(self, timeout: float) -> Tuple[Dict[str, int], str]:
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            line = self._process.stdout.readline() if selector.select(timeout) else b""
        try:
            told = json.loads(line)
            return {"ws": int(told["ws"]), "wss": int(told["wss"])}, str(told["ca"])
        except (ValueError, KeyError, TypeError):
            words = f"the load server did not say where it listens, but {line!r}. {self._said()}"
            raise ServerDied(words.strip()) from None

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()[-500:]

    def url(self, scheme: str, target: str) -> str:
        return f"{scheme}://127.0.0.1:{self.ports[scheme]}{target}"

    def cpu_seconds(self) -> float:
        """What it has used so far."""
        with open(f"/proc/{self._process.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def check(self) -> None:
        status = self._process.poll()
        if status is not None:
            raise ServerDied(f"the load server ended by itself with status {status}. {self._said()}".strip())

    def stop(self) -> None:
        """It ends when its input does."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        finally:
            kill(self._process)
            self._process.stdout.close()
            self._errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.stop()


@dataclass(frozen=True)
class Outcome:
    output: str
    errors: str


def run_to_end(
    command: Sequence[str],
    timeout: float,
    place: Place = Place(),
    environment: Optional[Dict[str, str]] = None,
) -> Outcome:
    """Runs a program, which has to succeed within that many seconds. Its output goes to files of limited
    size: no pipe that it leaves open can keep us, and no flood of it can fill memory or disk."""
    name = os.path.basename(command[0])
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": errors}
        try:
            process = start(command, place, env={**os.environ, **(environment or {})}, **pipes)
        except OSError as problem:
            raise ClientFailed(f"{name} does not start: {problem}") from None
        try:
            status = process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise ClientFailed(f"not over after {timeout:g} s") from None
        finally:
            kill(process)
        said = [_text_of(file) for file in (output, errors)]
    if status < 0:
        name = signal.Signals(-status).name
        raise ClientFailed(f"ended by signal {-status} ({name}). {_last_line(said[1])}".strip())
    if status > 0:
        raise ClientFailed(_last_line(said[1]) or f"status {status}, without a word")
    return Outcome(*said)


def _text_of(file) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _last_line(text: str) -> str:
    """What was said last; valgrind's own lines begin like ==123==."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("==")]
    return lines[-1][:300] if lines else ""


def figures_in(output: str, mode: str, count: int) -> dict:
    """What a client printed, if that is what it should print."""
    try:
        figures = json.loads(output)
        seconds = float(figures["seconds"])
        right = figures["mode"] == mode and figures["count"] == count
        right = right and math.isfinite(seconds) and seconds > 0
    except (ValueError, KeyError, TypeError):
        right = False
    if not right:
        raise ClientFailed(f"printed no figures of this run, but {output[:100]!r}")
    return figures


def arguments_of(mode: str, url: str, size: int, count: int) -> List[str]:
    return [mode, url, str(size), str(count)]


def run_watched(
    server: LoadServer, watcher: Sequence[str], command: Sequence[str], what, count: int,
    timeout: float, environment: Dict[str, str],
) -> Outcome:  # fmt: skip
    """A client's run as another program, valgrind say, watches it. `what` tells the mode, the size and the
    target, where the count goes."""
    url = server.url("ws", what.target.format(count=count))
    arguments = arguments_of(what.mode, url, what.size, count)
    given = {"BENCH_CA": server.authority, "BENCH_DEADLINE": str(timeout), **environment}
    outcome = run_to_end([*watcher, *command, *arguments], timeout, environment=given)
    figures_in(outcome.output, what.mode, count)
    return outcome
