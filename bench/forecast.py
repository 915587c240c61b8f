"""``python -m bench.forecast [FOLDER] [--json]`` tests the forecast on accounts whose future is known.

FOLDER holds real balances as CSV files (``ts,balance``); with ``--plans`` their demand is paid from a simulated plan.
Without FOLDER the accounts are simulated (``--tuning``: those that the forecast was looked at with; else others).
``bench/backtest.py`` says what is counted.
"""

import argparse
import json
import sys
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from math import exp, log
from pathlib import Path
from statistics import median
from unittest import mock

from bench.backtest import WITHIN, Ask, Case, Score, backtest, middle_of
from bench.balances import WrongFileError, read_folder, read_series
from bench.plans import lives_of
from bench.spending_patterns import LOOKS_A_DAY, PATTERNS, WATCHED_DAYS, Simulated, moment, simulated
from bot.domain.accounts import Reading
from bot.domain.credit_changes import Point
from bot.evaluation.forecast import errors
from bot.evaluation.forecast.ahead import MONTH, Pace
from bot.evaluation.forecast.errors import HORIZONS, LONGEST, SHORTEST
from bot.evaluation.forecast.run_out import next_boundary
from bot.evaluation.forecast.spending import DAY, days_of, orderly

TUNED_ON, HELD_OUT = range(1, 31), range(501, 531)
"""Disjoint on purpose. What is changed after a look at the held-out seeds needs fresh ones here (101 to 108, 201 to
208, 301 to 312 and 401 to 430 are used up)."""

UNTRIED = 14 * LOOKS_A_DAY
"""Run-outs of the first two weeks are nobody's fault."""

QUANTILES = 20
BELL = 0.35
"""Errors at another horizon count by a bell of this width over its logarithm."""

EX_DATAERR = 65


def case_of(life: Simulated, name: str, seed: int) -> Case:
    """A simulated life, asked about once a day at an hour of its own."""
    places = range(LOOKS_A_DAY // 2 + seed % LOOKS_A_DAY, WATCHED_DAYS * LOOKS_A_DAY, LOOKS_A_DAY)
    asks, last = [], 0
    for place in places:
        reading = life.readings[place]
        if reading is not None:
            asks.append(ask_at(life, name, last, place, reading))
            last = place
    run_outs = [moment(out) for out in life.run_outs if out > UNTRIED]
    return Case(name, asks, moment(len(life.wanted) - 1), run_outs)


def ask_at(life: Simulated, name: str, last: int, place: int, reading: Reading) -> Ask:
    """What is known at one look, and what came."""
    out = life.runs_out_at(place, reading)
    found = None if out is None else moment(out)
    boundary, _ = next_boundary(reading)
    right = found is not None and (boundary is None or found < boundary) and found - reading.taken_at <= 2 * WITHIN
    points, account = life.points(place), life.account(name, place)
    before = [point for point in points if point.taken_at <= moment(last)]
    fresh = bool(before) and before[-1].refresh_at != points[-1].refresh_at
    return Ask(moment(place), account, points, (), found, fresh, right)


def lived(pattern: str, seed: int) -> Score:
    """The score of one simulated life."""
    return backtest(case_of(simulated(pattern, seed), f"{pattern} {seed}", seed))


def planned(name: str, points: Sequence[Point]) -> Score:
    """The score of one series whose demand is paid from simulated plans."""
    lives = enumerate(lives_of(name, points))
    return sum((backtest(case_of(life, called, seed)) for seed, (called, life) in lives), Score())


HEAD = (
    "", "ranges", "held", "early", "late", "width", "error", "1 d", "7 d", "28 d",
    "alerts", "false", "7 d: alerts", "false", "run-outs", "missed", "7 d",
)  # fmt: skip


def row(name: str, score: Score) -> tuple[str, ...]:
    """One line of the table."""
    judged = max(score.ranges, 1)
    shares = (f"{100 * part / judged:.0f} %" if score.ranges else "–" for part in (score.held, score.early, score.late))
    errors = (percent(errors) for errors in (score.widths, score.errors, score.line1, score.line7, score.line28))
    counts = (
        score.alerts, score.false, score.line7_alerts, score.line7_false,
        score.run_outs, score.missed, score.line7_missed,
    )  # fmt: skip
    return (name, str(score.ranges), *shares, *errors, *map(str, counts))


def percent(errors: Sequence[float]) -> str:
    """The median in percent."""
    middle = middle_of(errors)
    return "–" if middle is None else f"{100 * middle:.0f} %"


def table(rows: Iterable[Sequence[str]]) -> str:
    """The rows, the first column to the left and the numbers to the right."""
    lines = list(rows)
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(wide) for cell, wide in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )


