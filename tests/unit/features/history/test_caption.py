"""``/history`` in words: what may be asked, what the caption tells, and sentences in place of a picture."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.history_arguments import HistoryRequest, parse_history
from bot.domain.accounts import Account, CheckFailure, FailureKind, ForecastRecord, ForecastSummary, Pause, Reading
from bot.domain.alerts import Alert, AlertRule, Severity
from bot.domain.credit_changes import Point
from bot.domain.history import PAUSED, Gap
from bot.domain.notifications import Watched
from bot.domain.rules import Threshold
from bot.features.history.caption import LONGEST_CAPTION
from bot.features.history.chart import MOST_PANELS, Chart, Downsampler, ForecastBand, Recorded, Series
from bot.features.history.text import AccountPast, choose, draw_history, past_of, picture
from bot.support.errors import ChartError
from bot.telegram.text.layout import Message
from bot.telegram.text.sanitize import utf16_len
from tests.support.given import LOW, NONE_LEFT, NOW, UTC_ZONE, ago

WEEK = timedelta(days=7)
LADDER = (Threshold(20, percent=True), Threshold(5, percent=True), Threshold(0))


def watched(
    label: str | None = "Studio", email: str = "alice@example.com", severity: Severity | None = None
) -> Watched:
    """An account with 2,900 of 15,000 credits, read just now."""
    key = f"pixverse:{email}"
    account = Account(key, "pixverse", email, label, Reading(NOW, LOW), looked_at=NOW, allowance=15_000)
    return Watched(account, (Alert(key, AlertRule.CREDITS, 1, severity=severity),) if severity else ())


STUDIO = watched()
LOOP = watched("Loop", "loop@example.com")
SEVEN = watched("7d", "seven@example.com")


@pytest.mark.parametrize(
    ("words", "names", "days"),
    [
        ("", ["Studio", "Loop"], 7),
        ("30d", ["Studio", "Loop"], 30),
        ("all 90D", ["Studio", "Loop"], 90),
        ("studio", ["Studio"], 7),
        ("studio 90d", ["Studio"], 90),
        (" 30d   LOOP ", ["Loop"], 30),
        ("30d loop 30d", ["Loop"], 30),
        ("alice@example.com", ["Studio"], 7),
    ],
)
def test_an_account_and_a_span_in_any_order(words: str, names: list[str], days: int) -> None:
    """Either, both or none may be given, in any case."""
    request = parse_history(words, [STUDIO, LOOP])
    assert isinstance(request, HistoryRequest)
    assert [one.account.name for one in request.watched] == names
    assert request.span == timedelta(days=days)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("studio 14d", "“14d” is not a span. Try /history Studio 7d, or 30d, 90d."),
        ("7", "“7” is not a span. Try /history Studio 7d"),
        ("2weeks", "“2weeks” is not a span."),
        ("7d 30d", "“7d 30d” is not a span."),
        ("nobody", "No single account is called “nobody”. Say /history Studio 7d, or one of: Studio, Loop."),
        ("example.com 7d", "“example.com” fits 2 accounts. Which one?"),
    ],
)
def test_wrong_words_get_an_example_that_works(words: str, says: str) -> None:
    """What is wrong is named, and the example can be sent as it stands."""
    answer = parse_history(words, [STUDIO, LOOP])
    assert isinstance(answer, Message)
    assert answer.text.startswith(says)
    example = answer.text.split("/history ")[1].split(",")[0]
    assert isinstance(parse_history(example, [STUDIO, LOOP]), HistoryRequest)


def test_an_account_called_like_a_span_is_found() -> None:
    """Labels are free; a whole name is that account."""
    request = parse_history("7d", [SEVEN, LOOP])
    assert isinstance(request, HistoryRequest)
    assert request.watched == (SEVEN,)


@given(st.text(max_size=60))
def test_any_words_get_an_answer(words: str) -> None:
    """Whatever is typed: a request or a message, never an error; without accounts, what to do."""
    assert isinstance(parse_history(words, [STUDIO, LOOP]), HistoryRequest | Message)
    assert isinstance(parse_history(words, []), Message)


class Easel:
    """Draws nothing, and keeps what it was given; or fails in words."""

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble
        self.given: list[Chart] = []

    async def draw(self, picture: Chart) -> bytes:
        """Keeps the picture."""
        self.given.append(picture)
        if self.trouble:
            raise ChartError(self.trouble)
        return b"png"


def trace(*steps: tuple[datetime, float], package: float = 0) -> Series:
    """An account's way: monthly credits at each moment; at the last one perhaps bought ones too."""
    tracer = Downsampler((NOW - WEEK).timestamp(), NOW.timestamp())
    for at, monthly in steps:
        tracer.add(Point(at, monthly, 0, 0, 15_000, refresh_at=ago(days=3, hours=13, minutes=15)))
    if package:
        tracer.add(Point(NOW, steps[-1][1], 0, package, 15_000))
    return tracer.trace()


