"""A made-up week of one account: what ``/history`` looks like, drawn by the bot's own parts for the README."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.accounts import Account, Credits, Plan, Reading
from bot.domain.credit_changes import Point
from bot.domain.history import Gap
from bot.domain.notifications import Watched
from bot.domain.rules import Threshold
from bot.evaluation.forecast.foresee import foretold_of
from bot.evaluation.forecast.run_out import outlook
from bot.features.history.chart import Downsampler, band_of
from bot.features.history.drawing import ChartRenderer
from bot.features.history.text import AccountPast, draw_history, slots_for
from bot.telegram.text.forecast import short_forecast

NOW = datetime(2026, 7, 21, 9, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
SPAN = timedelta(days=7)
REFILL, TOP_UP = datetime(2026, 7, 16, 8, 0, tzinfo=UTC), datetime(2026, 7, 19, 7, 0, tzinfo=UTC)
NEXT_REFILL = datetime(2026, 8, 16, 8, 0, tzinfo=UTC)
GAP = datetime(2026, 7, 17, 12, 30, tzinfo=UTC), datetime(2026, 7, 18, 3, 15, tzinfo=UTC)
LADDER = (Threshold(20, percent=True), Threshold(5, percent=True), Threshold(0))
ALLOWANCE, DAILY = 15_000, 60


def points() -> Iterator[Point]:
    """Three weeks of hourly readings: jobs by day, more on Mondays, a refill and a top-up."""
    monthly, package = 9_800.0, 0.0
    when = NOW - timedelta(days=21)
    while when <= NOW:
        if when == REFILL:
            monthly = ALLOWANCE
        if when == TOP_UP:
            package = 2_000.0
        busy = 7 <= when.hour < 17
        spent = (170.0 if when.weekday() == 0 else 95.0 + 7 * (when.hour % 3)) if busy else 0.0
        monthly = max(monthly - spent, 0.0)
        if not GAP[0] <= when < GAP[1]:
            yield Point(when, monthly, 0, package, ALLOWANCE, DAILY, NEXT_REFILL if when >= REFILL else REFILL)
        when += timedelta(hours=1)


def past() -> AccountPast:
    """The week with everything that a picture shows."""
    read = list(points())
    last = read[-1]
    credits = Credits(last.monthly, 0, last.package, ALLOWANCE, DAILY, NEXT_REFILL)
    plan = Plan("Premium - Monthly", "Premium - Monthly", ends_at=NEXT_REFILL)
    account = Account("pixverse:studio", "pixverse", "studio@example.com", "Studio", Reading(NOW, credits, plan))
    account = with_forecast(account, read)
    tracer = Downsampler((NOW - SPAN).timestamp(), NOW.timestamp(), slots_for(1))
    for point in read:
        tracer.add(point)
    gap = Gap(GAP[0].timestamp(), GAP[1].timestamp(), "unavailable")
    words = short_forecast(account, NOW, ZONE)
    return AccountPast(Watched(account), tracer.trace(), (gap,), LADDER, band_of(account.foretold), words)


def with_forecast(account: Account, read: list[Point]) -> Account:
    """The account with what its past foretells."""
    known = replace(account, looked_at=NOW, allowance=ALLOWANCE, daily_allowance=DAILY)
    return replace(known, foretold=foretold_of(known, outlook(known, read, NOW)))


async def picture() -> bytes:
    """The picture, as the bot sends it."""
    drawing = ChartRenderer()
    try:
        png, _ = await draw_history(drawing, [past()], [], SPAN, NOW, ZONE)
    finally:
        drawing.close()
    if png is None:
        raise SystemExit("The history could not be drawn.")
    return png
