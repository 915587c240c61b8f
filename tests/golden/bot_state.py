"""How the bot says it is: /status, its database, the board and the daily summary."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from telegram.error import Conflict, NetworkError

from bot.domain.accounts import CheckFailure, FailureKind, SourceState
from bot.domain.alerts import AlertRule
from bot.domain.boards import BoardTrouble
from bot.domain.chats import Chat
from bot.domain.clock_step import ClockStep
from bot.domain.database_trouble import DatabaseTrouble, Failing
from bot.domain.events import ReceiverState
from bot.domain.health import RefusedChat, Vitals, notes, overdue, problems, unreached_for
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.domain.subscription import ListedService, SubscriptionPage, asked
from bot.domain.summary import ComingDay, ComingKind, Listed, Summary, SummaryEvent
from bot.evaluation.blackout import blackout
from bot.features.board.text import OVER, board_message
from bot.features.database import text
from bot.telegram.sender import without_topic
from bot.telegram.text.replies import Status, status_message
from bot.telegram.text.services import watched_note
from bot.telegram.webhook import Webhook
from tests.golden import fleet, shown
from tests.golden.fleet import ACK, ALL, CRITICAL, FAR, FREE, INFO, MAIN, MUTE, WARNING, account, acted, paused_act
from tests.support import given
from tests.support.given import NOW, UTC_ZONE, ago

EVERY = timedelta(minutes=15)
WELL = Vitals(ago(minutes=2), NOW + EVERY, ago(minutes=15), 0, None, 0, 1.0, None)
LOCKED = Failing(DatabaseTrouble.LOCKED, "database is locked", 0, 0).words
HOST = "hooks.example.com"


def status(vitals: Vitals = WELL, **more: Any) -> str:
    """``/status`` of a bot with these vitals."""
    told = Status(
        version="1.2.3",
        uptime=timedelta(days=3, hours=4),
        check_every=EVERY,
        watched=12 if vitals.readable else None,
        last_round_at=vitals.last_round_at,
        waiting=vitals.waiting,
        oldest_waiting=NOW - vitals.waiting_since if vitals.waiting_since else None,
        refused=vitals.refused,
        nobody_told=unreached_for(vitals, NOW) is not None,
        backlog=overdue(vitals.backlog_since, NOW),
        polling=vitals.polling_trouble or "working",
        last_delivery_at=vitals.last_delivery_at,
        problems=tuple(problems(vitals, EVERY, NOW)),
        notes=vitals.polling_notes,
    )
    return shown.message(status_message(replace(told, **more), NOW, UTC_ZONE))


def healths() -> Mapping[str, str]:
    """What ``/healthz`` says in words: the problems (503), and the notes, with which it stays 200."""
    blocked = RefusedChat(Chat(123), "Forbidden: bot was blocked by the user", ago(minutes=43))
    states = {
        "well": WELL,
        "no round ended": replace(WELL, last_round_at=ago(hours=2), readable_until=ago(hours=1)),
        "late": replace(WELL, waiting=3, waiting_since=ago(minutes=5)),
        "a chat that refuses, another is told": replace(WELL, refused=(blocked,)),
        "a chat that refuses, nobody is told": replace(WELL, refused=(blocked,), unreached_since=ago(minutes=5)),
        "Telegram is silent": replace(WELL, polling_silent=300.0),
        "Telegram is away for a moment": replace(
            WELL, polling_silent=20.0, polling_trouble="Telegram cannot be reached"
        ),
        "given up": replace(WELL, failed=3),
        "all are paused": replace(WELL, all_paused=True, last_round_at=ago(days=1)),
    }

    def said(vitals: Vitals) -> str:
        lines = [f"problem: {one}" for one in problems(vitals, EVERY, NOW)]
        return "\n".join([*lines, *(f"note: {one}" for one in notes(vitals))]) or "(nothing)"

    return {name: said(vitals) for name, vitals in states.items()}


class OtherPrograms:
    """Telegram's answers about a webhook, as another program leaves them: by turns set and not, or not to be had."""

    def __init__(self, *urls: str | None) -> None:
        self._urls = list(urls)

    async def get_webhook_info(self) -> "OtherPrograms":
        """What is set now."""
        if self._urls[0] is None:
            raise NetworkError("Connection refused")
        return self

    @property
    def url(self) -> str:
        """The address."""
        return self._urls.pop(0) or ""

    async def delete_webhook(self) -> None:
        """Takes it away."""