def scores(
    folder: Path | None, seeds: Sequence[int], *, leave_out: bool = False, plans: bool = False
) -> dict[str, Score]:
    """The score of each series of a folder, or of each pattern. Raises WrongFileError."""
    with ProcessPoolExecutor() as pool:
        if folder is not None and plans:
            series = read_series(folder)
            return dict(zip(series, pool.map(planned, series, series.values()), strict=True))
        if folder is not None:
            cases = read_folder(folder)
            names = [case.name for case in cases]
            whole = range(len(cases))
            found = pool.map(left_out, repeat(cases), whole) if leave_out else pool.map(backtest, cases)
            return dict(zip(names, found, strict=True))
        lives = {pattern: pool.map(lived, repeat(pattern, len(seeds)), seeds) for pattern in PATTERNS}
        return {pattern: sum(parts, Score()) for pattern, parts in lives.items()}


def left_out(cases: Sequence[Case], place: int) -> Score:
    """The score of one series with the usual errors of the others alone, which know nothing of it."""
    others = error_table([case for number, case in enumerate(cases) if number != place])
    with mock.patch.object(errors, "USUAL", others):
        return backtest(cases[place])


def usual_errors(cases: Iterable[Case]) -> str:
    """The table of ``bot/evaluation/forecast/errors.py``, as it stands there, and the usual unevenness."""
    known = list(cases)
    rows = [f"({', '.join(f'{off:.2f}' for off in row)})," for row in error_table(known)]
    return "\n".join([*rows, f"{usual_unevenness(known):.2f}"])


def usual_unevenness(cases: Iterable[Case]) -> float:
    """The median unevenness of the days before each ask."""
    days = (days_of(orderly(ask.points, ask.now), ask.now, ask.unseen) for case in cases for ask in case.asks)
    return median(errors.unevenness(before) for before in days if len(before) >= MONTH)


def error_table(cases: Iterable[Case]) -> tuple[tuple[float, ...], ...]:
    """How far a plain line was off, by horizon. Raises WrongFileError where no balance runs out."""
    found = [
        (log(foretold), log(max((ask.out - ask.now) / DAY, SHORTEST) / foretold))
        for case in cases
        for ask in case.asks
        if ask.out is not None and (foretold := plain(ask)) is not None
    ]
    if not found:
        raise WrongFileError("No balance of these runs out, so there are no errors to learn from: add a longer series")
    return tuple(tuple(quantiles_at(found, log(horizon))) for horizon in HORIZONS)


def plain(ask: Ask) -> float | None:
    """The days until nothing is left, as the expected pace alone has it."""
    reading = ask.account.reading
    days = days_of(orderly(ask.points, ask.now), ask.now, ask.unseen)
    if reading is None or reading.credits.total <= 0 or sum(day.total for day in days) <= 0:
        return None
    return max(Pace.of(days).days_for(float(reading.credits.total), LONGEST), SHORTEST)


def quantiles_at(found: Iterable[tuple[float, float]], horizon: float) -> list[float]:
    """Evenly spaced quantiles of the errors near a horizon, each counted by how near."""
    near = sorted((off, exp(-0.5 * ((at - horizon) / BELL) ** 2)) for at, off in found)
    whole, sums = 0.0, []
    for _, weight in near:
        whole += weight
        sums.append(whole)
    return [
        near[min(bisect_left(sums, (part + 0.5) / QUANTILES * whole), len(near) - 1)][0] for part in range(QUANTILES)
    ]


def main() -> int:
    """Tests, and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.forecast", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="CSV files with the columns ts,balance")
    parser.add_argument("--json", action="store_true", help="one object for all of them")
    parser.add_argument("--tuning", action="store_true", help="the simulated accounts that the forecast was tuned on")
    parser.add_argument("--errors", action="store_true", help="the table of the usual errors, from FOLDER")
    parser.add_argument("--leave-out", action="store_true", help="judge each series of FOLDER by the others' errors")
    parser.add_argument("--plans", action="store_true", help="the demand of FOLDER, paid from a simulated plan")
    wanted = parser.parse_args()
    if wanted.folder is None and (wanted.plans or wanted.errors or wanted.leave_out):
        parser.error("--plans, --errors and --leave-out need a FOLDER with real balances")
    try:
        if wanted.errors:
            print(usual_errors(read_folder(wanted.folder)))
            return 0
        seeds = TUNED_ON if wanted.tuning else HELD_OUT
        found = scores(wanted.folder, seeds, leave_out=wanted.leave_out, plans=wanted.plans)
    except WrongFileError as error:
        print(error, file=sys.stderr)
        return EX_DATAERR
    whole = sum(found.values(), Score())
    if wanted.json:
        print(json.dumps(whole.as_json()))
    else:
        print(table([HEAD, *(row(name, score) for name, score in found.items()), row("all", whole)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
