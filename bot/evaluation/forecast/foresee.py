"""Forecasts from an account's past: the one worth showing, and what it does to alerts."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.accounts import Account, ForecastRecord, ForecastSummary, Number
from bot.domain.alerts import Alert, AlertRule
from bot.domain.credit_changes import Point
from bot.domain.history import Span
from bot.domain.rules import Rules
from bot.evaluation.alert_state import transition
from bot.evaluation.evaluate import Alerts, AlertUpdate, Audience, account_facts, update
from bot.evaluation.forecast.record import record_of
from bot.evaluation.forecast.run_out import ENOUGH_TO_LAST, Forecast, outlook
from bot.evaluation.forecast.runway import runway_standing
from bot.evaluation.forecast.spike import spike, spike_standing

HISTORY = timedelta(days=42)
"""How much past a forecast uses."""

FRESH_FOR = timedelta(hours=6)
"""An older forecast is not shown."""

SURPRISE, PACE_MARGIN = 0.1, 3.0
"""The share of the credits, and the multiple of the usual pace, by which a reading can lie below a forecast."""

MAKE_EVERY = timedelta(minutes=30)
"""A forecast changes little from one check to the next, and costs some milliseconds."""


RECORD_EVERY = timedelta(days=1)
"""A record changes by a range a day, and costs many forecasts."""


def add_point(past: list[Point], point: Point) -> None:
    """Adds a reading to those of a forecast, in place of one of the same minute.

    A forecast counts by hours, and more readings only take more time.
    """
    if past and point.taken_at.replace(second=0, microsecond=0) <= past[-1].taken_at:
        past.pop()
    past.append(point)


def foretold_of(account: Account, full: Forecast | None) -> ForecastSummary | None:
    """A forecast as it is stored and shown."""
    if full is None or account.reading is None:
        return None
    return ForecastSummary(
        made_at=full.taken_at,
        total=account.reading.credits.total,
        useful=full.is_useful,
        lasts=full.before_refill is False,
        before=full.before_refill,
        earliest=full.earliest,
        median=full.median,
        latest=full.latest,
        boundary=full.boundary,
        lapses=full.lapses,
        unused=full.unused,
        unused_least=full.left.least if full.left else None,
        unused_most=full.left.most if full.left else None,
        per_day=full.per_day,
        per_day_lately=full.per_day_lately if full.days >= ENOUGH_TO_LAST else None,
    )


def told_now(account: Account, now: datetime) -> ForecastSummary | None:
    """The forecast while it holds, if it is narrow enough to plan by; else None."""
    foretold = holding(account, now)
    return foretold if foretold and foretold.useful else None


def holding(account: Account, now: datetime) -> ForecastSummary | None:
    """The forecast while it holds, however wide; None if there is none.

    It does not hold in a pause, after a failure, after its end, after six hours, or after a reading that contradicts
    it.
    """
    foretold, reading = account.foretold, account.reading
    if foretold is None or reading is None or account.outage is not None or account.pause:
        return None
    old = not timedelta(0) <= now - foretold.made_at <= FRESH_FOR
    over = foretold.boundary is not None and foretold.boundary <= now
    missed = not foretold.lasts and foretold.latest is not None and foretold.latest <= now
    return (
        None if old or over or missed or is_overtaken(foretold, reading.credits.total, reading.taken_at) else foretold
    )


def is_overtaken(foretold: ForecastSummary, total: Number, at: datetime) -> bool:
    """True if the credits of a later reading contradict a forecast: more is left, nothing is, or far less.

    Far less is a tenth of what there was, and three times what the usual pace takes in the time between.
    """
    if total <= 0 or total > foretold.total:
        return total != foretold.total
    days = max((at - foretold.made_at) / timedelta(days=1), 0.0)
    return foretold.total - total > SURPRISE * foretold.total + PACE_MARGIN * foretold.per_day * days


def foretold_ends(accounts: Iterable[Account], now: datetime) -> dict[str, datetime]:
    """The earliest moment at which credits run out, by key, for accounts whose forecast has one."""
    told = {account.key: told_now(account, now) for account in accounts}
    return {key: one.earliest for key, one in told.items() if one and not one.lasts and one.earliest}


def foresee(
    account: Account,
    past: Sequence[Point],
    alerts: Alerts,
    rules: Rules,
    audience: Audience,
    now: datetime,
    unseen: Sequence[Span] = (),
) -> tuple[Account, list[AlertUpdate]]:
    """The account with its forecast, and the updates of its alerts on runway and pace."""
    full = outlook(account, past, now, unseen)
    foretold = foretold_of(account, full)
    if foretold is not None:
        foretold = replace(foretold, record=fresh_record(account, past, now, unseen))
    foreseen = replace(account, foretold=foretold)
    standings = {
        AlertRule.RUNWAY: runway_standing(full, rules.runs_out_within, now),
        AlertRule.SPIKE: spike_standing(spike(account, past, now, unseen)) if rules.runs_out_within else None,
    }
    updates = []
    for measure, standing in standings.items():
        alert = alerts.get(measure) or Alert(account.key, measure)
        decision = transition(alert, standing, rules.remind_every, now)
        facts = account_facts(foreseen, decision.alert, standing, since=alert.since)
        updates.append(update(decision.alert, decision.reason, facts, audience, now))
    return foreseen, updates


def fresh_record(account: Account, past: Sequence[Point], now: datetime, unseen: Sequence[Span]) -> ForecastRecord:
    """How often such ranges held: as stored with the last forecast, or counted again once a day."""
    before = account.foretold.record if account.foretold else None
    if before is not None and timedelta(0) <= now - before.made_at < RECORD_EVERY:
        return before
    return record_of(account, past, now, unseen)
