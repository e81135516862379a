# The driver against a fuzzing server with a handful of cases: it goes through the suite's protocol on
# both faces, and says what it could not do.
import argparse
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from script_cases import Skip, check, run, run_cases

parser = argparse.ArgumentParser()
parser.add_argument("--driver", required=True)
options = parser.parse_args()

here = pathlib.Path(__file__).resolve().parent
FACES = ("app", "sync")
CASE_COUNT = 11


class FuzzingServer:
    """A run of the server; `said()` ends it and gives what it printed behind READY."""

    def __init__(self):
        # The distribution's interpreter: its packages are what the server imports.
        python = os.environ.get("WEBSOCKETAPP_PYTHON") or "/usr/bin/python3"
        command = [python, str(here / "fuzzing_server.py")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        beginning = self._process.stdout.readline().split(maxsplit=1)
        if beginning and beginning[0] == "MISSING":
            self.said()
            raise Skip(beginning[1].strip())
        check(beginning and beginning[0] == "READY", f"the server said {beginning}")
        self.url = f"ws://127.0.0.1:{beginning[1].strip()}"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.said()

    def said(self):
        if not self._process.stdin.closed:
            self._process.stdin.close()
            self._lines = self._process.stdout.read().splitlines()
            self._process.stdout.close()
            self._process.wait(timeout=20)
        return self._lines


def drive(*arguments):
    return run([options.driver, *arguments])


def shown(result):
    return f"status {result.returncode}, {result.stdout!r}, {result.stderr!r}"


def all_cases():
    """Every case is run in order, its messages echoed, and the report asked for."""
    for face in FACES:
        with FuzzingServer() as server:
            result = drive("--face", face, "--url", server.url, "--agent", "the agent/1 & more")
            check(result.returncode == 0, shown(result))
            cases = re.findall(r"^case (\d+): .+$", result.stdout, re.MULTILINE)
            expected = [str(number) for number in range(1, CASE_COUNT + 1)]
            check(cases == expected, f"{face}: {shown(result)}")
            judged = [f"CASE {number} the agent/1 & more passed" for number in expected]
            judged.append("REPORT the agent/1 & more")
            check(server.said() == judged, f"{face}: the server said {server.said()}")


def says_how_cases_ended():
    """A case's line says how many messages came and how the connection ended."""
    for face in FACES:
        with FuzzingServer() as server:
            result = drive("--face", face, "--url", server.url + "/")
        lines = dict(re.findall(r"^case (\d+): (.+)$", result.stdout, re.MULTILINE))
        check(lines.get("1") == "3 received, closed with 1000", f"{face}: {shown(result)}")
        check(lines.get("9") == '0 received, closed with 1000 "that was all"', f"{face}: {shown(result)}")
        check("1 received" in lines.get("10", "") and "UTF-8" in lines["10"], f"{face}: {shown(result)}")
        check("opcode" in lines.get("11", ""), f"{face}: {shown(result)}")


def one_case():
    """--case runs that one alone, and the report is asked for."""
    for face in FACES:
        with FuzzingServer() as server:
            result = drive("--case", "3", "--face", face, "--url", server.url, "--agent", "me")
            check(result.returncode == 0, shown(result))
            check(re.findall(r"^case (\d+):", result.stdout, re.MULTILINE) == ["3"], shown(result))
            check(server.said() == ["CASE 3 me passed", "REPORT me"], f"the server said {server.said()}")


def default_agent():
    """Without --agent it is websocketapp and the version; without --face it is the app's."""
    with FuzzingServer() as server:
        result = drive("--url", server.url, "--case", "1")
        check(result.returncode == 0, shown(result))
        said = server.said()
    check(re.fullmatch(r"REPORT websocketapp/\d+\.\d+\.\d+", said[-1]), f"the server said {said}")


def bad_arguments():
    """Arguments that are not understood are told, with the usage and status 2."""
    for arguments in (
        ["--face"], ["--face", "other"], ["--case", "0"], ["--case", "-1"], ["--case", "two"], ["--case", "1x"],
        ["--case", "99999999999"], ["--agent", ""], ["--what", "ever"], ["case"],
    ):  # fmt: skip
        result = drive(*arguments)
        told = "usage:" in result.stderr and arguments[0] in result.stderr
        check(result.returncode == 2 and told and not result.stdout, f"{arguments}: {shown(result)}")


def what_cannot_be_done():
    """A step that can't be carried out is told in words, with status 1."""
    for face in FACES:
        with FuzzingServer() as server:
            for arguments, words in (
                (["--url", server.url, "--case", str(CASE_COUNT + 1)], "there is no case 12"),
                (["--url", server.url + "/nonsense"], "not a number"),
                (["--url", server.url + "/silent"], "not a number"),
                (["--url", server.url + "/broken"], "503"),
                (["--url", "http://127.0.0.1"], "ws://"),
            ):
                result = drive("--face", face, *arguments)
                said = f"{arguments}: {shown(result)}"
                check(result.returncode == 1 and words in result.stderr, said)
            check(server.said() == [], f"the server said {server.said()}")
        result = drive("--face", face, "--url", server.url)
        check(result.returncode == 1 and "refused" in result.stderr, shown(result))


run_cases([all_cases, says_how_cases_ended, one_case, default_agent, bad_arguments, what_cannot_be_done])
