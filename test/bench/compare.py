#!/usr/bin/env python3
# Measures the library and its peers against plain sockets, and writes a report in Markdown;
# compare.sh beside it builds everything first. Exit status 1 when one of them failed, or the load server.
import argparse
import json
import pathlib
import re
import signal
import sys

sys.dont_write_bytecode = True
import conditions
import instructions
import system_calls
from libraries import by_key, libraries, root, why_absent
from machine import machine_in_words, versions_in_words
from measuring import Bench, Results, measure_all, say
from report import Report, whole_report
from rows import rows, smaller
from running import allow_many_descriptors


def regex(text: str) -> re.Pattern:
    try:
        return re.compile(text)
    except re.error as problem:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {problem}") from None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast we are, beside peers and plain sockets.")
    build = root / "build-bench"
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=build, help="with -Dbenchmarks=true")
    parser.add_argument("--rounds", type=int, help="5, or with --quick 3")
    parser.add_argument("--quick", action="store_true", help="fewer messages and rounds")
    parser.add_argument("--rows", type=regex, default="", metavar="REGEX", help="rows whose names match")
    parser.add_argument("--clients", type=regex, default="", metavar="REGEX", help="clients likewise")
    parser.add_argument("--output", type=pathlib.Path, metavar="FILE", help="for the report, else shown")
    parser.add_argument("--readme", type=pathlib.Path, metavar="FILE", help="for one short table")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="for all that the clients told")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="for one client's run")
    parser.add_argument("--list", action="store_true", help="show the names of rows and clients")
    return parser.parse_args()


def write(file, words: str) -> None:
    if file:
        file.write_text(words, encoding="utf-8")
    else:
        print(words)


def chosen_rows(options):
    chosen = [row for row in rows if re.search(options.rows, row.name)]
    tools = {
        "instructions": (instructions.have_valgrind, "valgrind is not installed: instructions are not counted."),
        "system calls": (system_calls.have_strace, "strace is not installed, or may not watch: calls are not counted."),
    }  # fmt: skip
    for group, (is_there, otherwise) in tools.items():
        if any(row.group == group for row in chosen) and not is_there():
            say(otherwise)
            chosen = [row for row in chosen if row.group != group]
    return [smaller(row, 4) if options.quick else row for row in chosen]


def as_json(results: Results) -> str:
    told = [{"row": row, "library": key, "rounds": rounds} for (row, key), rounds in results.told.items()]
    failed = [{"row": row, "library": key, "failed": why} for (row, key), why in results.failures.items()]
    return json.dumps(told + failed, indent=1) + "\n"


def main() -> None:
    options = arguments()
    if options.list:
        print("\n".join(["rows:", *(f"  {row.name}" for row in rows)]))
        print("\n".join(["clients:", *(f"  {library.key}" for library in libraries)]))
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    allow_many_descriptors()
    settled = conditions.settle()
    measured = chosen_rows(options)
    wanted = [library for library in libraries if re.search(options.clients, library.key)]
    if not measured or not wanted:
        sys.exit("no row or no client is called that; --list shows their names.")
    reasons = {library.key: why_absent(library, options.build) for library in wanted}
    present = [library for library in wanted if not reasons[library.key]]
    rounds = options.rounds or (3 if options.quick else 5)
    with Bench(options.build, options.timeout, 0.2 if options.quick else 0.7) as bench:
        results = measure_all(bench, measured, present, rounds)
        places = f"{bench.places_in_words()} {settled}"
    report = Report(results, measured, present)
    absent = {by_key[key].title: why for key, why in reasons.items() if why}
    words = whole_report(report, rounds, machine_in_words(), versions_in_words(present), places, absent)
    write(options.output, words)
    if options.readme:
        write(options.readme, report.short_table() + "\n")
    if options.json:
        write(options.json, as_json(results))
    if results.ended_early:
        sys.exit(results.ended_early)
    sys.exit(bool(results.failures))


main()
