"""The comparison as Markdown tables."""

from collections.abc import Mapping, Sequence

from bench.peers.cost import EMAILS, EVERY, Cost
from bench.peers.faults import Fault
from bench.peers.judge import News, Told, Verdict
from bench.peers.watching import Contender

Verdicts = Mapping[tuple[str, str], Verdict]
"""By the fault's name and the contender's."""

Kind = type[Contender]
NOTES = """\
✓: all was told, no more often than need be, and nothing false. Seconds count from the moment at which it became true.
A look every few seconds is kind to whoever tries again only at the next look: with one every 15 minutes that is 15
minutes later. So it is with what a script could not send, and for all three with a look that failed; only curl asks
again at once after a 5xx or a timeout.
The ten faults were chosen, and the scripts written, by those who wrote credit-bot."""
COST_NOTE = """\
cron needs nothing between two runs. What stays running talks to Telegram all day (`make bench` says how little that
takes); with few accounts and long intervals that is more than the checks."""
LATE_FROM = 15.0
"""Seconds from which on a message is so late that it matters whether it says so."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def faults_table(faults: Sequence[Fault], kinds: Sequence[Kind], processor: Verdicts) -> str:
    """What each did under each fault, and how often that was what a good watcher does."""
    rows = [
        [fault.happens, fault.good, *(cell(processor[fault.name, kind.name], fault) for kind in kinds)]
        for fault in faults
    ]
    sums = [sum(processor[fault.name, kind.name].well(fault.at_most) for fault in faults) for kind in kinds]
    rows.append(["**as a good watcher does**", "", *(f"**{count} of {len(faults)}**" for count in sums)])
    return table(["what happens", "a good watcher", *(kind.title for kind in kinds)], rows)


def cell(verdict: Verdict, fault: Fault) -> str:
    """One verdict in words."""
    words = [
        trouble(verdict),
        false_alarms(verdict.false_alarms),
        ending(verdict.end, "end" if fault.news is News.BLIND else "recovery"),
        f"{verdict.messages} messages" if verdict.trouble.of > 1 else "",
    ]
    return f"{'✓' if verdict.well(fault.at_most) else '✗'} {', '.join(filter(None, words))}"


def trouble(verdict: Verdict) -> str:
    """Whether, when and how often the trouble was told."""
    news = verdict.trouble
    if news.after is None:
        return "never told"
    often = f"told {news.times} ×, first" if news.times > 1 else "told"
    return f"{often} {share(news)}after {news.after:.0f} s{late(verdict)}"


def ending(news: Told, name: str) -> str:
    """The same for its end."""
    if news.after is None:
        return f"{name} never"
    often = f" {news.times} ×, first" if news.times > 1 else ""
    return f"{name}{often} {share(news)}after {news.after:.0f} s"


def share(news: Told) -> str:
    """Of how many, where it was not of all."""
    return "" if news.all else f"of {news.told} of {news.of} only "


def late(verdict: Verdict) -> str:
    """Whether it was late, and said so."""
    if verdict.trouble.after is None or verdict.trouble.after < LATE_FROM:
        return ""
    return " and says that it is late" if verdict.late else ""


def false_alarms(count: int) -> str:
    """How many there were, if any."""
    return f"{count} false alarm{'s' if count > 1 else ''}" if count else ""


def cost_table(kinds: Sequence[Kind], costs: Mapping[str, Cost]) -> str:
    """What each needs, beside the floor."""
    floor = costs["floor"]
    rows = [cost_row("floor: asks and parses, no more", floor, floor, "")]
    rows += [cost_row(kind.title, costs[kind.name], floor, f"{lines_of(kind):,}") for kind in kinds]
    work = f"{len(EMAILS)} accounts every {EVERY:.0f} s"
    return table([work, "processor for 1,000 checks", "memory at rest", "at most", "lines of code"], rows)


def cost_row(title: str, cost: Cost, floor: Cost, lines: str) -> list[str]:
    """One of them."""
    processor = f"{cost.ms:.2f} s" + (f" (×{cost.ms / floor.ms:.0f})" if cost is not floor else "")
    return [title, processor, f"{cost.memory.resting:.0f} MiB", peak(cost), lines]


def lines_of(kind: Kind) -> int:
    """How much there is to read, without blank lines and comments."""
    files = [file for path in kind.written_in for file in (path.rglob("*.py") if path.is_dir() else [path])]
    lines = [
        line.strip() for file in files if file.suffix in (".py", ".sh") for line in file.read_text("utf-8").split("\n")
    ]
    return sum(bool(line) and not line.startswith("#") for line in lines)


def peak(cost: Cost) -> str:
    """The most it held."""
    return f"{cost.memory.peak:.0f} MiB" + (", for a moment" if not cost.memory.resting else "")