REFILLED = trace(
    (ago(days=8), 900), (ago(days=5), 180), (ago(days=3, hours=13, minutes=15), 15_000), (ago(hours=2), 2900)
)
"""720 spent, refilled on Friday 00:48, 12,100 spent."""


async def drawn(
    *pasts: AccountPast, easel: Easel | None = None, left_out: tuple[Watched, ...] = ()
) -> tuple[bytes | None, str]:
    """The picture and the words of a week."""
    png, message = await draw_history(easel or Easel(), pasts, left_out, WEEK, NOW, UTC_ZONE)
    assert utf16_len(message.text) <= LONGEST_CAPTION
    return png, message.text


async def test_the_caption_says_what_the_picture_shows() -> None:
    """Who, now, what was spent, when it was refilled, the lowest point, when nothing was known, and the forecast."""
    gaps = (Gap(ago(days=2).timestamp(), ago(days=2, hours=-2).timestamp(), "broken"),)
    png, words = await drawn(AccountPast(STUDIO, REFILLED, gaps, LADDER, forecast="runs out Thu 14:00–19:00"))
    assert png == b"png"
    assert words.splitlines() == [
        "Studio, last 7 days: now 2,900 (19 %)",
        "Spent 12,820, refilled Fri 00:48.",
        "Lowest 180 on Wed 14:03.",
        "Not read for 2 h (session broken).",
        "Runs out Thu 14:00–19:00.",
    ]


async def test_what_was_bought_is_told_with_its_number() -> None:
    """A top-up says how much; nothing spent is said, not left out."""
    _, words = await drawn(AccountPast(STUDIO, trace((ago(days=2), 500), package=5000)))
    assert "Nothing spent, topped up +5,000 today 14:03." in words


async def test_an_old_number_does_not_pass_for_a_fresh_one() -> None:
    """An account that cannot be read is unknown, with its last number's age; the gap goes on to the right edge."""
    outage = CheckFailure(NOW, FailureKind.BROKEN)
    account = replace(
        STUDIO.account,
        outage=outage,
        failures=3,
        failing_since=ago(hours=1),
        reading=replace(STUDIO.account.reading or Reading(NOW, LOW), taken_at=ago(hours=2)),
    )
    easel = Easel()
    _, words = await drawn(AccountPast(replace(STUDIO, account=account), REFILLED), easel=easel)
    assert words.startswith("Studio, last 7 days: unknown · last 2,900 at 12:03, 2 h ago: session broken\n")
    assert "Not read for 1 h (session broken)." in words
    (panel,) = easel.given[0].panels
    assert panel.stale
    assert panel.gaps == (Gap(ago(hours=1).timestamp(), NOW.timestamp(), "broken"),)
    assert panel.lines[-1][-1][0] == ago(hours=1).timestamp()


