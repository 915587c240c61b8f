"""The second channel on a real database, with a courier of the test's own, and with processes as Apprise's."""

import logging
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.domain.alerts import NotifyReason, Severity
from bot.domain.chats import Chat
from bot.domain.notifications import Notification
from bot.features.fallback import sender as channel
from bot.features.fallback.apprise_process import NO_ADDRESS, NO_LIBRARY, NOT_TAKEN, TAKEN
from bot.features.fallback.sender import TIMED_OUT, Apprise, FallbackSender, PlainMessage
from bot.outbox.batching import Batch
from bot.storage import fallback, outbox, retention_statements
from bot.storage.database import Store
from tests.support.builders import DAY, HOUR, MINUTE, NOW, delivery

ALICE, BOB = Chat(7), Chat(8)
SECRET = "hunter2"
MAIL, NTFY = f"mailto://bot:{SECRET}@example.com", "ntfys://my-secret-topic"


def write(batch: Batch) -> tuple[Batch, PlainMessage]:
    """One line for a parcel."""
    return batch, PlainMessage("alert", " ".join(str(part.notification.key) for part in batch.deliveries))


class Scene:
    """An outbox, a clock, and a courier that takes letters or does not."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.codes = [TAKEN, TAKEN]
        self.tries: list[PlainMessage] = []
        self.channel = self.started()

    def started(self) -> FallbackSender:
        """The second channel as after a start of the bot."""
        return FallbackSender(self.store, self, write, self.clock, self.timer, 15 * MINUTE)

    def clock(self) -> datetime:
        return self.now

    def timer(self) -> float:
        return (self.now - NOW).total_seconds()

    async def carry(self, letter: PlainMessage) -> list[tuple[str, int]]:
        self.tries.append(letter)
        return list(zip(("mail", "ntfy"), self.codes, strict=True))

    async def alert(self, number: int, reason: NotifyReason = NotifyReason.FIRED, who: str = "alice") -> Notification:
        """Puts an alert into the outbox, for both chats."""
        severity = Severity.INFO if reason is NotifyReason.RESOLVED else Severity.CRITICAL
        notification = delivery(number, reason, who, severity=severity).notification
        async with self.store.write() as connection:
            await outbox.put(connection, [notification], [ALICE, BOB], self.now)
        return notification

    async def ids(self, notification: Notification, chat: Chat) -> list[int]:
        async with self.store.read() as connection:
            waits = await outbox.pending(connection, chat.chat_id)
            return [one.id for one in waits if one.notification.key == notification.key]

    async def delivered(self, notification: Notification, chat: Chat) -> None:
        """Telegram takes a notice for one chat."""
        ids = await self.ids(notification, chat)
        async with self.store.write() as connection:
            await outbox.delivered(connection, ids, 1, self.now)

    async def look_after(self, minutes: float) -> int:
        """Lets time pass, looks, and gives how many letters were tried in that look."""
        self.now += minutes * MINUTE
        before = len(self.tries)
        await self.channel.look()
        return len(self.tries) - before


@pytest.fixture
def scene(store: Store) -> Scene:
    """A second channel with nothing to do."""
    return Scene(store)


async def test_nothing_is_sent_before_its_time(scene: Scene) -> None:
    """Telegram has a quarter of an hour."""
    await scene.alert(1)
    assert await scene.look_after(14) == 0
    assert await scene.look_after(1) == 1


@pytest.mark.parametrize("reason", [NotifyReason.JOINED, NotifyReason.FIRED])
async def test_what_another_chat_knows_already_is_not_sent(scene: Scene, reason: NotifyReason) -> None:
    """A chat that joins, or whose mute has ended, cannot be reached: the others know of the alert for long."""
    known = await scene.alert(1)
    for chat in (ALICE, BOB):
        await scene.delivered(known, chat)
    later = delivery(2, reason, severity=Severity.CRITICAL).notification
    async with scene.store.write() as connection:
        await outbox.put(connection, [later], [Chat(9)], scene.now)
    assert await scene.look_after(20) == 0
    unknown = delivery(3, reason, "bob", severity=Severity.CRITICAL).notification
    async with scene.store.write() as connection:
        await outbox.put(connection, [unknown], [Chat(9)], scene.now)
    assert await scene.look_after(20) == 1


async def test_each_alert_is_sent_once(scene: Scene) -> None:
    """However long Telegram stays away, however many chats wait, and over restarts: it is recorded."""
    await scene.alert(1)
    assert await scene.look_after(20) == 1
    assert await scene.look_after(20) == 0
    scene.channel = scene.started()
    assert await scene.look_after(20) == 0


async def test_what_telegram_took_goes_nowhere_else(scene: Scene) -> None:
    """One chat that was told is enough."""
    notification = await scene.alert(1)
    await scene.delivered(notification, ALICE)
    assert await scene.look_after(60) == 0


async def test_last_weeks_alerts_are_told_only_if_they_fire(scene: Scene) -> None:
    """Whoever sets up the second channel is mailed what fires, however old, and not what is long over."""
    fires = await scene.alert(1)
    await scene.alert(2, who="bob")
    await scene.alert(3, NotifyReason.RESOLVED, who="bob")
    scene.now += 2 * DAY
    assert await scene.look_after(0) == 1
    assert scene.tries[-1].body == fires.key


async def test_what_was_overtaken_in_telegram_is_past_telling(scene: Scene) -> None:
    """Refused when it fired, told when it was over: nobody needs the firing any more."""
    await scene.alert(1)
    await scene.delivered(await scene.alert(2, NotifyReason.RESOLVED), BOB)
    assert await scene.look_after(60) == 0


async def test_a_recovery_follows_its_alert(scene: Scene) -> None:
    """Who was mailed that it is bad is mailed that it is well."""
    await scene.alert(1)
    assert await scene.look_after(15) == 1
    well = await scene.alert(2, NotifyReason.RESOLVED)
    assert await scene.look_after(14) == 0
    assert await scene.look_after(1) == 1
    assert scene.tries[-1].body == well.key


async def test_several_of_one_cause_are_one_letter(scene: Scene) -> None:
    """As in Telegram."""
    for number, who in enumerate(("alice", "bob", "carol")):
        await scene.alert(number, who=who)
    assert await scene.look_after(15) == 1
    assert len(scene.tries[0].body.split()) == 3


async def test_one_address_that_takes_it_is_enough(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """The other's trouble is logged; nobody gets the letter again because of it."""
    scene.codes = [NOT_TAKEN, TAKEN]
    notification = await scene.alert(1)
    assert await scene.look_after(15) == 1
    assert await scene.look_after(60) == 0
    assert "address 1 (mail)" in caplog.text
    async with scene.store.read() as connection:
        sent = await fallback.sent(connection, [notification.key, "unheard of"])
    assert sent == {notification.key: fallback.FallbackDelivery(NOW + 15 * MINUTE, "ntfy")}


