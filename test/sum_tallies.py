#!/usr/bin/env python3
# Adds up what really ran. Every test program ends its output with a line "N passed, N failed" or
# "N passed, N failed, N skipped"; this sums those lines and prints one more of the kind, at its end.
#
#   sum_tallies.py MESON_LOG     the tests in Meson's testlog.json; one that failed without saying
#                                what (a crash, a timeout), or that told nothing, is one failed.
#                                Says again what failed, since that scrolled by long ago
#   sum_tallies.py -             the tally lines of its input
import json
import re
import sys

TALLY = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$", re.MULTILINE)


def counts_in(text):
    counts = [[int(number or 0) for number in found] for found in TALLY.findall(text)]
    return [sum(column) for column in zip(*counts)] if counts else None


# What doctest, the Python tests and the sanitizers begin their complaints with.
COMPLAINT = re.compile(r"ERROR:|^failed: |runtime error:|WARNING: ThreadSanitizer|FATAL")


def complaints_of(test):
    lines = "\n".join([test.get("stdout") or "", test.get("stderr") or ""]).splitlines()
    shown = set()
    for number, line in enumerate(lines):
        if COMPLAINT.search(line):
            shown.update(range(number, number + 8))
    return [line for number, line in enumerate(lines) if number in shown and line.strip()][:60]


def counts_of(test):
    counts = counts_in(test.get("stdout") or "")
    if test["result"] == "SKIP":
        return counts or [0, 0, 1]
    if test["result"] not in ("OK", "EXPECTEDFAIL"):
        print(f"FAILED {test['name']}", *complaints_of(test), sep="\n    ")
        counts = counts or [0, 0, 0]
        if counts[1] == 0:
            print(f"{test['name']}: {test['result'].lower()}, without a word of what failed")
            counts[1] = 1
        return counts
    if counts is None:
        print(f"FAILED {test['name']}: did not say what it ran")
        return [0, 1, 0]
    return counts


def tests_in(log):
    with open(log, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def main():
    source = sys.argv[1]
    if source == "-":
        total = counts_in(sys.stdin.read()) or [0, 0, 0]
    else:
        total = [sum(column) for column in zip([0, 0, 0], *map(counts_of, tests_in(source)))]
    passed, failed, skipped = total
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(failed > 0 or passed == 0)


main()