async def test_several_accounts_have_a_line_each_and_those_left_out_are_named() -> None:
    """The most urgent come first; who is not drawn is told how to be."""
    many = [watched(f"Account {number}", f"{number}@example.com") for number in range(MOST_PANELS)]
    urgent = watched("Urgent", "u@example.com", Severity.CRITICAL)
    chosen, left_out = choose([*many, LOOP, urgent])
    assert (chosen[0], len(chosen), len(left_out)) == (urgent, MOST_PANELS, 2)
    png, words = await drawn(*(AccountPast(one, REFILLED) for one in chosen), left_out=left_out)
    lines = words.splitlines()
    assert png
    assert lines[0] == "12 accounts, last 7 days, the most urgent first"
    assert lines[1] == "Urgent: now 2,900 (19 %), spent 12,820"
    assert lines[-1] == "2 accounts not drawn: Account 9, Loop. /history Account 9 draws one."


@pytest.mark.parametrize(
    ("way", "says"),
    [
        (trace((ago(hours=2), 2900)), "Known and unchanged since 12:03."),
        (trace((ago(days=20), 2900)), "Unchanged all the time."),
        (Series(), "Known and unchanged since 14:03."),
    ],
)
async def test_what_has_not_changed_is_a_flat_line(way: Series, says: str) -> None:
    """One number is drawn with its thresholds, also where its rows are gone; the caption says that it is the same."""
    easel = Easel()
    png, words = await drawn(past_of(STUDIO, Recorded(way, ladder=LADDER), NOW, UTC_ZONE), easel=easel)
    assert png
    assert words.splitlines()[:2] == ["Studio, last 7 days: now 2,900 (19 %)", says]
    (panel,) = easel.given[0].panels
    assert [level for line in panel.lines for _, level in line] in ([2900, 2900], [])
    assert panel.rungs


async def test_without_any_reading_there_is_a_sentence() -> None:
    """Where there is nothing to draw, no process is started."""
    easel, account = Easel(), replace(STUDIO.account, reading=None, looked_at=None)
    png, words = await drawn(AccountPast(Watched(account), Series()), easel=easel)
    assert (png, easel.given) == (None, [])
    assert words.splitlines()[0] == "Studio, last 7 days: not read yet"


async def test_a_picture_that_cannot_be_drawn_leaves_the_words() -> None:
    """Without the library, or when drawing fails, the caption still answers, and says why there is no picture."""
    png, words = await drawn(AccountPast(STUDIO, REFILLED), easel=Easel("Pictures need matplotlib."))
    assert png is None
    assert "Spent 12,820" in words
    assert words.endswith("\nPictures need matplotlib.")


def test_what_is_foretold_becomes_a_fan_and_words() -> None:
    """A fresh forecast is drawn and said, briefly on the picture; an old one is neither."""
    refill, later = NOW + timedelta(days=3), NOW + timedelta(days=2)
    told = ForecastSummary(
        NOW, 2900, useful=True, lasts=False, before=True, earliest=later, latest=later, boundary=refill
    )
    one = Watched(replace(STUDIO.account, foretold=told))
    past = past_of(one, Recorded(REFILLED), NOW, UTC_ZONE)
    assert past.fan == ForecastBand(later.timestamp(), None, later.timestamp(), refill.timestamp())
    assert past.forecast.startswith("runs out Wed 14:00–15:00, before the refill on Thu")
    assert picture([past], WEEK, NOW, UTC_ZONE).panels[0].note == "Runs out Wed 14:00–15:00", "the whole has no room"
    lasts = Watched(replace(STUDIO.account, foretold=replace(told, lasts=True, before=False, unused=900.0)))
    past = past_of(lasts, Recorded(REFILLED), NOW, UTC_ZONE)
    assert past.forecast.endswith("About 900 will then be unused")
    (panel,) = picture([past], WEEK, NOW, UTC_ZONE).panels
    assert panel.note.startswith("Lasts past the refill on Thu")
    assert "unused" not in panel.note
    old = past_of(one, Recorded(REFILLED), NOW + timedelta(hours=7), UTC_ZONE)
    assert (old.fan, old.forecast) == (None, "")


