# A coarse guard of what was won: instructions per message of both faces, by callgrind. The bounds lie a
# third to two thirds above what is measured, so that another compiler passes; an allocation more for each
# message that is received does not. That of sending by WebSocketApp is wider: how often its two threads wait
# for one another depends on what else the machine does.
import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent)]
from instructions import by_mode, have_valgrind, instructions_per_message
from running import ClientFailed, LoadServer, ServerDied
from script_cases import Failure, Skip, check, run_cases

BOUNDS = {
    ("WebSocketApp", "recv"): 180,
    ("WebSocketApp", "send"): 450,
    ("WebSocketApp", "rtt"): 2600,
    ("WebSocket", "recv"): 150,
    ("WebSocket by recv", "recv"): 420,
    ("WebSocket", "send"): 700,
    ("WebSocket", "rtt"): 2300,
}
VERBS = {"recv": "receives", "send": "sends", "rtt": "echoes"}

parser = argparse.ArgumentParser()
parser.add_argument("--server", required=True, help="the load server")
parser.add_argument("--app", required=True, help="the load client on WebSocketApp")
parser.add_argument("--sync", required=True, help="the load client on WebSocket")
parser.add_argument("--sanitize", default="none")
parser.add_argument("--optimization", default="3", help="Meson's level")
options = parser.parse_args()

BY_RECV = {"OURS_BY_RECV": "1"}
programs = {
    "WebSocketApp": (options.app, {}),
    "WebSocket": (options.sync, {}),
    "WebSocket by recv": (options.sync, BY_RECV),
}


def check_it_can_be_counted():
    if not have_valgrind():
        raise Skip("valgrind is not installed")
    if options.sanitize != "none":
        raise Skip("instructions of a sanitizer's build say nothing")
    if options.optimization not in ("2", "3", "s"):
        raise Skip(f"instructions of a build with optimization={options.optimization} say nothing")


def case_of(face, what, most):
    def case():
        check_it_can_be_counted()
        try:
            program, environment = programs[face]
            with LoadServer([options.server]) as server:
                figure = instructions_per_message(server, [program], what, environment)
        except (ClientFailed, ServerDied) as problem:
            raise Failure(str(problem)) from None
        print(f"{face} {VERBS[what.mode]} {what.size} bytes with {figure:.0f} instructions")
        check(0 < figure <= most, f"it takes {figure:.0f}")

    message = f"a message of {what.size} bytes"
    case.__doc__ = f"{face} {VERBS[what.mode]} {message} with {most} instructions at most."
    return case


run_cases([case_of(face, by_mode[mode], most) for (face, mode), most in BOUNDS.items()])
