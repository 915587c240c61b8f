"""The soak's arithmetic, and a small soak of the real bot."""

from pathlib import Path
from random import Random

import pytest

from bench.soak.clock import START, FastClock
from bench.soak.fleet import settle
from bench.soak.gauges import AFTER_HISTORY, GAUGES, Sample
from bench.soak.picture import Drawing
from bench.soak.report import FLAT, GROWS, TOO_SHORT, judge, told, warm_up
from bench.soak.run import Plan, Soak, counters
from bench.soak.slope import theil_sen, trend
from bot.features.history.drawing import PNG
from bot.simulator.pixverse import SimulatedPixVerse

SPEED = 200.0


def wander(seed: int, length: int = 900) -> list[float]:
    """Noise whose neighbours are alike, as memory's are."""
    rng, at, values = Random(seed), 0.0, []
    for _ in range(length):
        at = 0.9 * at + rng.gauss(0, 1)
        values.append(100 + at)
    return values


def seconds(values: list[float]) -> list[float]:
    """One value a second."""
    return [float(second) for second in range(len(values))]


def samples(length: int, grows: str) -> list[Sample]:
    """A soak in which one gauge climbs by five a minute."""
    return [
        Sample(float(at), {gauge.key: 50.0 + (at / 12 if gauge.key == grows else at % 2) for gauge in GAUGES})
        for at in range(length)
    ]


def test_slope_of_a_line() -> None:
    """The slope is the line's, whatever a few spikes do."""
    values = [2.0 * second for second in range(40)]
    values[7] = values[31] = 900.0
    assert theil_sen(seconds(values), values) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("seed", range(4))
def test_noise_does_not_grow(seed: int) -> None:
    """A series without a trend is flat, though neighbouring values are alike."""
    values = wander(seed)
    assert not trend(seconds(values), values).grows(grain=2.0)


@pytest.mark.parametrize("seed", range(4))
def test_a_leak_in_noise_grows(seed: int) -> None:
    """A leak as high as the noise within a quarter of an hour is seen, and its slope is about right."""
    values = [value + 6 * second / 900 for second, value in enumerate(wander(seed))]
    found = trend(seconds(values), values)
    assert found.grows(grain=2.0)
    assert 3 < found.growth < 9


def test_a_trifle_does_not_grow() -> None:
    """What grows by less than is worth a word is flat, however sure it is."""
    values = [second / 1000 for second in range(100)]
    found = trend(seconds(values), values)
    assert found.slope > found.noise
    assert not found.grows(grain=1.0)


def test_what_falls_does_not_grow() -> None:
    """Memory given back is no leak."""
    values = [500.0 - second for second in range(100)]
    assert not trend(seconds(values), values).grows(grain=0.0)


def test_warm_up_lasts_until_the_history_is_full() -> None:
    """Judging begins once as much is dropped as comes, and never within the first third."""
    assert warm_up(3600, SPEED) == (1200, True)
    assert warm_up(720, SPEED) == (540, True)
    assert warm_up(360, SPEED) == (120, False)


def test_each_gauge_has_a_verdict() -> None:
    """Only what grows is said to grow, and a run that is too short says nothing of what the history fills."""
    processor = {line.gauge.key: line.verdict for line in judge(samples(300, "files"), 300, SPEED)}
    assert processor.pop("files") == GROWS
    assert {processor.pop(key) for key in AFTER_HISTORY} == {TOO_SHORT}
    assert set(processor.values()) == {FLAT}


def test_a_database_that_grows_is_said_to() -> None:
    """Once the history is full, the database is judged like the rest."""
    processor = {line.gauge.key: line.verdict for line in judge(samples(720, "database"), 720, SPEED)}
    assert processor["database"] == GROWS


def test_counters_are_summed_over_labels() -> None:
    """The counts that the soak prints are those of /metrics."""
    page = '# HELP a_total x\na_total{result="ok"} 3.0\na_total{result="gone"} 2.0\nb 7.0\n'
    assert counters(page) == {"a_total": 5, 'a_total{result="ok"}': 3, 'a_total{result="gone"}': 2}


def test_one_seed_makes_one_fleet() -> None:
    """A soak can be repeated: the same seed brings the same accounts, another one others."""

    def fleet(seed: int) -> list[str]:
        pixverse = SimulatedPixVerse("token", lambda: START)
        settle(pixverse, Random(seed), 20)
        return [repr(account) for account in pixverse.accounts.values()]

    assert fleet(1) == fleet(1) != fleet(2)


def test_the_clock_is_fast() -> None:
    """Each real second brings so many simulated ones, the same for whoever counts from the same zero."""
    clock = FastClock(10.0, SPEED, timer=lambda: 13.0)
    assert (clock() - START).total_seconds() == 600


async def test_a_small_soak(tmp_path: Path) -> None:
    """The real bot lives through a soak, is measured each second, and ends as told; what came of it can be drawn."""
    plan = Plan(2, accounts=8, trouble_every=0.5, question_every=0.3, silence_every=1)
    result = await Soak(plan).run()
    assert result.exit_code == 0
    assert "CRITICAL" not in result.log
    assert all(sample.values["rss"] > 10 for sample in result.samples)
    assert result.counted['credit_bot_checks_total{result="ok"}'] > 0
    lines = judge(result.samples, plan.seconds, plan.speed)
    assert "memory (RSS)" in told(result, plan, lines)
    Drawing(result.samples, lines, plan.seconds, plan.speed).save(tmp_path / "soak.png", "small")
    assert (tmp_path / "soak.png").read_bytes().startswith(PNG)