async def test_while_no_address_takes_it_it_is_tried_ever_more_rarely(scene: Scene) -> None:
    """After a minute, then two, then four; and at once done when one does."""
    scene.codes = [NOT_TAKEN, TIMED_OUT]
    await scene.alert(1)
    assert await scene.look_after(15) == 1
    assert await scene.look_after(0.5) == 0
    assert await scene.look_after(0.5) == 1
    assert await scene.look_after(1) == 0
    assert await scene.look_after(1) == 1
    scene.codes = [TAKEN, TAKEN]
    assert await scene.look_after(4) == 1
    assert await scene.look_after(60) == 0


async def test_a_crash_before_the_record_repeats_and_never_loses(scene: Scene) -> None:
    """At least once."""
    await scene.alert(1)
    original, scene.carry = scene.carry, crash  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        await scene.look_after(15)
    scene.carry = original  # type: ignore[method-assign]
    scene.channel = scene.started()
    assert await scene.look_after(0) == 1


async def crash(letter: PlainMessage) -> list[tuple[str, int]]:
    """Ends the bot in the middle."""
    raise KeyboardInterrupt


async def test_records_are_pruned(scene: Scene) -> None:
    """They are of use for as long as the outbox knows what they speak of."""
    notification = await scene.alert(1)
    await scene.look_after(15)
    async with scene.store.write() as connection:
        assert await retention_statements.trim_fallbacks(connection, 9, scene.now + HOUR)
        assert await fallback.sent(connection, [notification.key]) == {}


# The process


def program(code: str) -> Sequence[str]:
    """A process that does something else than Apprise's."""
    return (sys.executable, "-c", code)


READS = "import json, sys; given = json.load(sys.stdin); "


@pytest.mark.parametrize("code", [TAKEN, NOT_TAKEN, NO_ADDRESS, NO_LIBRARY])
async def test_a_process_says_how_it_went(code: int) -> None:
    """By its exit code, for each address."""
    courier = Apprise([MAIL, NTFY], program(f"{READS}sys.exit({code} if given['address'] == {MAIL!r} else 0)"))
    assert await courier.carry(PlainMessage("title", "body")) == [("mail", code), ("ntfy", TAKEN)]


