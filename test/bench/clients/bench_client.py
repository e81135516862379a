# What the Python clients share: the command line, the clock, what they find out, and how they tell it.
#
#   client_X.py recv|send|rtt|connect|hold URL SIZE COUNT
#
# ends with one line of JSON and status 0, or with a sentence about what went wrong and status 1. BENCH_CA
# names the authority of a wss server.
import functools
import json
import os
import ssl
import sys
import time
from urllib.parse import parse_qs, urlsplit


class Task:
    """What the command line asks for."""

    def __init__(self, arguments):
        if len(arguments) != 4:
            sys.exit("how to call it: recv|send|rtt|connect|hold URL SIZE COUNT")
        self.mode, self.url = arguments[:2]
        self.size, self.count = int(arguments[2]), int(arguments[3])
        url = urlsplit(self.url)
        self.query = parse_qs(url.query)
        self.is_secure = url.scheme == "wss"
        self.message = b"x" * self.size  # what the server's echo has ready

    @property
    def wants_deflate(self):
        return self.query.get("deflate") == ["1"]

    def json_url(self, count):
        """Where the server has the JSON that compressed messages are made of."""
        url = urlsplit(self.url)
        return f"{url.scheme}://{url.netloc}/firehose?size={self.size}&count={count}&text=json"

    @functools.cached_property
    def tls_context(self):
        if not self.is_secure:
            return None
        authority = os.environ.get("BENCH_CA") or sys.exit("BENCH_CA does not name the server's authority")
        return ssl.create_default_context(cafile=authority)


class Clock:
    """Measures from here until it is asked."""

    def __init__(self):
        self._cpu = time.process_time()
        self._begin = time.perf_counter()

    def figures(self):
        return {
            "seconds": time.perf_counter() - self._begin,
            "cpu_seconds": time.process_time() - self._cpu,
        }


class Checker:
    """Whether received messages are as long as they should be, without encoding each text again."""

    def __init__(self, size):
        self._size = size
        self._length = size
        self._seen_text = False

    def check(self, message):
        if not self._seen_text and isinstance(message, str):
            self._seen_text = True
            self._length = len(message)  # in characters, from now on
            message = message.encode()
            if len(message) == self._size:
                return
        if len(message) != self._length:
            sys.exit(f"a message has {len(message)} bytes or characters instead of {self._length}")


def percentile_us(seconds, percent):
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1e6


def resident_kib():
    with open("/proc/self/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))


def run(name, modes):
    """Runs the function of the mode asked for, which gives its figures, and prints them."""
    task = Task(sys.argv[1:])
    if task.mode not in modes:
        sys.exit(f"{name} cannot {task.mode}")
    try:
        figures = modes[task.mode](task)
    except Exception as problem:  # whatever it is: it is told, and it is the end
        sys.exit(f"{type(problem).__name__}: {problem}")
    told = {"client": name, "mode": task.mode, "size": task.size, "count": task.count}
    print(json.dumps({**told, **figures}), flush=True)
