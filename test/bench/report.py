# The report in Markdown: what should be reached and was, all figures, and what failed.
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from libraries import Library, by_key
from measuring import Results
from rows import Figure, Goal, Row

NOTHING = "–"


def number_text(value: float) -> str:
    """Three digits that count: 25.6 M, 3,580, 0.412."""
    for factor, unit in ((1e6, " M"), (1e4, " k")):
        if abs(value) >= factor:
            value, unit = (value / 1e6, " M") if factor == 1e6 else (value / 1e3, " k")
            return three_digits(value) + unit
    return three_digits(value)


def three_digits(value: float) -> str:
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size < 0.1:
        return f"{value:.1g}" if size >= 0.0001 else "0"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


def line_of(cells: List[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table_of(head: List[str], lines: List[List[str]]) -> str:
    return "\n".join([line_of(head), "|" + "---|" * len(head), *map(line_of, lines)])


@dataclass(frozen=True)
class Report:
    results: Results
    rows: List[Row]
    libraries: List[Library]

    def speed(self, row: Row, key: str, other: str) -> Optional[float]:
        """How many times as fast as the other one: more is better, also where less of a figure is."""
        ours, theirs = (self.results.summary(row, row.figure, each) for each in (key, other))
        if not ours or not theirs or ours.median <= 0 or theirs.median <= 0:
            return None
        ratio = ours.median / theirs.median
        return ratio if row.figure.more_is_better else 1 / ratio

    def best_peer(self, row: Row) -> Optional[str]:
        values: Dict[str, float] = {}
        for library in self.libraries:
            summary = self.results.summary(row, row.figure, library.key)
            if library.kind == "peer" and summary:
                values[library.key] = summary.median
        if not values:
            return None
        return (max if row.figure.more_is_better else min)(values, key=lambda key: values[key])

    # Goals

    def reached(self, row: Row, goal: Goal) -> Tuple[Optional[bool], str]:
        """Whether it was (None: nobody knows), and with what."""
        if goal.at_most is not None:
            summary = self.results.summary(row, row.figure, goal.who)
            if not summary:
                return None, NOTHING
            return summary.median <= goal.at_most, number_text(summary.median)
        other = self.best_peer(row) if goal.of == "best peer" else goal.of
        ratio = self.speed(row, goal.who, other) if other else None
        if ratio is None or goal.times is None:
            return None, NOTHING
        return ratio >= goal.times, f"{three_digits(ratio)} ×"

    def goal_line(self, row: Row, goal: Goal) -> List[str]:
        met, reached = self.reached(row, goal)
        if goal.at_most is not None:
            wanted = f"≤ {goal.at_most:g} {row.figure.title}"
        elif goal.of == "best peer":
            best = self.best_peer(row)
            wanted = f"≥ {goal.times:g} × the best peer" + (f" ({by_key[best].title})" if best else "")
        else:
            wanted = f"≥ {goal.times:g} × {by_key[goal.of].title}"
        verdict = {True: "met", False: "**not met**", None: "not measured"}[met]
        return [row.name, by_key[goal.who].title, wanted, reached, verdict]

    def goals(self) -> str:
        lines = [self.goal_line(row, goal) for row in self.rows for goal in row.goals]
        return table_of(["", "who", "goal", "reached", ""], lines) if lines else ""

    # All figures

    def cell(self, row: Row, figure: Figure, key: str) -> str:
        if self.results.has_failed(row, key):
            return "failed"
        summary = self.results.summary(row, figure, key)
        if not summary:
            return NOTHING
        words = number_text(summary.median)
        ratio = self.speed(row, key, row.plain) if figure is row.figure else None
        if ratio is not None and key != row.plain:
            words += f" ({three_digits(ratio)})"
        return words + (f" ±{summary.spread:.0%}" if summary.spread >= 0.005 else "")

    def against_best_peer(self, row: Row) -> List[str]:
        best = self.best_peer(row)
        ratios = [self.speed(row, key, best) if best else None for key in ("ours_app", "ours_sync")]
        return [NOTHING if ratio is None else three_digits(ratio) for ratio in ratios]

    def lines_of(self, row: Row, libraries: List[Library]) -> List[List[str]]:
        main = [self.cell(row, row.figure, library.key) for library in libraries]
        lines = [[row.name, row.figure.title, *main, *self.against_best_peer(row)]]
        for figure in row.also:
            cells = [self.cell(row, figure, library.key) for library in libraries]
            lines.append(["", figure.title, *cells, "", ""])
        return lines

    def group(self, name: str) -> str:
        rows = [row for row in self.rows if row.group == name]
        taking_part = [each for each in self.libraries if any(self.took_part(row, each) for row in rows)]
        if not taking_part:
            return f"### {name}\n\nNobody who is here can do that."
        titles = [library.title for library in taking_part]
        head = ["", "", *titles, "app / best peer", "sync / best peer"]
        lines = [line for row in rows for line in self.lines_of(row, taking_part)]
        return f"### {name}\n\n{table_of(head, lines)}{self.failed_in(rows)}"

    def took_part(self, row: Row, library: Library) -> bool:
        return (row.name, library.key) in self.results.told or self.results.has_failed(row, library.key)

    def failed_in(self, rows: List[Row]) -> str:
        names = {row.name for row in rows}
        failed = [(row, key, words) for (row, key), words in self.results.failures.items() if row in names]
        lines = [f"- failed: {row}, {by_key[key].title}: {words}" for row, key, words in failed]
        return "\n\n" + "\n".join(lines) if lines else ""

    def groups(self) -> str:
        names = list(dict.fromkeys(row.group for row in self.rows))
        return "\n\n".join(self.group(name) for name in names)

    # The README's table: few rows, one figure a cell

    def short_cell(self, row: Row, column: str) -> str:
        key = row.plain if column == "plain" else column
        if self.results.has_failed(row, key):
            return "failed"
        if row.in_readme == "ratio" and key != row.plain:
            ratio = self.speed(row, key, row.plain)
            return NOTHING if ratio is None else f"{ratio:.2f}"
        return self.short_figure(row, row.figure, key)

    def short_figure(self, row: Row, figure: Figure, key: str) -> str:
        if self.results.has_failed(row, key):
            return "failed"
        summary = self.results.summary(row, figure, key)
        return number_text(summary.median) if summary else NOTHING

    def short_name(self, row: Row) -> str:
        if row.in_readme == "ratio":
            return f"{row.name}, share of plain sockets' {row.figure.title}"
        return row.name if row.name.endswith(row.figure.title) else f"{row.name}, {row.figure.title}"

    def short_table(self) -> str:
        columns = [each for each in self.libraries if each.kind != "plain" or each.key == "plain"]
        lines = []
        for row in (row for row in self.rows if row.in_readme):
            cells = [self.short_cell(row, library.key) for library in columns]
            if any(cell != NOTHING for cell in cells):
                lines.append([self.short_name(row), *cells])
            for figure in row.also_in_readme:
                cells = [self.short_figure(row, figure, library.key) for library in columns]
                if any(cell != NOTHING for cell in cells):
                    lines.append([f"{row.name}, {figure.title}", *cells])
        return table_of(["", *(library.title for library in columns)], lines)


HOW_TO_READ = """\
Medians of {rounds}, in which all took turns (memory: of 3 at most, compiling: of 2; what is counted is
counted once); behind ± is half of what lies between the extremes.
In brackets: how many times as fast as plain sockets that move the same bytes (1 is as fast, more is better,
also for times): they read in big blocks, and send with a call for each message. What they do the other way
is a column of its own, and so is what they send when each message is masked first, which is the least that
a WebSocket client has to do; over wss they are plain OpenSSL. A slow library gets fewer messages than a fast one,
so that none takes much more than a second. Who is busy all the time limits the other: where that is the
server, a client can only be as fast as it is. On loopback that is so for whoever receives in big pieces,
since the system's share of sending is the bigger one; "sent without copying" makes it smaller."""


def whole_report(
    report: Report, rounds: int, machine: str, versions: str, places: str, absent: Dict[str, str]
) -> str:
    how_to_read = HOW_TO_READ.format(rounds="1 round" if rounds == 1 else f"{rounds} rounds")
    parts = ["# How fast", f"{machine}.", f"Peers: {versions or 'none'}.", places, how_to_read]
    if absent:
        parts.append("Not there: " + "; ".join(f"{title} ({why})" for title, why in absent.items()) + ".")
    if report.results.ended_early:
        parts.append(f"**The run ended early: {report.results.ended_early}**")
    goals = report.goals()
    if goals:
        parts += ["## Goals", goals]
    return "\n\n".join([*parts, "## Figures", report.groups()]) + "\n"
