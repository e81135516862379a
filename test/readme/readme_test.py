# The README says what is true: its programs do what it says they do, and its tables are whole. That its
# blocks compile is shown by the build, which makes programs of them.
import argparse
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from echo_server import EchoServer
from script_cases import check, run, run_cases

parser = argparse.ArgumentParser()
parser.add_argument("--echo-server", required=True)
parser.add_argument("programs", nargs="+", help="made of the README's, in its order")
options = parser.parse_args()

root = pathlib.Path(__file__).resolve().parent.parent.parent
readme = (root / "README.md").read_text(encoding="utf-8")


def programs_greet():
    """Each program of the README sends "hello there", prints the echo and ends in order."""
    with EchoServer(options.echo_server) as server:
        for program in options.programs:
            result = run([program], env={**os.environ, "README_URL": server.url})
            said = f"{program}: status {result.returncode}, {result.stdout!r}, {result.stderr!r}"
            check(result.returncode == 0 and result.stdout == "hello there\n", said)


def programs_report():
    """Each program of the README says why when there is no server."""
    with EchoServer(options.echo_server) as server:
        gone = server.url
    for program in options.programs:
        result = run([program], env={**os.environ, "README_URL": gone})
        said = f"{program}: status {result.returncode}, {result.stdout!r}, {result.stderr!r}"
        check(result.returncode == 1 and "refused" in result.stderr, said)


def conditions_are_told():
    """Every Condition and every exception stands in the README."""
    header = (root / "include/websocket/error.hpp").read_text(encoding="utf-8")
    names = re.search(r"enum class Condition[^{]*\{(.*?)\}", header, re.DOTALL).group(1)
    conditions = re.findall(r"\b[a-z_]+\b", names)
    exceptions = re.findall(
        r"class WEBSOCKET_API (\w+)", (root / "include/websocket/exceptions.hpp").read_text(encoding="utf-8")
    )
    check(len(conditions) > 5 and len(exceptions) > 5, "the headers were not understood")
    missing = [name for name in conditions + exceptions if f"`{name}`" not in readme]
    check(not missing, "the README does not tell of " + ", ".join(missing))


def handlers_are_told():
    """Every handler stands in the README."""
    header = (root / "include/websocket/app.hpp").read_text(encoding="utf-8")
    handlers = re.findall(r"\b(on_\w+);", header)
    check(len(handlers) > 5, "the header was not understood")
    missing = [name for name in handlers if f"`{name}" not in readme]
    check(not missing, "the README does not tell of " + ", ".join(missing))


def options_are_told():
    """Every option of the build stands in the README."""
    names = re.findall(r"^option\('(\w+)'", (root / "meson_options.txt").read_text(encoding="utf-8"), re.MULTILINE)
    missing = [name for name in names if f"`{name}`" not in readme]
    check(names and not missing, "the README does not tell of " + ", ".join(missing))


def files_exist():
    """Every file of this tree that the README names is there."""
    named = set(re.findall(r"`((?:samples|test|lib|include)/[\w./]+)`", readme))
    named |= {"samples/" + name for name in re.findall(r"^\| `(\w+\.cpp)`", readme, re.MULTILINE)}
    named |= {"include/" + name for name in re.findall(r"`(websocket/\w+\.hpp)`", readme)}
    check(len(named) > 5, f"only these were found: {named}")
    missing = sorted(name for name in named if not (root / name).exists())
    check(not missing, "there is no " + ", ".join(missing))


run_cases([programs_greet, programs_report, conditions_are_told, handlers_are_told, options_are_told, files_exist])
