# For tests that are scripts: runs cases, says what failed, and ends with the line of counts that every
# test program ends with.
import subprocess
import sys
import traceback


class Failure(Exception):
    """What a case found wrong; its words are all that is shown."""


class Skip(Exception):
    """Why a case can't run here."""


def check(holds, otherwise):
    if not holds:
        raise Failure(otherwise)


def run(command, timeout=120, **options):
    """Runs a command to its end, which has to come in that many seconds."""
    words = [str(word) for word in command]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    try:
        return subprocess.run(words, text=True, timeout=timeout, check=False, **pipes, **options)
    except subprocess.TimeoutExpired as end:
        said = [(words or b"").decode(errors="replace") for words in (end.stdout, end.stderr)]
        raise Failure(f"not over after {timeout} s: {' '.join(words)}\n{''.join(said)}") from None


def succeed(command, **options):
    """The same for a command that has to succeed; gives its output."""
    result = run(command, **options)
    words = " ".join(str(word) for word in command)
    check(
        result.returncode == 0,
        f"status {result.returncode} from: {words}\n{result.stdout}{result.stderr}",
    )
    return result.stdout


def run_cases(cases):
    """Runs functions; the first line of each one's docstring is the case's name."""
    passed = failed = skipped = 0
    for case in cases:
        name = case.__doc__.strip().splitlines()[0].rstrip(".")
        try:
            case()
            passed += 1
            print(f"passed: {name}", flush=True)
        except Skip as why:
            skipped += 1
            print(f"skipped: {name}: {why}", flush=True)
        except Failure as what:
            failed += 1
            print(f"failed: {name}: {what}", flush=True)
        except Exception:  # the next case may still have something to tell
            failed += 1
            print(f"failed: {name}:\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(failed > 0)
