"""The backtest of the forecast: what it counts, on balances whose future is plain, and files of any content."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.backtest import backtest, line
from bench.balances import WrongFileError, case_of, read_file, read_folder
from bench.forecast import HEAD, left_out, row, table, usual_errors
from bot.domain.credit_changes import Point
from bot.evaluation.forecast import errors
from bot.evaluation.forecast.foresee import HISTORY

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROOT = Path(__file__).parents[3]
KEYS = [
    "ranges", "held", "error", "line7_error", "alerts", "line7_alerts", "false", "line7_false",
    "run_outs", "missed", "line7_missed",
]  # fmt: skip


def balances(days: int, left: Callable[[int], float]) -> list[Point]:
    """A reading each hour."""
    return [Point(START + hour * HOUR, 0, 0, left(hour)) for hour in range(days * 24)]


def sawtooth(hour: int) -> float:
    """24 a day from 480, bought anew every 20 days: it runs out in the last hour."""
    return 480.0 - hour % 480


def test_an_even_pace_is_foretold_as_a_line_does() -> None:
    """Two a hour for two months: the ranges hold the truth, the alerts are right, and no run-out is missed."""
    found = backtest(case_of("even", balances(80, lambda hour: 480.0 - hour % 480 - 1)))
    assert found.ranges > 20
    assert found.held / found.ranges > 0.9
    assert found.errors
    assert sorted(found.errors)[len(found.errors) // 2] < 0.25
    assert (found.false, found.missed) == (0, 0)
    assert found.run_outs == found.alerts
    assert found.run_outs >= 3
    assert list(found.as_json()) == KEYS


def test_the_truth_leaves_top_ups_out() -> None:
    """Falls are summed and rises cut out; between two readings the moment lies on a straight line."""
    points = balances(10, lambda hour: 100.0 - hour + (500 if hour >= 50 else 0))
    case = case_of("topped up", points)
    assert case.asks[0].out == START + 101 * HOUR, "in the hour of the rise nothing was seen to be spent"
    assert [ask.fresh for ask in case.asks[:4]] == [False, False, True, False]
    assert case.asks[-1].out is None
    assert (case.asks[0].right, case.asks[-1].right) == (True, None)


def test_the_end_of_the_data_censors() -> None:
    """Where the data end before the truth and before the range, a range counts in neither."""
    found = backtest(case_of("long", balances(30, lambda hour: 5_000.0 - hour)))
    assert (found.ranges, found.false, found.run_outs) == (0, 0, 0)


def test_a_straight_line_takes_what_was_spent_in_its_days() -> None:
    """Of the last day alone, or of as much as there is; never without a day of readings."""
    points = balances(30, lambda hour: 10_000.0 - hour - max(hour - 600, 0))
    last = case_of("faster", points).asks[-1]
    assert line(last, 1) == pytest.approx(float(points[-1].total) / 48, rel=0.01)
    assert line(last, 28) == pytest.approx(float(points[-1].total) / 28.5, rel=0.05)
    assert line(case_of("young", points[:20]).asks[-1], 7) is None


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("one point", balances(1, sawtooth)[:1]),
        ("two points months apart", [Point(START, 0, 0, 50.0), Point(START + 90 * DAY, 0, 0, 10.0)]),
        ("only rises", balances(60, float)),
        ("nothing but refunds", balances(60, lambda hour: 500.0 - 20 * (hour % 2))),
        ("always empty", balances(60, lambda _: 0.0)),
        ("below nothing", balances(60, lambda hour: 10.0 - hour)),
    ],
)
def test_odd_series_are_judged_or_left_out(name: str, points: list[Point]) -> None:
    """No series ends in an error, and each has its line in the table."""
    found = backtest(case_of(name, points))
    assert len(row(name, found)) == len(HEAD)
    assert name in table([HEAD, row(name, found)])


def test_a_hundred_thousand_rows_are_bounded_work(tmp_path: Path) -> None:
    """Each ask sees six weeks and no more, however long the series; a dense one has an ask a day all the same."""
    file = tmp_path / "long.csv"
    rows = (f"{START + row * 2 * HOUR},{1_000 - row % 1_000}" for row in range(100_000))
    file.write_text("\n".join(["ts,balance", *(line.replace(" ", "T") for line in rows)]))
    case = case_of("long", read_file(file))
    assert len(case.asks) == 100_000 // 12 + 1
    assert max(len(ask.points) for ask in case.asks) <= HISTORY // (2 * HOUR) + 2
    assert max(len(ask.unseen) for ask in case.asks) <= HISTORY // (2 * HOUR) + 2
    assert case.run_outs
    dense = [Point(START + row * timedelta(seconds=6), 0, 0, 200_000.0 - row) for row in range(100_000)]
    found = case_of("dense", dense)
    assert len(found.asks) == 7
    assert backtest(found).alerts >= 0


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m bench.forecast``."""
    command = [sys.executable, "-m", "bench.forecast", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_the_demand_of_a_folder_can_be_paid_from_plans(tmp_path: Path) -> None:
    """``--plans`` has the same keys; without a folder there is no demand."""
    rows = (f"{point.taken_at.isoformat()},{point.total}" for point in balances(90, sawtooth))
    (tmp_path / "even.csv").write_text("\n".join(["ts,balance", *rows]))
    assert list(json.loads(run(str(tmp_path), "--plans", "--json").stdout)) == KEYS
    alone = run("--plans")
    assert alone.returncode == 2
    assert "need a FOLDER" in alone.stderr


def test_the_command_prints_a_table_or_one_object(tmp_path: Path) -> None:
    """For a folder of series: a line for each and one for all, or the keys of the contract."""
    rows = (f"{point.taken_at.isoformat()},{point.total}" for point in balances(60, sawtooth))
    (tmp_path / "even.csv").write_text("\n".join(["ts,balance", *rows]))
    shown = run(str(tmp_path)).stdout
    assert [one.split()[0] for one in shown.splitlines()[1:]] == ["even", "all"]
    found = json.loads(run(str(tmp_path), "--json").stdout)
    assert list(found) == KEYS
    assert found["ranges"] >= found["held"] > 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a.csv, row 1: has '' in place of the columns ts,balance"),
        ("ts,balance\n", "a.csv: holds no row"),
        ("when,much\n1,2\n", "a.csv, row 1"),
        ("ts,balance\n2026-01-01T00:00:00,5\nsoon,4\n", "a.csv, row 3: ts 'soon' is not a moment"),
        ("ts,balance\n2026-01-01T00:00:00,much\n", "a.csv, row 2: balance 'much' is not a number"),
        ("ts,balance\n2026-01-01T00:00:00,nan\n", "a.csv, row 2: balance 'nan' is not a number"),
        ("ts,balance\n2026-01-01T00:00:00\n", "a.csv, row 2: has 1 columns and not 2"),
        ('ts,balance\n"2026-01-01T00:00:00,5\n', "a.csv: cannot be read as CSV"),
        ("ts,balance\n\0,5\n", "a.csv"),
        ("ts,balance\n2026-01-01T00:00:00,5\n2026-01-01T01:00:00,4,3\n", "a.csv, row 3: has 3 columns and not 2"),
        ("ts,balance\n2026-01-01T00:00:00,5\n\n", "a.csv, row 3: has 0 columns and not 2"),
        ("ts,balance\n2026-01-01T00:00:00,1e99\n", "a.csv, row 2: balance '1e99' is not a number"),
        ("ts,balance\n2026-13-01T00:00:00,1\n", "a.csv, row 2: ts '2026-13-01T00:00:00' is not a moment"),
        ("balance\n5\n", "a.csv, row 1: has 'balance' in place of the columns ts,balance"),
    ],
)
def test_a_broken_file_is_named_with_its_row(tmp_path: Path, text: str, words: str) -> None:
    """One line: the file, the row, what is wrong and a form that works; exit code 65."""
    (tmp_path / "a.csv").write_text(text)
    ended = run(str(tmp_path), "--json")
    assert (ended.returncode, ended.stdout) == (65, "")
    assert ended.stderr.startswith(words)
    assert len(ended.stderr.splitlines()) == 1