def webhook(
    *urls: str | None, conflict: str = "Conflict: can't use getUpdates method while webhook is active"
) -> list[str]:
    """What the bot says at each conflict of the polling."""
    seconds = iter(range(0, 10_000, 600))
    told = Webhook(OtherPrograms(*urls), lambda: float(next(seconds)))  # type: ignore[arg-type]

    async def explained() -> list[str]:
        return [await told.explain(Conflict(conflict)) for _ in urls]

    return [*asyncio.run(explained()), *([told.note] if told.note else [])]


COUNTED = (ListedService("PixVerse API", 3, 1), ListedService("Runway AP", 1), ListedService("Kling API", None, 2))
WHOLE = (ListedService("PixVerse API", 3), ListedService("Riffusion API", 1))


def subscribed(
    *,
    active: bool = True,
    renewed_on: date | None = date(2026, 7, 1),
    services: tuple[ListedService, ...] | None = None,
    origin: str | None = None,
) -> SourceState:
    """What useapi.net says of a token, as it was read 12 minutes ago."""
    known = asked(SubscriptionPage(active, renewed_on, services), ago(minutes=12))
    return SourceState("pixverse", subscription=known, origin=origin)


def statuses() -> Mapping[str, str]:
    """``/status`` in each state."""
    blocked = RefusedChat(Chat(123), "Forbidden: bot was blocked by the user", ago(minutes=43), NOW.replace(minute=35))
    polling = replace(WELL, polling_silent=300.0, polling_trouble="Telegram cannot be reached: Connection refused")
    conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    (once, note), url = webhook(f"https://{HOST}/a-secret"), f"https://{HOST}/a-secret"
    dark = blackout(
        [
            account(name, at=ago(hours=1), outage=FailureKind.UNAUTHORIZED, said="Unauthorized").account
            for name in ("Ads", "Loop")
        ]
    )
    two = blackout(
        [account("A", outage=FailureKind.BROKEN).account, account("B", outage=FailureKind.UNAVAILABLE).account]
    )
    unread = SourceState(
        "pixverse", outage=CheckFailure(NOW, FailureKind.UNAVAILABLE, "Bad Gateway"), failing_since=ago(hours=1)
    )
    assert dark is not None
    assert two is not None
    back, off = (
        ClockStep(timedelta(hours=-2), ago(minutes=10)),
        ClockStep(timedelta(days=3), ago(minutes=10), while_off=True),
    )
    board = {Chat(-100222): BoardTrouble("Bad Request: not enough rights", ago(days=2))}
    return {
        "well": status(),
        "just started": status(
            replace(WELL, last_round_at=None, last_delivery_at=None), problems=(), uptime=timedelta(minutes=1)
        ),
        "some cannot be read": status(failing=("Studio", "Loop")),
        "a subscription": status(subscriptions=(subscribed(services=COUNTED),)),
        "a subscription without broken accounts": status(subscriptions=(subscribed(services=WHOLE),)),
        "two subscriptions, one is over": status(
            subscriptions=(
                subscribed(services=(), origin="studio"),
                subscribed(active=False, renewed_on=None, origin="film"),
            )
        ),
        "a subscription, not known": status(subscriptions=(SourceState("pixverse", subscription=asked(None, NOW)),)),
        "all services, not told": status(notes=(watched_note(["PixVerse"], remembered=False),)),
        "all services, not told any longer": status(notes=(watched_note(["PixVerse", "Kling"], remembered=True),)),
        "a failed round": status(blackout=dark, watched=2, failing=("Ads", "Loop")),
        "a failed round, for two reasons": status(blackout=two, watched=2, failing=("A", "B")),
        "its one account cannot be read": status(blackout=replace(dark, accounts=1), watched=1, failing=("Ads",)),
        "no round ended": status(replace(WELL, last_round_at=ago(hours=2), readable_until=ago(hours=1))),
        "a chat that refuses, another is told": status(replace(WELL, refused=(blocked,), waiting=1)),
        "a chat that refuses, nobody is told": status(
            replace(WELL, refused=(blocked,), waiting=1, unreached_since=ago(minutes=5))
        ),
        "a chat that refused a moment ago": status(replace(WELL, waiting=2, backlog_since=ago(minutes=5))),
        "the outbox is late": status(replace(WELL, waiting=3, waiting_since=ago(minutes=5))),
        "Telegram is away": status(polling),
        "Telegram is away, for a moment": status(replace(polling, polling_silent=20.0)),
        "another program polls": status(replace(polling, polling_trouble=webhook("", conflict=conflict)[0])),
        "the receiver of events is well": status(webhook=ReceiverState()),
        "the receiver of events is away": status(
            webhook=ReceiverState(12, ago(minutes=43), "answers 500", ago(minutes=42))
        ),
        "the receiver of events was away for a week": status(
            webhook=ReceiverState(12, ago(days=7), "cannot be reached: Connection refused", ago(days=9), 3)
        ),
        "the receiver of events was away for a week, and the bot has just started": status(
            webhook=ReceiverState(12, ago(days=7), dropped=3)
        ),
        "a webhook, taken away": status(replace(WELL, polling_trouble=once)),
        "a webhook, some time ago": status(replace(WELL, polling_notes=(note,))),
        "a webhook again": status(replace(polling, polling_trouble=webhook(url, url)[1])),
        "a webhook that is gone by itself": status(replace(polling, polling_trouble=webhook("")[0])),
        "a webhook whose address cannot be asked for": status(replace(polling, polling_trouble=webhook(None)[0])),
        "the database can be read, not written": status(
            replace(WELL, database=Failing(DatabaseTrouble.FULL, "No space left on device", 0, 0).words)
        ),
        "the database cannot be read": status(
            Vitals(
                None,
                None,
                None,
                None,
                None,
                None,
                1.0,
                None,
                database=Failing(DatabaseTrouble.DAMAGED, "", 0, 0).words,
                readable=False,
            )
        ),
        "the clock was set back": status(clock_step=back),
        "the clock was set while it was off": status(clock_step=off),
        "some are paused": status(paused=2, pauses=(paused_act("Film"), paused_act("Ads"))),
        "all are paused": status(replace(WELL, all_paused=True), paused=12, pauses=(paused_act(),)),
        "silences": status(silences=(acted(ACK, "Ads"), acted(MUTE, "Studio"), acted(ALL))),
        "a board that is stuck": status(boards=board),
        "no account is watched": status(watched=0),
        "no account is watched, the list cannot be read": status(watched=0, lists=(unread,)),
        "several sources, one of them without its list": status(lists=(replace(unread, origin="studio"),)),
    }