def test_the_record_of_the_ranges_stands_in_caption_and_picture() -> None:
    """After the forecast and in fewer words on the picture; with fewer than five ranges, or none now, nothing."""
    told = ForecastSummary(
        NOW, 2900, useful=True, lasts=False, before=True, earliest=NOW + timedelta(days=2), boundary=NOW + WEEK
    )

    def shown(foretold: ForecastSummary) -> tuple[str, str]:
        one = Watched(replace(STUDIO.account, foretold=foretold))
        past = past_of(one, Recorded(REFILLED), NOW, UTC_ZONE)
        return past.forecast, picture([past], WEEK, NOW, UTC_ZONE).panels[0].note

    words, note = shown(replace(told, record=ForecastRecord(NOW, 8, 10)))
    assert words.endswith(". Such ranges held 8 of the last 10 times here")
    assert note == "Runs out Wed 14:00 or later · held 8 of 10 here"
    for silent in (
        told,
        replace(told, record=ForecastRecord(NOW, 4, 4)),
        replace(told, record=ForecastRecord(NOW, 8, 10), lasts=True, before=False),
    ):
        words, note = shown(silent)
        assert "held" not in words + note


def test_the_picture_has_all_that_is_to_be_shown() -> None:
    """Thresholds as levels, the forecast as a fan and a sentence, the severity, names to be drawn."""
    fan = ForecastBand(NOW.timestamp() + 3600)
    past = AccountPast(watched(severity=Severity.WARNING), REFILLED, (), LADDER, fan, "runs out tomorrow")
    (panel,) = picture([past], WEEK, NOW, UTC_ZONE).panels
    assert (panel.name, panel.spare, panel.total, panel.severity) == ("Studio", "alice@example.com", 2900, "warning")
    assert (panel.share, panel.note, panel.fan) == ("19 % of 15,000", "Runs out tomorrow", fan)
    assert [rung.level for rung in panel.rungs] == [3000, 750, 0]
    several = picture([past, past], WEEK, NOW, UTC_ZONE)
    assert (several.title, several.panels[0].share, several.panels[0].note) == ("2 accounts, last 7 days", "19 %", "")


async def test_nothing_left_is_told_plainly() -> None:
    """An account that is out has no share to show."""
    account = replace(STUDIO.account, reading=Reading(NOW, NONE_LEFT))
    _, words = await drawn(AccountPast(Watched(account), trace((ago(days=2), 50), (ago(days=1), 0))))
    assert words.splitlines()[0] == "Studio, last 7 days: now 0"


@given(st.text(max_size=80), st.text(max_size=80), st.integers(1, MOST_PANELS))
async def test_names_of_any_content_stay_within_the_caption(label: str, email: str, count: int) -> None:
    """However long or strange the names are, Telegram takes the caption."""
    one = watched(label, email)
    await drawn(*[AccountPast(one, REFILLED)] * count, left_out=(one,) * 30)


async def test_a_pause_is_a_gap_that_somebody_wished() -> None:
    """In the caption it is a pause, not a failure; one that lasts goes on to the right edge, and the number is old."""
    past = (
        Gap(ago(days=3).timestamp(), ago(days=3, hours=-2).timestamp(), "broken"),
        Gap(ago(days=2).timestamp(), ago(days=2, hours=-3).timestamp(), PAUSED),
    )
    account = replace(
        STUDIO.account,
        pause=Pause("", ago(hours=1), NOW + timedelta(hours=1), "Kim"),
        reading=replace(STUDIO.account.reading or Reading(NOW, LOW), taken_at=ago(hours=2)),
    )
    easel = Easel()
    _, words = await drawn(AccountPast(replace(STUDIO, account=account), REFILLED, past), easel=easel)
    assert words.splitlines()[0] == (
        "Studio, last 7 days: paused until today 15:03 · last 2,900 (19 %) at 12:03, 2 h ago"
    )
    assert "Not read for 2 h (session broken), paused for 4 h in 2 gaps." in words
    (panel,) = easel.given[0].panels
    assert panel.stale
    assert panel.gaps[-1] == Gap(ago(hours=1).timestamp(), NOW.timestamp(), PAUSED)