async def test_the_address_is_no_argument() -> None:
    """Whoever lists the machine's processes reads no password: title, body and address go in by a pipe."""
    seen = "seen = open('/proc/self/cmdline').read(); "
    passed = f"{READS}{seen}sys.exit(given['title'] != 'ä' or given['address'] in seen or len(given['address']) < 9)"
    assert await Apprise([MAIL], program(passed)).carry(PlainMessage("ä", "b")) == [("mail", TAKEN)]


async def test_a_process_that_hangs_is_ended() -> None:
    """It delays nobody for long."""
    courier = Apprise([MAIL], program("import time; time.sleep(60)"), timeout=0.2)
    assert await courier.carry(PlainMessage("title", "body")) == [("mail", TIMED_OUT)]


async def test_a_process_that_crashes_or_cannot_start_has_not_sent() -> None:
    """Whatever happens to it, the bot goes on."""
    assert await Apprise([MAIL], program("raise SystemExit('oh')")).carry(PlainMessage("t", "b")) == [("mail", 1)]
    assert await Apprise([MAIL], ["/no/such/program"]).carry(PlainMessage("t", "b")) == [("mail", NOT_TAKEN)]


async def test_without_apprise_it_is_said_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What to install; here a package that cannot be imported stands in the way of a real one."""
    (tmp_path / "apprise.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert await channel.try_addresses([MAIL]) == [(False, f"address 1 (mail): {channel.MISSING}")]


async def test_at_the_start_the_log_names_what_cannot_be_used(caplog: pytest.LogCaptureFixture) -> None:
    """One line for a missing library, else one for each address that is wrong; nothing is sent."""
    codes = {MAIL: NO_ADDRESS, NTFY: TAKEN, f"slack://{SECRET}": NOT_TAKEN}
    sends = program(f"{READS}sys.exit(99 if 'title' in given else {codes!r}[given['address']])")
    await channel.log_unusable(Apprise(list(codes), sends))
    assert [line.partition(": ")[::2] for line in caplog.messages] == [
        ("FALLBACK_URLS, address 1 (mail)", channel.words_of(NO_ADDRESS)),
        ("FALLBACK_URLS, address 3 (Slack)", "cannot be checked; try credit-bot doctor"),
    ]
    caplog.clear()
    await channel.log_unusable(Apprise([MAIL, NTFY], program(f"raise SystemExit({NO_LIBRARY})")))
    assert caplog.messages == [f"FALLBACK_URLS: {channel.MISSING}"]


async def test_doctor_tells_of_each_address_without_naming_it() -> None:
    """Whether it took the test, and what to do if not; no password in it."""
    codes = {MAIL: NOT_TAKEN, NTFY: TAKEN, f"slack://{SECRET}": NO_ADDRESS}
    found = await channel.try_addresses(list(codes), program(f"{READS}sys.exit({codes!r}[given['address']])"))
    assert [good for good, _ in found] == [False, True, False]
    assert [words.partition(":")[0] for _, words in found] == [
        "address 1 (mail)",
        "address 2 (ntfy)",
        "address 3 (Slack)",
    ]
    assert SECRET not in str(found)
    assert "secret" not in str(found)


async def test_no_secret_in_the_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever fails, and however: neither the addresses nor what a process wrote."""
    caplog.set_level(logging.DEBUG)
    shouts = program(f"print({MAIL!r}); raise ValueError({MAIL!r})")
    courier = Apprise([MAIL, NTFY], shouts)
    scene.channel = FallbackSender(scene.store, courier, write, scene.clock, scene.timer, 15 * MINUTE)
    await scene.alert(1)
    await scene.look_after(15)
    assert "address 1 (mail): the message was not taken" in caplog.text
    assert SECRET not in caplog.text
    assert "my-secret-topic" not in caplog.text


async def test_through_the_real_apprise() -> None:
    """Title and body arrive as they are, by a webhook; an address that nobody serves is not taken."""
    got: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        letter = PlainMessage("🔴 Studio: <b> & *out*", "line 1\nline 2")
        assert await Apprise([f"json://127.0.0.1:{port}/", "what://ever"]).check() == [
            ("a webhook", TAKEN),
            ("what", NO_ADDRESS),
        ]
        assert got == []
        assert await Apprise([f"json://127.0.0.1:{port}/"]).carry(letter) == [("a webhook", TAKEN)]
        assert await Apprise(["json://127.0.0.1:1/", "what://ever"]).carry(letter) == [
            ("a webhook", NOT_TAKEN),
            ("what", NO_ADDRESS),
        ]
    finally:
        await runner.cleanup()
    assert [(one["title"], one["message"]) for one in got] == [(letter.title, letter.body)]
