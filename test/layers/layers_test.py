# The layers keep apart: the linker refuses a protocol that reaches for Asio, and what a layer includes
# is what lib/README.md allows it.
import argparse
import pathlib
import re
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from script_cases import check, run, run_cases, succeed

parser = argparse.ArgumentParser()
parser.add_argument("--protocol", required=True, help="the static library")
parser.add_argument("--base", required=True, help="the static library")
parser.add_argument("--sanitize", default="none")
parser.add_argument("--library", action="append", default=[], help="what the layers need besides libcrypto")
parser.add_argument("compiler", nargs="+")
options = parser.parse_args()

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
lib = root / "lib"

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
THREADS = {
    "atomic", "barrier", "condition_variable", "future", "latch", "mutex", "semaphore",
    "shared_mutex", "stop_token", "thread",
}  # fmt: skip
CLOCKS_AND_CHANCE = {"chrono", "ctime", "time.h", "random"}
SYSTEM = re.compile(r"(sys|netinet|arpa|net)/|unistd\.h|netdb\.h|poll\.h|fcntl\.h|windows\.h|winsock")
ASIO = re.compile(r"asio[/.]")
OPENSSL = re.compile(r"openssl/")


def sources(folder):
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".cpp", ".hpp"))
    check(files, f"there are no sources in {folder}")
    return files


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def refuse(folder, forbidden, but=()):
    """Fails with every include of the folder's files that `forbidden` says is one."""
    found = []
    for path in sources(folder):
        name = str(path.relative_to(root))
        for bracket, what in includes(path):
            if forbidden(bracket, what) and (path.name, what) not in but:
                found.append(f"{name} includes {what}")
    check(not found, "; ".join(found))


def link(*files):
    flags = ["-std=c++20", "-DASIO_STANDALONE", "-DASIO_SEPARATE_COMPILATION", "-DASIO_NO_DEPRECATED"]
    flags += ["-I", lib, "-I", root / "include"]
    if options.sanitize != "none":
        flags.append("-fsanitize=" + options.sanitize)
    with tempfile.TemporaryDirectory() as directory:
        program = pathlib.Path(directory, "program")
        libraries = [options.protocol, options.base, "-lcrypto", *options.library]
        return run([*options.compiler, *flags, *files, *libraries, "-o", program])


def links_without_asio():
    """A program links with the protocol and base layers alone."""
    result = link(here / "uses_protocol.cpp")
    check(result.returncode == 0, result.stderr)


def asio_does_not_link():
    """A program that also reaches for Asio does not: its bodies are in the net layer alone."""
    result = link(here / "uses_protocol.cpp", here / "reaches_for_asio.cpp")
    check(result.returncode != 0, "it linked")
    check(re.search(r"undefined reference to .*asio", result.stderr), result.stderr)


def public_headers():
    """Public headers include the standard library and one another alone."""

    def forbidden(bracket, what):
        standard = re.fullmatch(r"[a-z_]+", what)
        own = re.fullmatch(r"websocket/[a-z_]+\.hpp", what)
        return bracket != "<" or not (standard or own)

    refuse(root / "include", forbidden)


def pure(bracket, what):
    if bracket == '"':
        return what.startswith(("net/", "engine/", "api/"))
    system = SYSTEM.match(what) or ASIO.match(what) or OPENSSL.match(what)
    return what in THREADS | CLOCKS_AND_CHANCE or bool(system)


def base_is_pure():
    """Base knows no other layer, no thread, clock, chance, socket, Asio or OpenSSL."""
    refuse(lib / "base", lambda b, what: pure(b, what) or what.startswith("protocol/"))


def protocol_is_pure():
    """Protocol knows no layer but base, no thread, clock, chance, socket or Asio; OpenSSL in the handshake's key alone."""
    allowed = {("handshake_key.cpp", "openssl/" + name) for name in ("evp.h", "sha.h")}
    refuse(lib / "protocol", pure, but=allowed)


def zlib_has_one_place():
    """zlib is known in one file alone, which another stands in for."""
    refuse(lib, lambda b, what: what == "zlib.h", but={("deflate_zlib.cpp", "zlib.h")})


def environment_is_an_argument():
    """Base and protocol do not look at the environment."""
    for path in sources(lib / "base") + sources(lib / "protocol"):
        check("getenv" not in path.read_text(encoding="utf-8"), f"{path.name} calls getenv")


def net_is_a_stranger_to_protocol():
    """Net knows nothing of protocol, engine and api."""
    refuse(lib / "net", lambda b, what: b == '"' and what.startswith(("protocol/", "engine/", "api/")))


def engine_has_no_locks():
    """Engine knows no Asio, no OpenSSL, no thread and no lock, and nothing of api."""
    refuse(
        lib / "engine",
        lambda b, what: what.startswith("api/") or what in THREADS or ASIO.match(what) or OPENSSL.match(what),
    )


def api_leaves_io_to_net():
    """Api knows no Asio and no OpenSSL."""
    refuse(lib / "api", lambda b, what: ASIO.match(what) or OPENSSL.match(what))


def no_test_sleeps():
    """No test sleeps: they wait for events, with a deadline."""
    sleeping = re.compile(r"\b(this_thread::sleep|sleep_for|sleep_until|usleep|nanosleep|time\.sleep)\b")
    for path in sorted((root / "test").rglob("*")):
        if path.suffix in (".cpp", ".hpp", ".py", ".mjs") and path != pathlib.Path(__file__).resolve():
            found = sleeping.search(path.read_text(encoding="utf-8"))
            check(not found, f"{path.relative_to(root)} has {found and found.group()}")


run_cases([
    links_without_asio,
    asio_does_not_link,
    public_headers,
    base_is_pure,
    protocol_is_pure,
    zlib_has_one_place,
    environment_is_an_argument,
    net_is_a_stranger_to_protocol,
    engine_has_no_locks,
    api_leaves_io_to_net,
    no_test_sleeps,
])  # fmt: skip