def databases() -> Mapping[str, str]:
    """What is said past the outbox of the bot's own database, and to who asks meanwhile."""
    said = {DatabaseTrouble.FULL: "No space left on device"}
    return {
        **{
            trouble.name.lower().replace("_", " "): shown.message(
                text.trouble_message(Failing(trouble, said.get(trouble, ""), 0, 0))
            )
            for trouble in DatabaseTrouble
        },
        "put back": shown.message(text.restored_message()),
        "usable again": shown.message(text.usable_message(timedelta(minutes=43))),
        "asked meanwhile": shown.message(text.answer_message(f"The database cannot be used just now: {LOCKED}")),
        "sent without its topic": without_topic(Chat(-100123, 46), "Bad Request: message thread not found"),
    }


def boards() -> Mapping[str, str]:
    """The board."""
    dark = [account(name, at=ago(hours=1), outage=FailureKind.UNAUTHORIZED) for name in ("Ads", "Loop")]
    many = [account(f"A rather long name of an account {number:03}") for number in range(120)]
    return {
        "no account": shown.message(board_message([], NOW, UTC_ZONE)),
        "one": shown.message(board_message([MAIN], NOW, UTC_ZONE)),
        "many": shown.message(board_message(fleet.FLEET, NOW, UTC_ZONE)),
        "all well": shown.message(board_message([MAIN, FREE], NOW, UTC_ZONE)),
        "at a known pace": shown.message(board_message(fleet.PACED, NOW, UTC_ZONE)),
        "each reason for a sign": shown.message(
            board_message(
                [
                    account("Pace", given.FULL, FAR, (AlertRule.SPIKE, WARNING)),
                    account("Runs", given.LOW, FAR, (AlertRule.RUNWAY, WARNING), foretold=fleet.OUT),
                    account("Gone", given.FULL, given.FREE, (AlertRule.PLAN, CRITICAL)),
                    account(
                        "Both",
                        given.VERY_LOW,
                        given.CANCELLED,
                        (AlertRule.CREDITS, CRITICAL),
                        (AlertRule.PLAN, WARNING),
                    ),
                ],
                NOW,
                UTC_ZONE,
            )
        ),
        "a job has a cost": shown.message(board_message(fleet.COSTLY, NOW, UTC_ZONE)),
        "read over a day": shown.message(board_message([MAIN, account("Old", at=ago(days=1))], NOW, UTC_ZONE)),
        "none can be read": shown.message(board_message(dark, NOW, UTC_ZONE)),
        "too many": shown.message(board_message(many, NOW, UTC_ZONE)).rpartition("🟢 ")[2],
        "over": OVER,
    }


