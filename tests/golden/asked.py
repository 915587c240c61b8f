"""What a chat can ask, and what it is answered: every command with its right and wrong forms, and every button."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.commands import callbacks, registry
from bot.domain.accounts import CheckFailure, FailureKind, ForecastRecord, LeftOut, SourceState, Unit
from bot.domain.alerts import Alert, AlertRule, Severity
from bot.domain.boards import BoardStatus, BoardTrouble
from bot.domain.chats import Chat
from bot.domain.history import Gap
from bot.domain.jobs import RefusedJobs, Slots
from bot.domain.notifications import Delivery, Watched
from bot.domain.past_alerts import PastAlert
from bot.support.errors import ChartError
from bot.telegram.text.account_card import account_tag
from bot.telegram.text.account_list import SourceAlert
from bot.telegram.text.alert_log import NamedAlert
from bot.telegram.text.layout import Button, Message, with_note
from bot.telegram.text.pauses import act_of
from bot.telegram.text.replies import (
    NOTES,
    Reloaded,
    not_allowed,
    only_commands,
    stranger_start,
    unknown_button,
    went_wrong,
)
from tests.golden import fleet, shown
from tests.golden.fleet import (
    ACK,
    ADS,
    ALL,
    CRITICAL,
    ENDS,
    FAR,
    FILM,
    FREE,
    HERE,
    INFO,
    LOOP,
    MAIN,
    MUTE,
    PAUSE,
    SNOOZE,
    STUDIO,
    WARNING,
    Scope,
    account,
    acted,
    key_of,
    paused_act,
)
from tests.support import given
from tests.support.given import NOW, UTC_ZONE, ago, sent

NEXT = "\n· · ·\n"
"""Between two messages of one answer."""

PICTURE = "[picture]\n"
GROUP = Chat(-100222)
HUNDRED = [account(f"Account {number:02}") for number in range(45)]


def answer(text: str, *accounts: Watched, chat: Chat = HERE, **answers: object) -> str:
    """All that a chat is sent for a command; it knows these accounts, or else the whole fleet."""
    knows = {"accounts": list(accounts)} if accounts else {}
    return asyncio.run(answered(text, Scope(**(knows | answers)), chat))  # type: ignore[arg-type]


async def answered(text: str, scope: Scope, chat: Chat) -> str:
    """The same, of one that answers."""
    said: list[str] = []

    async def say(message: Message) -> None:
        said.append(shown.message(message))

    async def show(draw: Callable[[], Awaitable[registry.Drawn]]) -> None:
        picture, words = await draw()
        said.append(f"{PICTURE if picture else ''}{shown.message(words)}")

    name, _, words = text.removeprefix("/").partition(" ")
    command = registry.BY_NAME.get(name)
    if command is None:
        return shown.message(registry.unknown(name))
    await command.handler(registry.CommandContext(words, "Kim", chat, "credit_bot", scope, UTC_ZONE, say, show))
    return NEXT.join(said) or "(nothing)"


def credits_() -> Mapping[str, str]:
    """``/credits``."""
    shut = {"outage": FailureKind.UNAUTHORIZED, "said": "Unauthorized"}
    unread = SourceState(
        "pixverse", outage=CheckFailure(NOW, FailureKind.UNAVAILABLE, "Bad Gateway"), failing_since=ago(hours=1)
    )
    empty = replace(asyncio.run(Scope().status()), watched=0, lists=(unread,))
    perhaps = replace(unread, absent_since=ago(hours=1))
    dark = [replace(account(name, given.LOW, FAR, at=ago(hours=1), **shut)) for name in ("Ads", "Loop", "Main")]  # type: ignore[arg-type]
    two = [account("Ads", outage=FailureKind.BROKEN, at=ago(hours=1)), account("Loop", outage=FailureKind.UNAVAILABLE)]
    mild = account("Mild", replace(given.LOW, monthly=1_050), FAR, (AlertRule.CREDITS, INFO))
    return {
        "no account": answer("/credits", accounts=[]),
        "no account, its list cannot be read": answer("/credits", accounts=[], how=empty),
        "no account, its list answers 404": answer("/credits", accounts=[], how=replace(empty, lists=(perhaps,))),
        "one": answer("/credits", STUDIO),
        "one, well": answer("/credits", MAIN),
        "one that cannot be read": answer("/credits", LOOP),
        "few": answer("/credits", MAIN, STUDIO, LOOP, FREE),
        "many": answer("/credits"),
        "many, all well": answer("/credits", *HUNDRED[:7]),
        "several at a known pace": answer("/credits", *fleet.PACED),
        "a job has a cost": answer("/credits", *fleet.COSTLY),
        "several that last": answer("/credits", *(fleet.paced(name, given.FULL, 9) for name in ("Ads", "Main"))),
        "several at a known pace, one unknown, one paused": answer("/credits", *fleet.PACED, LOOP, FILM),
        "several, a bucket unknown": answer("/credits", account("Ads", replace(given.LOW, package=None)), MAIN),
        "several with daily credits alone": answer(
            "/credits", FREE, replace(FREE, account=replace(FREE.account, label="Pro"))
        ),
        "at 7 %, for information": answer("/credits", MAIN, mild),
        "pages, the first": answer("/credits", *HUNDRED),
        "read at different times": answer("/credits", MAIN, account("Old", at=ago(minutes=40))),
        "none can be read": answer("/credits", *dark),
        "none can be read, for two reasons": answer("/credits", *two),
        "each reason for a sign": answer(
            "/credits",
            account("Pace", given.FULL, FAR, (AlertRule.SPIKE, WARNING)),
            account("Runs", given.LOW, FAR, (AlertRule.RUNWAY, WARNING), foretold=fleet.OUT),
            account("Soon", given.LOW, FAR, (AlertRule.RUNWAY, WARNING)),
            account(
                "Plan",
                given.FULL,
                replace(given.CANCELLED, ends_at=NOW + timedelta(days=10)),
                (AlertRule.PLAN, WARNING),
            ),
            account("Over", given.FULL, replace(given.CANCELLED, ends_at=ago(hours=2)), (AlertRule.PLAN, CRITICAL)),
            account("Unpaid", given.FULL, replace(given.PREMIUM, ends_at=ago(hours=2)), (AlertRule.PLAN, CRITICAL)),
            account("Gone", given.FULL, given.FREE, (AlertRule.PLAN, CRITICAL)),
            account("Both", given.VERY_LOW, given.CANCELLED, (AlertRule.CREDITS, CRITICAL), (AlertRule.PLAN, WARNING)),
        ),
    }


def with_record(one: Watched, held: int, counted: int) -> Watched:
    """The same, with so many of its last ranges held."""
    assert one.account.foretold is not None
    foretold = replace(one.account.foretold, record=ForecastRecord(ago(hours=3), held, counted))
    return replace(one, account=replace(one.account, foretold=foretold))


def refused_in(one: Watched) -> Watched:
    """The same with refused jobs, and their alert."""
    jobs = RefusedJobs(ago(minutes=10), (ago(minutes=40), ago(minutes=20)), ago(minutes=20), busy=3, broken=1)
    alert = Alert(one.account.key, AlertRule.JOBS, 1, 1, since=ago(minutes=5), severity=CRITICAL)
    return replace(one, account=replace(one.account, jobs=jobs), alerts=(alert,))


def card() -> Mapping[str, str]:
    """``/credits NAME``."""
    unreadable = LeftOut("ends_at", "expired_date: 1783468800000000", ago(days=2))
    left_out = (LeftOut("monthly_allowance", None, ago(hours=5)), LeftOut("refresh_at", None, ago(hours=5)))
    return {
        "low, with a forecast": answer("/credits studio"),
        "out of credits, acknowledged": answer("/credits ads"),
        "well": answer("/credits main"),
        "it may run out": answer(
            "/credits studio",
            replace(STUDIO, account=replace(STUDIO.account, foretold=replace(fleet.OUT, before=None))),
        ),
        "its ranges have a record": answer("/credits studio", with_record(STUDIO, 8, 10)),
        "its record is too short": answer("/credits studio", with_record(STUDIO, 4, 4)),
        "against its forecast": answer(
            "/credits main",
            replace(MAIN, account=account("Main", replace(given.LOW, monthly=600), foretold=fleet.LASTS).account),
            STUDIO,
        ),
        "cannot be read": answer("/credits loop"),
        "never read": answer("/credits new"),
        "paused": answer("/credits film"),
        "a free account": answer("/credits free"),
        "its plan ends": answer("/credits ends"),
        "its plan has ended": answer(
            "/credits ends",
            replace(ENDS, account=account("Ends", given.FULL, replace(given.CANCELLED, ends_at=ago(days=1))).account),
            MAIN,
        ),
        "a bucket unknown": answer("/credits odd", account("Odd", replace(given.FULL, daily=None)), MAIN),
        "its plan's end cannot be read": answer("/credits odd", account("Odd", left_out=(unreadable,)), MAIN),
        "what an answer left out": answer("/credits odd", account("Odd", left_out=left_out), MAIN),
        "muted": answer("/credits main", replace(MAIN, silences=(replace(MUTE, subject=key_of("Main")),)), STUDIO),
        "no longer listed": answer(
            "/credits main", replace(MAIN, account=replace(MAIN.account, unlisted_at=ago(hours=1))), STUDIO
        ),
        "running and refused jobs": answer("/credits main", refused_in(MAIN), STUDIO, running=Slots(3, 5)),
        "one running job, of how many is unknown": answer("/credits main", MAIN, STUDIO, running=Slots(1, None)),
        "nobody of that name": answer("/credits nobody"),
        "several of that name": answer("/credits example.com"),
        "no account at all": answer("/credits studio", accounts=[]),
    }


def alerts_() -> Mapping[str, str]:
    """``/alerts``."""
    away = SourceAlert(
        Alert("pixverse", AlertRule.FAILURES, 1, 1, since=ago(hours=2), severity=CRITICAL),
        outage=FailureKind.UNAVAILABLE,
    )
    refused = replace(away, outage=FailureKind.UNAUTHORIZED)
    nobody = replace(away, alert=replace(away.alert, measure=AlertRule.LISTING, severity=WARNING), outage=None)
    lapsed = replace(away, outage=FailureKind.LAPSED)
    broken = replace(nobody, alert=replace(nobody.alert, measure=AlertRule.BROKEN))
    since = ago(hours=5)
    renewing = account("Studio", given.FULL, given.PREMIUM, (AlertRule.PLAN, INFO), since=since)
    later = account(
        "Studio",
        given.FULL,
        replace(given.CANCELLED, cancelled_at=ago(hours=3)),
        (AlertRule.PLAN, WARNING),
        since=since,
    )
    return {
        "nothing fires": answer("/alerts", MAIN, FREE),
        "nothing fires, with silences and a pause": answer(
            "/alerts", MAIN, FILM, acts=[acted(MUTE, "Main"), acted(ALL)], paused=[paused_act("Film")]
        ),
        "several": answer("/alerts", acts=[acted(ACK, "Ads")], paused=[paused_act("Film")]),
        "each kind": answer(
            "/alerts",
            STUDIO,
            ADS,
            LOOP,
            ENDS,
            account("Pace", given.FULL, FAR, (AlertRule.SPIKE, WARNING)),
            account("Runs", given.LOW, FAR, (AlertRule.RUNWAY, WARNING), foretold=fleet.OUT),
            account("Gone", given.FULL, given.FREE, (AlertRule.PLAN, CRITICAL)),
        ),
        "a source is away": answer("/alerts", MAIN, sources=[away]),
        "a source refuses the token": answer("/alerts", MAIN, sources=[refused]),
        "the subscription lapsed, and broken accounts": answer("/alerts", MAIN, sources=[lapsed, broken]),
        "a source lists nobody": answer("/alerts", accounts=[], sources=[nobody]),
        "a source perhaps lists nobody": answer(
            "/alerts", accounts=[], sources=[replace(nobody, outage=FailureKind.UNAVAILABLE)]
        ),
        "a plan renews": answer("/alerts", renewing),
        "a plan that was cancelled after its alert": answer("/alerts", later),
        "a plan that has ended since": answer(
            "/alerts",
            account(
                "Studio",
                given.FULL,
                replace(given.CANCELLED, ends_at=ago(hours=1)),
                (AlertRule.PLAN, CRITICAL),
                since=since,
            ),
        ),
        "low, then out of credits": answer(
            "/alerts", account("Studio", given.NONE_LEFT, FAR, (AlertRule.CREDITS, CRITICAL), since=ago(days=2))
        ),
        "a paused account": answer(
            "/alerts", replace(STUDIO, account=replace(STUDIO.account, pause=PAUSE)), paused=[paused_act("Studio")]
        ),
        "acknowledged, snoozed, muted": answer(
            "/alerts",
            ADS,
            replace(STUDIO, silences=(replace(SNOOZE, subject=key_of("Studio")),)),
            replace(LOOP, silences=(replace(MUTE, subject=key_of("Loop")),)),
            acts=[acted(ACK, "Ads"), acted(SNOOZE, "Studio"), acted(MUTE, "Loop"), acted(replace(ALL, id=8))],
        ),
    }


def silencing() -> Mapping[str, str]:
    """``/mute``, ``/unmute``, ``/pause`` and ``/resume``."""
    right = ["/mute studio 2h", "/mute studio 2h everywhere", "/mute all 2h", "/mute all 2h everywhere"]
    wrong = [
        "/mute",
        "/mute studio",
        "/mute 2h",
        "/mute 2h studio",
        "/mute studio 2 hours",
        "/mute studio 2 hourz",
        "/mute studio -1h",
        "/mute studio 0",
        "/mute nobody 2h",
        "/mute example.com 2h",
        "/mute studio everywhere 2h",
        "/pause",
        "/pause studio",
        "/pause 3h",
        "/pause nobody 3h",
        "/pause studio 3h everywhere",
    ]
    held = [acted(MUTE, "Studio"), acted(ALL)]
    return {
        **{text: answer(text) for text in (*right, *wrong)},
        "/mute studio 2h, without any account": answer("/mute studio 2h", accounts=[]),
        "/unmute studio": answer("/unmute studio", acts=[acted(MUTE, "Studio")]),
        "/unmute studio, everything is muted too": answer("/unmute studio", acts=held),
        "/unmute studio, not muted": answer("/unmute studio"),
        "/unmute": answer("/unmute", acts=held),
        "/unmute, nothing muted": answer("/unmute"),
        "/unmute nobody": answer("/unmute nobody"),
        "/pause studio 3h": answer("/pause studio 3h"),
        "/pause all 3h": answer("/pause all 3h"),
        "/pause studio 3h, without any account": answer("/pause studio 3h", accounts=[]),
        "/resume film": answer("/resume film", paused=[paused_act("Film")]),
        "/resume film, not paused": answer("/resume film"),
        "/resume": answer("/resume", paused=[paused_act("Film")]),
        "/resume, nothing paused": answer("/resume"),
        "/resume nobody": answer("/resume nobody"),
    }


def others() -> Mapping[str, str]:
    """The other commands, and what nobody can ask."""
    faults = tuple(f"accounts.toml, source[1].account[{number}].email: is not an email" for number in range(10))
    before = BoardTrouble("Bad Request: message can't be edited", ago(days=2))
    changing = [command for command in registry.COMMANDS if command.changes]
    return {
        "/help": answer("/help"),
        "/start": answer("/start"),
        "/start with a code, in a chat that is paired": answer("/start an-invitation-code-of-32-letters"),
        "/start of a stranger": shown.message(stranger_start(Chat(-100123))),
        "/start of a stranger in a topic": shown.message(stranger_start(Chat(-100123, 46))),
        "/check": answer("/check", MAIN, STUDIO),
        "/check, one of them paused": answer("/check", MAIN, FILM),
        "/check, all of them paused": answer("/check", FILM),
        "/check, without any account": answer("/check", accounts=[]),
        "/invite": answer("/invite"),
        "/invite in a group": answer("/invite", chat=GROUP),
        "/invite in a chat that sees some accounts": answer("/invite", may_invite=False),
        "/leave": answer("/leave"),
        "/leave, the last chat": answer("/leave", left=False),
        "/leave, a chat of the settings": answer("/leave", left=None),
        "/reload": answer("/reload", reloaded=Reloaded(sources=2, watched=14, new=2, left=1)),
        "/reload, nothing has changed": answer("/reload", reloaded=Reloaded(sources=2, watched=12)),
        "/reload, a file that is wrong": answer("/reload", reloaded=Reloaded(faults=faults)),
        "/reload, without a file": answer("/reload"),
        "/board": answer("/board"),
        "/board, where it may not pin": answer("/board", shown=BoardStatus(pinned=False)),
        "/board, where it may not write": answer(
            "/board", shown=BoardStatus(refused="Forbidden: bot was kicked from the group chat")
        ),
        "/board in place of one that was stuck": answer("/board", shown=BoardStatus(before=before)),
        "/board off": answer("/board off"),
        "/board off, without one": answer("/board off", has_board=False),
        "/board now": answer("/board now"),
        "/credit": answer("/credit"),
        "/frobnicate": answer("/frobnicate"),
        "no command": shown.message(only_commands()),
        "a defect": shown.message(went_wrong()),
        **{f"/{one.name} of one who may not": shown.message(not_allowed(one.changes)) for one in changing},
    }


def histories() -> Mapping[str, str]:
    """``/history``: the captions, and what stands in place of a picture."""
    gap = Gap(ago(days=2).timestamp(), ago(days=2, hours=-2).timestamp(), "broken")
    off = Gap(ago(days=1).timestamp(), ago(days=1, hours=-3).timestamp(), "")
    bought = fleet.recorded((ago(days=2), 500.0), package=5000)
    idle = fleet.recorded((ago(days=20), 2_900.0))
    fleet_of_many = HUNDRED[:14]

    class Broken(Scope):
        """Where no picture can be drawn."""

        async def draw(self, picture: object) -> bytes:
            raise ChartError("Pictures need matplotlib, which is not installed here: pip install matplotlib.")

    return {
        "/history studio": answer("/history studio", kept=fleet.recorded(*fleet.SPENT, gaps=(gap, off))),
        "/history studio, its ranges have a record": answer(
            "/history studio", with_record(STUDIO, 8, 10), kept=fleet.recorded(*fleet.SPENT)
        ),
        "/history studio, topped up": answer("/history studio", kept=bought),
        "/history studio, unchanged": answer("/history studio", kept=idle),
        "/history studio, read for the first time today": answer(
            "/history studio", kept=fleet.recorded((ago(hours=2), 2_900.0))
        ),
        "/history new, never read": answer("/history new", kept=fleet.recorded()),
        "/history loop, cannot be read": answer("/history loop"),
        "/history film, paused": answer("/history film"),
        "/history": answer("/history", MAIN, STUDIO, LOOP),
        "/history 30d, of many": answer("/history 30d", *fleet_of_many),
        "/history studio, no picture": asyncio.run(answered("/history studio", Broken(), HERE)),
        "/history studio 14d": answer("/history studio 14d"),
        "/history nobody": answer("/history nobody"),
        "/history example.com 7d": answer("/history example.com 7d"),
        "/history, without any account": answer("/history", accounts=[]),
    }


def past(
    name: str, measure: AlertRule, severity: Severity, fired: timedelta, lasted: timedelta | None, **values: Any
) -> NamedAlert:
    """A past alert; ``lasted`` None: it fires."""
    since = NOW - fired
    until = None if lasted is None else since + lasted
    return NamedAlert(PastAlert(key_of(name), measure, 1, since, until, severity, **values), name)


def logs() -> Mapping[str, str]:
    """``/log``: past alerts."""
    hour, day = timedelta(hours=1), timedelta(days=1)
    told = [
        past("Studio", AlertRule.CREDITS, CRITICAL, 2 * hour, None, worst=0.0, acked_by=("Kim", "Ann")),
        past("Ads", AlertRule.CREDITS, CRITICAL, day, 3 * hour, worst=0.0),
        past("Main", AlertRule.CREDITS, WARNING, 2 * day, 90 * timedelta(minutes=1), worst=180.0),
        past("Studio", AlertRule.PLAN, WARNING, 3 * day, 2 * day, acked_by=("Kim",)),
        past("Loop", AlertRule.FAILURES, WARNING, 4 * day, hour),
        past("useapi.net", AlertRule.FAILURES, CRITICAL, 5 * day, hour),
        past("Ads", AlertRule.RUNWAY, Severity.INFO, 6 * day, hour),
    ]
    seconds = replace(past("Vids", AlertRule.CREDITS, WARNING, day, hour, worst=12.0), unit=Unit.SECONDS)
    many = [past("Ads", AlertRule.CREDITS, WARNING, hour * at, hour, worst=100.0 + at) for at in range(1, 46)]
    return {
        "/log": answer("/log", logged=told),
        "/log studio": answer("/log studio", logged=told),
        "/log 30d studio": answer("/log 30d studio", logged=told),
        "/log, counted in seconds": answer("/log", logged=[seconds]),
        "/log, nothing": answer("/log"),
        "/log studio, nothing": answer("/log studio 24h"),
        "/log, pages": answer("/log", logged=many),
        "the next page": tapped("log:1-604800-", logged=many),
        "refresh, of one account": tapped(f"log:0-86400-{account_tag(key_of('Studio'))}", logged=told),
        "of an account that is no longer watched": tapped(f"log:0-86400-{'0' * 12}", logged=told),
        "Studio, of several": tapped(f"pick:log:{account_tag(key_of('Studio'))}:604800", STUDIO, logged=told),
        "/log 7": answer("/log 7"),
        "/log studio 2weeks": answer("/log studio 2weeks"),
        "/log 7d 30d": answer("/log 7d 30d"),
        "/log nobody": answer("/log nobody"),
        "/log example.com 3d": answer("/log example.com 3d"),
        "/log, without any account": answer("/log", accounts=[]),
        "/log studio, without any account": answer("/log studio", accounts=[]),
    }


TOLD = [sent(given.low(name="Studio", email="studio@example.com"))]


class Alerted(Scope):
    """Remembers a message: it told that Studio is low."""

    async def told_by(self, lead_id: int, chat_id: int) -> list[Delivery]:
        """Message 1."""
        subject = key_of("Studio")
        return (
            [replace(one, notification=replace(one.notification, subject=subject)) for one in TOLD]
            if lead_id == 1
            else []
        )


def tapped(
    data: str, *accounts: Watched, before: str = "🟠 Studio: 2,900 credits left (19 %)", **answers: object
) -> str:
    """What a tap shows: the notice over the chat, and what becomes of the message below which the button stands."""
    knows = {"accounts": list(accounts)} if accounts else {}
    return asyncio.run(tap(data, Alerted(**(knows | answers)), before))  # type: ignore[arg-type]


async def tap(data: str, scope: Scope, before: str) -> str:
    """The same, of one that answers."""
    said: list[str] = []

    async def say(message: Message) -> None:
        said.append(f"new message:\n{shown.message(message)}")

    async def edit(message: Message) -> None:
        said.append(f"the message becomes:\n{shown.message(message)}")

    async def add(note: str, undo: Button | None) -> None:
        rows = ((undo,),) if undo else ()
        told = with_note(Message(before), note, rows, in_place_of=NOTES)
        said.append(f"the message becomes:\n{shown.message(told)}")

    async def show(draw: Callable[[], Awaitable[tuple[bytes | None, Message]]]) -> None:
        said.append(f"new picture:\n{shown.message((await draw())[1])}")

    one = callbacks.CallbackData.parse(data)
    if one is None:
        return f"notice: {unknown_button()}"
    notification = await callbacks.answer(
        one, callbacks.CallbackContext(HERE, "Kim", scope, UTC_ZONE, say, edit, add, show)
    )
    return "\n".join([f"notice: {notification or '(none)'}", *said])


def taps() -> Mapping[str, str]:
    """The answers of every button."""
    mute, pause = acted(MUTE, "Studio"), paused_act("Film")
    number = act_of(pause.pause)
    verbs = [*callbacks.SNOOZES, "ack", "undo", "end", "resume", "endpause", "unpause"]
    deeds = {
        callbacks.CallbackData(verb, "1").deed: not_allowed(callbacks.CallbackData(verb, "1").deed) for verb in verbs
    }
    return {
        "Ack": tapped("ack:1"),
        "Snooze 1 h": tapped("snooze1h:1"),
        "Snooze 1 day": tapped("snooze1d:1"),
        "Ack of what is over": tapped("ack:1", over=True),
        "Ack of a message that is unknown": tapped("ack:2"),
        "Credits": tapped("credits:1", STUDIO),
        "Studio, of several for /mute": tapped(f"pick:mute:{account_tag(key_of('Studio'))}:7200", STUDIO),
        "Studio, of several for /credits": tapped(f"pick:credits:{account_tag(key_of('Studio'))}:", STUDIO),
        "Nobody, of several": tapped(f"pick:credits:{'0' * 12}:", STUDIO),
        "Undo ack": tapped("undo:3", acts=[acted(ACK, "Studio")]),
        "Undo snooze": tapped("undo:4", acts=[acted(SNOOZE, "Studio")]),
        "Unmute": tapped("undo:5", acts=[mute], before="Studio is muted until today 16:03 (2 h)."),
        "Undo of what is over": tapped("undo:5"),
        "End snooze, below the alerts": tapped("end:4", STUDIO, acts=[acted(SNOOZE, "Studio")]),
        "Resume checks": tapped(f"resume:{number}", paused=[pause], before="⚪ Kim paused the checks of Film."),
        "Resume checks, over by itself": tapped(f"resume:{number}", before="⚪ Kim paused the checks of Film."),
        "Resume, below the alerts": tapped(f"endpause:{number}", STUDIO, paused=[pause]),
        "Resume checks, below the card": tapped(f"unpause:{account_tag(key_of('Main'))}", MAIN, STUDIO, paused=[pause]),
        "Refresh of a card": tapped(f"refresh:{account_tag(key_of('Main'))}", MAIN, STUDIO),
        "Refresh of a card of nobody": tapped(f"refresh:{account_tag('nobody')}"),
        "Refresh of the list": tapped("refresh:0", MAIN, STUDIO),
        "The next page": tapped("page:1", *HUNDRED),
        "The next page of the alerts": tapped("alerts:1", STUDIO),
        "A button of another bot": tapped("frobnicate:1"),
        **{f"One who may not {deed}": shown.message(words) for deed, words in deeds.items()},
    }