def test_a_folder_without_files_is_named(tmp_path: Path) -> None:
    """Neither is an empty table."""
    for folder, words in ((tmp_path, "holds no CSV file"), (tmp_path / "none", "not a folder")):
        with pytest.raises(WrongFileError, match=words):
            read_folder(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"ts,balance\n{text}".encode()))
def test_any_bytes_are_a_series_or_a_clear_line(tmp_path: Path, content: bytes) -> None:
    """Never a traceback."""
    file = tmp_path / "any.csv"
    file.write_bytes(content)
    try:
        points = read_file(file)
    except WrongFileError as error:
        said = str(error)
    else:
        said = "any.csv: " + row("any", backtest(case_of("any", points)))[0]
    assert said.startswith("any.csv")


def test_a_moment_without_a_zone_is_utc(tmp_path: Path) -> None:
    """With one it is moved to UTC; rows need no order, and of two of one moment the later row counts."""
    file = tmp_path / "a.csv"
    file.write_text("balance,ts\n3,2026-01-01T10:00:00+08:00\n5,2026-01-01T01:00:00\n4,2026-01-01T02:00:00Z\n")
    assert [(point.taken_at.hour, point.total) for point in read_file(file)] == [(1, 5.0), (2, 4.0)]


def test_the_usual_errors_come_from_the_balances() -> None:
    """A row for each horizon, in order from the earliest to the latest."""
    *rows, unevenness = usual_errors([case_of("even", balances(60, sawtooth))]).splitlines()
    assert len(rows) == len(errors.HORIZONS)
    assert 0 < float(unevenness) < errors.USUAL_UNEVENNESS, "an even pace is less uneven than usual"
    for one in rows:
        numbers = [float(number) for number in one.strip("(),").split(",")]
        assert numbers == sorted(numbers)
        assert len(numbers) == 20


def test_a_series_can_be_judged_by_the_others_alone() -> None:
    """Its own errors are then not in the table, and the table is as before afterwards."""
    even = case_of("even", balances(60, sawtooth))
    rare = case_of("rare", balances(60, lambda hour: 200.0 - hour // 24 * 4 + hour // 960 * 200))
    before = errors.USUAL
    assert left_out([even, rare], 0) != left_out([even, even], 0)
    assert errors.USUAL is before
    endless = case_of("endless", balances(60, lambda _: 100.0))
    with pytest.raises(WrongFileError, match="No balance of these runs out"):
        left_out([even, endless], 0)