def digest(**more: Any) -> str:
    """A daily summary."""
    made = Summary(**({"since": ago(days=1, hours=5, minutes=3)} | more))
    facts = Facts(summary=made, taken_at=NOW)
    return shown.notifications(Notification("digest", NotificationKind.DIGEST, INFO, facts=facts))


def digests() -> Mapping[str, str]:
    """The daily summary."""
    day = timedelta(days=1)
    return {
        "a full day": digest(
            accounts=12,
            need=2,
            unknown=1,
            paused=1,
            credits=31_200,
            spent_total=4_340.5,
            spent=Listed.of([("Studio", 2_900.0), ("Loop", 1_240.5), ("Ads", 200.0)]),
            refilled=Listed.of([("Main", 9_900.0)]),
            topped_up=Listed.of([("Loop", 500.0)]),
            lapsed=Listed.of([("Old", 300.0)]),
            plans=Listed.of([("Studio", "Premium", "Basic")]),
            begun_alerts=Listed.of(
                [
                    SummaryEvent("Studio", AlertRule.CREDITS, CRITICAL, over=False),
                    SummaryEvent("Loop", AlertRule.RUNWAY, WARNING, over=False),
                    SummaryEvent(None, AlertRule.FAILURES, CRITICAL, over=False),
                ]
            ),
            over_alerts=Listed.of([SummaryEvent("Main", AlertRule.CREDITS, INFO, over=True)]),
            coming=(
                ComingDay(NOW + timedelta(hours=3), ComingKind.RUNS_OUT, Listed.of(["Loop"])),
                ComingDay(NOW + day, ComingKind.ENDS, Listed.of(["Studio"])),
                ComingDay(NOW + day, ComingKind.REFILL, Listed.of(["Ads", "Main"])),
                ComingDay(NOW + 2 * day, ComingKind.CHANGES, Listed.of(["Demo"])),
                ComingDay(NOW + 3 * day, ComingKind.RENEWS, Listed.of(["Pilot"])),
            ),
        ),
        "a quiet day": digest(accounts=1, credits=500),
        "a job has a cost": digest(accounts=3, unknown=1, need=1, credits=31_200, jobs=891),
        "not enough for a job": digest(accounts=1, need=1, credits=30, jobs=0),
        "one account": digest(accounts=1, credits=500, spent_total=10, spent=Listed.of([("Studio", 10.0)])),
        "a bot two minutes old": digest(accounts=3, credits=9_000, begun=ago(minutes=2)),
        "a bot two minutes old that has read nothing": digest(accounts=3, unknown=3, known=False),
        "read for the first time yesterday": digest(
            accounts=3, credits=9_000, spent_total=10, spent=Listed.of([("Studio", 10.0)]), begun=ago(hours=20)
        ),
        "nothing could be read": digest(accounts=3, unknown=3, need=3, begun=None),
        "not all could be read": digest(accounts=3, unknown=1, need=1, credits=500),
        "one is paused": digest(accounts=2, paused=1, credits=500),
        "all are paused": digest(accounts=2, paused=2),
        "so many that not all are named": digest(
            accounts=60,
            credits=9_000,
            spent_total=sum(float(1_000 - number) for number in range(60)),
            spent=Listed.of([(f"Account {number:02}", float(1_000 - number)) for number in range(60)]),
            coming=(ComingDay(NOW + day, ComingKind.REFILL, Listed.of([f"Account {n:02}" for n in range(60)])),),
        ),
    }
