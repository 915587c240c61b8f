"""Delivery: in order, at each chat's pace, again until it works, and nothing lost whatever is cut off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.chats import Chat
from bot.domain.health import unreached_since
from bot.domain.notifications import Notification, NotificationKind
from bot.outbox.pacing import CHAT_PAUSE_S, GROUP_WAIT_S, SLOW_SEND_S
from bot.outbox.results import Migrated, Rejected, Retry, SendResult
from bot.storage import chats
from bot.storage import outbox as outbox_rows
from bot.storage.connection import Connection
from bot.storage.database import Store
from tests.support.fakes import ALICE, BOB, CAROL, CHAT, GROUP, NOW, Postroom, copy_of, key_of, notification, until

AWAY = Retry("Telegram cannot be reached")
BLOCKED = Rejected("Forbidden: bot was blocked by the user")
CHATS = [Chat(1000 + number) for number in range(5)]


async def test_a_chat_is_told_in_order_and_a_second_apart(postroom: Postroom) -> None:
    """Messages of different causes go out in the order of their age, each at least a second after the one before."""
    measures = [AlertRule.CREDITS, AlertRule.PLAN, AlertRule.FAILURES]
    await postroom.put(*(notification(f"n{number}", measure=measure) for number, measure in enumerate(measures)))
    await postroom.deliver()
    assert postroom.post.keys() == ["n0", "n1", "n2"]
    times = [told.at for told in postroom.post.told]
    assert [later - earlier for earlier, later in pairwise(times)] == [1.0, 1.0]


async def test_one_cause_is_one_message(postroom: Postroom) -> None:
    """What waits together and has one cause is told together."""
    await postroom.put(
        notification("a", ALICE),
        notification("b", BOB),
        notification("c", CAROL),
        notification("p", measure=AlertRule.PLAN),
    )
    await postroom.deliver()
    assert [told.keys for told in postroom.post.told] == [["a", "b", "c"], ["p"]]


async def test_what_was_overtaken_is_one_message(postroom: Postroom) -> None:
    """An alert that fired and recovered while Telegram was away is one message that tells both."""
    postroom.post.results[CHAT.chat_id] = [AWAY]
    await postroom.put(notification("fired"))
    await postroom.turn()
    await postroom.put(notification("resolved", reason=NotifyReason.RESOLVED, severity=Severity.INFO))
    await postroom.deliver()
    assert [told.keys for told in postroom.post.told] == [["fired", "resolved"]]


async def test_a_message_holds_so_much_and_the_next_the_rest(postroom: Postroom) -> None:
    """What does not fit into one message follows in the next; nobody is left out or named twice."""
    room = Postroom.on(postroom.store, room=2)
    await room.put(*(notification(f"n{number}", f"user{number}@example.com") for number in range(5)))
    await room.deliver()
    assert [told.keys for told in room.post.told] == [["n0", "n1"], ["n2", "n3"], ["n4"]]


async def test_a_group_gets_twenty_a_minute(postroom: Postroom) -> None:
    """A group gets at most twenty messages in any minute and one a second; in the end it gets all."""
    for number in range(30):
        await postroom.put(notification(f"n{number}", topic=NotificationKind.DOWNTIME), chats=[GROUP])
    await postroom.deliver()
    times = [told.at for told in postroom.post.told]
    assert len(times) == 30
    assert all(later - earlier >= 1 for earlier, later in pairwise(times))
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[20:], strict=False))


async def test_a_private_chat_is_not_held_to_a_groups_pace(postroom: Postroom) -> None:
    """Thirty messages to one person take half a minute."""
    for number in range(30):
        await postroom.put(notification(f"n{number}", topic=NotificationKind.DOWNTIME))
    await postroom.deliver()
    assert postroom.post.told[-1].at - postroom.post.told[0].at == pytest.approx(29)


async def test_topics_of_one_group_share_its_pace(postroom: Postroom) -> None:
    """Telegram counts by chat: two topics of a group together get one message a second."""
    topics = [Chat(GROUP.chat_id, 1), Chat(GROUP.chat_id, 2)]
    await postroom.put(notification("a"), chats=topics)
    await postroom.deliver()
    assert [told.chat for told in postroom.post.told] == topics
    assert postroom.post.told[1].at - postroom.post.told[0].at >= 1


async def test_the_wait_grows_and_never_ends(postroom: Postroom) -> None:
    """What fails is tried after 1, 2, 4 … seconds, never rarer than every half minute, and for as long as it takes."""
    postroom.post.results[CHAT.chat_id] = [AWAY] * 40
    await postroom.put(notification("a"))
    await postroom.deliver(seconds=3600)
    times = [told.at for told in postroom.post.tried]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert set(waits[5:]) == {postroom.outbox.backoff.longest}
    assert len(times) == 41
    assert postroom.post.keys() == ["a"]


async def test_a_pause_that_telegram_asks_for_concerns_that_chat_only(postroom: Postroom) -> None:
    """``retry_after`` is obeyed to the second for its chat, and the others get theirs at once."""
    postroom.post.results[CHAT.chat_id] = [Retry("pause", retry_after=37)]
    await postroom.put(notification("a"), chats=[CHAT, GROUP])
    await postroom.deliver()
    start = postroom.post.tried[0].at
    assert {told.chat: told.at - start for told in postroom.post.told} == {GROUP: 0, CHAT: 37}


async def test_a_pause_outlives_a_restart(postroom: Postroom) -> None:
    """A pause that Telegram asked for is kept through a restart, but never for over an hour."""
    postroom.post.results[CHAT.chat_id] = [Retry("pause", retry_after=120)]
    await postroom.put(notification("a"))
    await postroom.turn()
    postroom.pass_time(20)
    after = postroom.restarted()
    await after.outbox.resume()
    began = after.timer()
    await after.deliver()
    assert after.post.told[0].at - began == pytest.approx(100)
    async with after.store.read() as connection:
        assert await chats.waits(connection) == {}


async def test_a_pause_is_not_kept_for_ever_by_a_clock_set_back(postroom: Postroom) -> None:
    """A clock that was set back by a year while the bot was off delays a chat by an hour at most."""
    async with postroom.store.write() as connection:
        await chats.note(connection, CHAT, not_before=NOW + timedelta(days=365))
    await postroom.put(notification("a"))
    await postroom.outbox.resume()
    began = postroom.timer()
    await postroom.deliver(seconds=7200)
    assert postroom.post.told[0].at - began == pytest.approx(3600)


async def test_a_hanging_chat_delays_no_other(postroom: Postroom) -> None:
    """While a send to one chat hangs, the others are told."""
    release = postroom.post.hanging[CHAT.chat_id] = asyncio.Event()
    await postroom.put(notification("a"), chats=[CHAT, *CHATS])
    await postroom.outbox.pump()
    await until(lambda: len(postroom.post.told) == len(CHATS))
    assert {told.chat for told in postroom.post.told} == set(CHATS)
    release.set()
    await postroom.turn()
    assert len(postroom.post.told) == len(CHATS) + 1


async def test_one_success_ends_the_drought_for_all(postroom: Postroom) -> None:
    """When Telegram is back, all chats are tried at once, and not each when its own long wait is over."""
    for chat in CHATS:
        postroom.post.always[chat.chat_id] = AWAY
    await postroom.put(notification("a"), chats=CHATS)
    for _ in range(7):
        nap = await postroom.turn()
        postroom.pass_time(nap)
    assert postroom.post.told == []
    first = CHATS[0].chat_id
    postroom.post.always.clear()
    queues = postroom.outbox._queues
    for chat in CHATS[1:]:
        queues[chat.chat_id].next_send_at += 1000
    assert queues[first].failures
    back = postroom.timer()
    await postroom.turn()
    await postroom.turn()
    assert {told.chat for told in postroom.post.told} == set(CHATS)
    assert {told.at for told in postroom.post.told} == {back}


async def test_a_drought_does_not_end_a_pause_that_was_asked_for(postroom: Postroom) -> None:
    """A success elsewhere does not make the bot break its word to a chat that asked for peace."""
    postroom.post.results[CHAT.chat_id] = [Retry("pause", retry_after=300)]
    postroom.post.results[GROUP.chat_id] = [AWAY]
    await postroom.put(notification("a"), chats=[CHAT, GROUP])
    await postroom.deliver(seconds=200)
    assert {told.chat for told in postroom.post.told} == {GROUP}
    await postroom.deliver()
    assert postroom.post.told[-1].at - postroom.post.tried[0].at == pytest.approx(300)


async def test_a_moved_group_is_followed_and_remembered(postroom: Postroom) -> None:
    """What waits for a group that moved goes to its new place at once, and that place is remembered."""
    new = -1009
    postroom.post.results[GROUP.chat_id] = [Migrated(new)]
    await postroom.put(notification("a"), notification("b", measure=AlertRule.PLAN), chats=[GROUP, CHAT])
    await postroom.deliver()
    assert postroom.post.keys(Chat(new)) == ["a", "b"]
    assert postroom.post.keys(CHAT) == ["a", "b"]
    assert postroom.post.keys(GROUP) == []
    assert postroom.recipients.present == (CHAT, Chat(new))
    again = postroom.restarted()
    async with postroom.store.read() as connection:
        assert await again.recipients.refresh(connection) == (CHAT, Chat(new))


async def test_a_move_that_is_announced_while_a_message_is_on_its_way_loses_nothing(postroom: Postroom) -> None:
    """The group's move is told by an update just before its old id is refused: what was being sent goes to the new."""
    new, answers = -1009, asyncio.Event()
    await postroom.put(notification("a"), notification("b", measure=AlertRule.PLAN), chats=[GROUP])
    postroom.post.hanging[GROUP.chat_id] = answers
    postroom.post.results[GROUP.chat_id] = [Migrated(new)]
    telling = asyncio.create_task(postroom.deliver())
    await until(lambda: postroom.post.tried)
    async with postroom.store.write() as connection:
        await postroom.recipients.move(connection, GROUP.chat_id, new)
    answers.set()
    await telling
    assert postroom.post.keys(Chat(new)) == ["a", "b"]
    assert set((await postroom.states()).values()) == {"delivered"}


async def refused_chats(postroom: Postroom) -> dict[Chat, chats.Refusal]:
    """The chats that take no messages, as they are remembered."""
    async with postroom.store.read() as connection:
        return await chats.refused(connection)


async def owed_since(postroom: Postroom) -> tuple[datetime | None, datetime | None, datetime | None]:
    """Since when Telegram keeps something waiting, what a chat refused is owed, and an alert has reached nobody."""
    backlogs = postroom.outbox.backlogs
    async with postroom.store.read() as connection:
        depth = await outbox_rows.depth(connection, postroom.clock(), backlogs)
        untold = await outbox_rows.untold(connection, backlogs)
    return depth.tried_since, depth.refused_since, unreached_since(untold)


@pytest.mark.parametrize(("failure", "wait"), [(AWAY, 1), (BLOCKED, 10)])
async def test_what_waits_behind_the_first_message_after_a_bad_time_waits_since_before(
    postroom: Postroom, failure: SendResult, wait: int
) -> None:
    """It was never tried, and still it is not only paced: the alert has reached nobody until it is told itself."""
    postroom.post.results[CHAT.chat_id] = [failure]
    await postroom.put(notification("a"), notification("b", measure=AlertRule.PLAN))
    await postroom.fire(notification("b", measure=AlertRule.PLAN))
    began = postroom.clock()
    await postroom.turn()
    postroom.pass_time(wait)
    await postroom.turn()
    assert postroom.post.keys() == ["a"]
    assert await owed_since(postroom) == ((began, None, began) if failure is AWAY else (None, began, began))
    later = notification("c", measure=AlertRule.FAILURES)
    await postroom.put(later)
    await postroom.fire(later)
    postroom.pass_time(1)
    await postroom.turn()
    assert postroom.post.keys() == ["a", "b"]
    assert await owed_since(postroom) == (None, None, None), "what came after is only paced"
    await postroom.deliver()
    assert postroom.outbox.backlogs == {}


async def test_what_waits_while_telegram_is_slow_is_not_only_paced(postroom: Postroom) -> None:
    """Sends that take half a minute each keep the others waiting, though none fails."""
    hangs = postroom.post.hanging[CHAT.chat_id] = asyncio.Event()
    await postroom.put(notification("a"), notification("b", measure=AlertRule.PLAN))
    await postroom.fire(notification("b", measure=AlertRule.PLAN))
    began = postroom.clock()
    await postroom.outbox.pump()
    await until(lambda: bool(postroom.post.tried))
    postroom.pass_time(SLOW_SEND_S + 1)
    hangs.set()
    await asyncio.wait_for(postroom.outbox.drain(), 10)
    assert postroom.post.keys() == ["a"]
    assert await owed_since(postroom) == (began, None, began)
    await postroom.deliver()
    assert await owed_since(postroom) == (None, None, None)


async def test_a_refusal_ends_nothing_and_delays_no_other(postroom: Postroom) -> None:
    """A chat that refuses for 40 s is told within a minute of being well; the others get theirs at once."""
    postroom.post.results[CHAT.chat_id] = [BLOCKED] * 3
    await postroom.put(notification("a"), notification("b", measure=AlertRule.PLAN), chats=[CHAT, GROUP])
    start = postroom.timer()
    await postroom.deliver()
    assert [told.at - start for told in postroom.post.told if told.chat == GROUP] == [0, 1]
    assert [tried.at - start for tried in postroom.post.tried if tried.chat == CHAT] == [0, 10, 30, 70, 71]
    assert postroom.post.keys(CHAT) == ["a", "b"]
    assert set((await postroom.states()).values()) == {"delivered"}
    assert await refused_chats(postroom) == {}


async def test_a_refusal_is_remembered_since_it_began_in_the_last_words(postroom: Postroom) -> None:
    """From the first refusal on /status can tell since when, and in Telegram's own words of the last try."""
    postroom.post.results[CHAT.chat_id] = [BLOCKED, Rejected("Chat not found"), BLOCKED]
    await postroom.put(notification("a"))
    began = postroom.clock()
    await postroom.turn()
    assert await refused_chats(postroom) == {CHAT: chats.Refusal(BLOCKED.failure, began)}
    assert postroom.outbox.next_try(CHAT.chat_id) == began + timedelta(seconds=10)
    postroom.pass_time(10)
    await postroom.turn()
    assert await refused_chats(postroom) == {CHAT: chats.Refusal("Chat not found", began)}
    assert postroom.outbox.next_try(CHAT.chat_id) == began + timedelta(seconds=30)
    assert postroom.outbox.next_try(GROUP.chat_id) is None


async def test_a_chat_that_refuses_for_months_is_tried_each_quarter_of_an_hour(postroom: Postroom) -> None:
    """There is no end to it, and in the end the chat is told. In between the machine sleeps for two months."""
    postroom.post.results[CHAT.chat_id] = [BLOCKED] * 130
    await postroom.put(notification("a"))
    await postroom.deliver(seconds=30_000)
    postroom.pass_time(timedelta(days=60).total_seconds())
    await postroom.deliver(seconds=60_000)
    assert postroom.post.keys() == ["a"]
    pauses = [later.at - earlier.at for earlier, later in pairwise(postroom.post.tried)]
    (asleep,) = (place for place, pause in enumerate(pauses) if pause > timedelta(days=59).total_seconds())
    assert set(pauses[64:asleep] + pauses[asleep + 1 :]) == {900}


async def test_a_sign_of_life_makes_what_is_owed_due_at_once(postroom: Postroom) -> None:
    """Whoever unblocks the bot and writes is told at once, though the next try was a quarter of an hour away."""
    postroom.post.results[CHAT.chat_id] = [BLOCKED] * 100
    await postroom.put(notification("a"))
    await postroom.deliver(seconds=5000)
    postroom.post.results.clear()
    postroom.pass_time(1)
    postroom.outbox.alive(GROUP.chat_id)
    await postroom.turn()
    assert postroom.post.told == []
    postroom.outbox.alive(CHAT.chat_id)
    await postroom.turn()
    assert postroom.post.keys() == ["a"]
    assert postroom.post.told[0].at == postroom.timer()
    assert await refused_chats(postroom) == {}


async def test_after_a_sign_of_life_a_chat_is_tried_soon_again(postroom: Postroom) -> None:
    """The sign may come a moment before Telegram lets the bot in; many signs are no flood of tries."""
    postroom.post.results[CHAT.chat_id] = [BLOCKED] * 100
    await postroom.put(notification("a"))
    await postroom.deliver(seconds=5000)
    tries = len(postroom.post.tried)
    for _ in range(20):
        postroom.outbox.alive(CHAT.chat_id)
        await postroom.turn()
        postroom.pass_time(1)
    assert len(postroom.post.tried) - tries <= 3
    postroom.post.results.clear()
    await postroom.deliver(seconds=60)
    assert postroom.post.keys() == ["a"]


async def test_a_sign_of_life_ends_the_wait_for_the_network_but_no_pause(postroom: Postroom) -> None:
    """A chat whose last try failed is tried at once when it writes; one that Telegram wants left alone is not."""
    postroom.post.results[CHAT.chat_id] = [AWAY] * 6
    postroom.post.results[GROUP.chat_id] = [Retry("pause", retry_after=300)]
    await postroom.put(notification("a"), chats=[CHAT, GROUP])
    for _ in range(5):
        postroom.pass_time(await postroom.turn())
    await postroom.turn()
    postroom.post.results.clear()
    for chat in (CHAT, GROUP):
        postroom.outbox.alive(chat.chat_id)
    await postroom.turn()
    assert {told.chat for told in postroom.post.told} == {CHAT}


async def test_a_chat_that_is_owed_nothing_and_gives_a_sign_is_no_longer_known_to_refuse(postroom: Postroom) -> None:
    """What it was owed is gone by now: nobody knows whether it still refuses, so nothing says so."""
    postroom.post.results[CHAT.chat_id] = [BLOCKED]
    await postroom.put(notification("a"))
    await postroom.turn()
    await postroom.query("DELETE FROM outbox")
    postroom.outbox.alive(CHAT.chat_id)
    await postroom.turn()
    assert await refused_chats(postroom) == {}
    assert postroom.outbox.next_try(CHAT.chat_id) is None


async def test_a_refusal_keeps_its_place_over_a_restart(postroom: Postroom) -> None:
    """A start tries once, for it may have mended it, and then goes on where the schedule was, not at its beginning."""
    postroom.post.results[CHAT.chat_id] = [BLOCKED] * 1000
    await postroom.put(notification("a"))
    await postroom.deliver(seconds=5000)
    began = (await refused_chats(postroom))[CHAT].since
    tries = len(postroom.post.tried)
    after = postroom.restarted()
    await after.outbox.resume()
    await after.deliver(seconds=2000)
    times = [tried.at for tried in after.post.tried[tries:]]
    assert [later - earlier for earlier, later in pairwise(times)] == [900, 900]
    assert (await refused_chats(after))[CHAT].since == began


async def test_a_pause_that_telegram_asks_for_is_not_lost_by_a_refusal(postroom: Postroom) -> None:
    """Each answer counts as it comes: a pause between two refusals is obeyed."""
    postroom.post.results[CHAT.chat_id] = [BLOCKED, Retry("pause", retry_after=500), BLOCKED]
    await postroom.put(notification("a"))
    start = postroom.timer()
    await postroom.deliver()
    assert [tried.at - start for tried in postroom.post.tried] == [0, 10, 510, 570]


async def test_what_fired_and_ended_while_a_chat_refused_is_one_message(postroom: Postroom) -> None:
    """Merged as while Telegram is away: the chat is told both in one."""
    postroom.post.results[CHAT.chat_id] = [BLOCKED]
    await postroom.put(notification("fired"))
    await postroom.turn()
    await postroom.put(notification("resolved", reason=NotifyReason.RESOLVED, severity=Severity.INFO))
    await postroom.deliver()
    assert [told.keys for told in postroom.post.told] == [["fired", "resolved"]]


async def test_what_nobody_needs_any_more_is_given_up(postroom: Postroom) -> None:
    """A chat that refuses for a fortnight is owed what fires, and not each day's summary and each old end."""
    postroom.post.always[CHAT.chat_id] = BLOCKED
    await postroom.put(
        notification("old", BOB),
        notification("old end", BOB, NotifyReason.RESOLVED),
        notification("digest", topic=NotificationKind.DIGEST),
        notification("fires"),
        chats=[CHAT, GROUP],
    )
    postroom.post.results[GROUP.chat_id] = [AWAY] * 100
    await postroom.turn()
    postroom.clock.forward(days=14)
    await postroom.outbox.tidy()
    states = await postroom.states()
    assert [key for key, state in states.items() if state == "failed"] == ["old@111", "old end@111", "digest@111"]
    postroom.post.always.clear()
    postroom.pass_time(3600)
    await postroom.deliver()
    assert postroom.post.keys(CHAT) == ["fires"]


async def test_a_chat_that_is_no_longer_told_gets_nothing_for_ever(postroom: Postroom) -> None:
    """What waits for a chat that was taken out of the settings is given up, and waits again if it comes back."""
    stranger = Chat(999)
    await postroom.fire(notification("a"))
    await postroom.put(notification("a"), notification("g", topic=NotificationKind.GREETING), chats=[stranger, CHAT])
    postroom.post.always[stranger.chat_id] = BLOCKED
    await postroom.outbox.resume()
    await postroom.deliver()
    assert {tried.chat for tried in postroom.post.tried} == {CHAT}
    assert (await postroom.states())["a@999"] == "failed"
    back = Postroom.on(postroom.store, postroom.clock, postroom.timer, chats=(CHAT, stranger))
    await back.outbox.resume()
    await back.deliver()
    assert back.post.keys(stranger) == ["a"]
    assert (await back.states())["g@999"] == "failed"


async def test_what_an_older_version_gave_up_waits_again_while_it_fires(postroom: Postroom) -> None:
    """Rows in the state failed: those of alerts that fire are told after all, unless the chat was told more since."""
    await postroom.fire(notification("fires"), notification("told since", BOB))
    postroom.post.results[CHAT.chat_id] = []
    await postroom.put(notification("fires"), notification("told since", BOB), notification("over", CAROL))
    await postroom.query("UPDATE outbox SET state = 'failed', failure = 'blocked', done_at = 0")
    await postroom.put(notification("worse", BOB, NotifyReason.WORSENED))
    await postroom.deliver()
    await postroom.outbox.resume()
    await postroom.deliver()
    assert postroom.post.keys() == ["worse", "fires"]
    assert (await postroom.states())["over@111"] == "failed"


async def test_a_defect_in_sending_loses_nothing(postroom: Postroom, caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody foresaw is logged with its cause, and the message is tried again."""
    postroom.post.results[CHAT.chat_id] = [RuntimeError("a defect")]
    await postroom.put(notification("a"))
    await postroom.deliver()
    assert postroom.post.keys() == ["a"]
    assert "RuntimeError: a defect" in caplog.text


async def test_what_is_new_is_sent_at_once_while_others_wait(postroom: Postroom) -> None:
    """The loop wakes for what is new and sends it without a nap."""
    running = asyncio.create_task(postroom.outbox.run())
    await asyncio.sleep(0)
    await postroom.put(notification("a"))
    postroom.outbox.wake()
    await until(lambda: postroom.post.told)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await postroom.outbox.drain()
    assert postroom.post.keys() == ["a"]


async def test_metrics_count_every_send(postroom: Postroom) -> None:
    """Each try is counted by its result, and its seconds are measured."""
    postroom.post.results[CHAT.chat_id] = [AWAY, AWAY]
    await postroom.put(notification("a"))
    await postroom.deliver()
    value = postroom.metrics.registry.get_sample_value
    assert value("credit_bot_sends_total", {"result": "later"}) == 2
    assert value("credit_bot_sends_total", {"result": "delivered"}) == 1
    assert value("credit_bot_send_seconds_count") == 3


class Cut(Store):
    """A store at which everything ends, before or after the n-th transaction from now on."""

    left = -1
    after = False

    def _end(self, *, after: bool) -> None:
        """Ends whoever asks, if it is time; the dead do nothing more."""
        self.left -= not after
        if self.left < 0 or (self.left == 0 and after == self.after):
            raise asyncio.CancelledError

    @asynccontextmanager
    async def write(self, *, synced: bool = True) -> AsyncIterator[Connection]:
        """A write transaction that may be the last."""
        self._end(after=False)
        async with super().write(synced=synced) as connection:
            yield connection
        self._end(after=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A read transaction that may be the last."""
        self._end(after=False)
        async with super().read() as connection:
            yield connection
        self._end(after=True)


ENDLESS = 10**9


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 9))
async def test_a_crash_at_any_transaction_loses_nothing(template: Path, tmp_path: Path, at: int, after: bool) -> None:
    """A worker that ends before or after any of its transactions: after the restart all is told, one thing twice."""
    store = await Cut.open(str(copy_of(template, tmp_path)))
    assert isinstance(store, Cut)
    store.left = ENDLESS
    room = Postroom.on(store)
    await room.put(
        notification("a"), notification("b", measure=AlertRule.PLAN), notification("c", measure=AlertRule.FAILURES)
    )
    store.left, store.after = at, after
    for _ in range(4):
        try:
            await room.turn()
        except asyncio.CancelledError:
            break
        room.pass_time(1.0)
    await room.outbox.cancel()
    store.left = ENDLESS
    again = room.restarted()
    await again.outbox.resume()
    await again.deliver()
    keys = room.post.keys()
    assert set(keys) == {"a", "b", "c"}
    assert len(keys) <= 4
    assert set((await again.states()).values()) == {"delivered"}
    assert sorted(dict.fromkeys(keys)) == list(dict.fromkeys(keys))
    await store.close()


async def test_a_stop_in_the_middle_of_a_send_loses_nothing(postroom: Postroom) -> None:
    """A message whose answer was not waited for is told again after the restart: perhaps twice, never not at all."""
    release = postroom.post.hanging[CHAT.chat_id] = asyncio.Event()
    await postroom.put(notification("a"), notification("b", measure=AlertRule.PLAN))
    await postroom.outbox.pump()
    await until(lambda: postroom.post.tried)
    await postroom.outbox.cancel()
    assert await postroom.states() == {"a@111": "sending", "b@111": "pending"}
    release.set()
    again = postroom.restarted()
    await again.outbox.resume()
    await again.deliver()
    assert postroom.post.keys() == ["a", "b"]


async def test_500_accounts_are_told_in_a_few_messages(postroom: Postroom) -> None:
    """Five hundred accounts that fall one after the other are all named, in at most fifteen messages to a group."""
    room = Postroom.on(postroom.store, room=60)
    names = [f"user{number}@example.com" for number in range(500)]
    for start in range(0, 500, 10):
        await room.put(*(notification(f"n-{name}", name) for name in names[start : start + 10]), chats=[GROUP, CHAT])
        room.outbox.wake()
        await room.turn()
        room.pass_time(0.5)
    await room.deliver()
    for chat in (GROUP, CHAT):
        told = [one for one in room.post.told if one.chat == chat]
        assert {story.last.notification.subject for one in told for story in one.batch.stories} == set(
            map(key_of, names)
        )
        assert len(told) <= 15
        assert all(later.at - earlier.at >= 1 for earlier, later in pairwise(told))


async def test_another_cause_does_not_wait_for_a_storm(postroom: Postroom) -> None:
    """While a storm is being gathered, a message of another cause goes out within a few seconds."""
    room = Postroom.on(postroom.store, room=60)
    for number in range(8):
        await room.put(notification(f"n{number}", f"user{number}@example.com"))
        room.outbox.wake()
        await room.turn()
        room.pass_time(1)
    for _ in range(40):
        await room.put(notification(f"late{_}", f"late{_}@example.com"))
        room.outbox.wake()
        await room.turn()
        room.pass_time(1)
    asked = room.timer()
    await room.put(notification("plan", ALICE, measure=AlertRule.PLAN))
    room.outbox.wake()
    await room.deliver(seconds=600)
    (plan,) = [told for told in room.post.told if "plan" in told.keys]
    assert plan.at - asked <= 2


async def test_an_empty_outbox_naps(postroom: Postroom) -> None:
    """Nothing to say is nothing to do, and no busy loop."""
    assert await postroom.turn() == 30
    assert postroom.post.tried == []


def of_source(key: str, who: str, source: str = "pixverse", **more: Any) -> Notification:
    """A notice about an account of a source."""
    one = notification(key, who, **more)
    return replace(one, facts=replace(one.facts, source=source))


async def put_in_turn(postroom: Postroom, *notifications: Notification) -> int:
    """Puts notices in, and gives the id of the last."""
    await postroom.put(*notifications)
    async with postroom.store.read() as connection:
        return await outbox_rows.last_id(connection)


async def test_what_follows_on_a_change_waits_for_the_others_and_is_one_message(postroom: Postroom) -> None:
    """The change itself goes out at once; what comes after it once all were checked, together."""
    after = await put_in_turn(postroom, of_source("first", ALICE))
    postroom.outbox.hold_back("pixverse", after)
    begun = postroom.timer()
    await postroom.turn()
    assert [(told.keys, told.at) for told in postroom.post.told] == [(["first"], begun)]
    for key, who in (("second", BOB), ("third", CAROL)):
        postroom.pass_time(2)
        await postroom.put(of_source(key, who))
        postroom.outbox.wake()
        assert await postroom.turn() > 10, "it sleeps until something happens"
    assert len(postroom.post.told) == 1
    postroom.outbox.let_go("pixverse")
    await postroom.turn()
    assert [told.keys for told in postroom.post.told] == [["first"], ["second", "third"]]
    assert postroom.timer() - begun == 4


async def test_nothing_waits_longer_than_a_minute_for_the_others(postroom: Postroom) -> None:
    """A check that hangs holds nobody up for longer."""
    after = await put_in_turn(postroom, of_source("first", ALICE))
    postroom.outbox.hold_back("pixverse", after)
    await postroom.turn()
    await postroom.put(of_source("second", BOB))
    await postroom.deliver()
    assert [told.keys for told in postroom.post.told] == [["first"], ["second"]]
    assert postroom.post.told[1].at - postroom.post.told[0].at == GROUP_WAIT_S
    await postroom.put(of_source("third", CAROL))
    postroom.outbox.wake()
    postroom.pass_time(CHAT_PAUSE_S)
    await postroom.turn()
    assert postroom.post.keys()[-1] == "third"


async def test_only_news_of_that_sources_accounts_waits(postroom: Postroom) -> None:
    """Another source, the source itself, notes, and what a chat finds firing when it joins go out at once."""
    postroom.outbox.hold_back("pixverse", 0)
    whole = of_source("whole", "pixverse")
    await postroom.put(
        of_source("held", ALICE),
        of_source("reminder", BOB, reason=NotifyReason.REMINDED, severity=Severity.CRITICAL),
        of_source("other", CAROL, source="pixverse/film"),
        replace(whole, facts=replace(whole.facts, email=None)),
        of_source("gone", CAROL, topic=NotificationKind.GONE),
        of_source("joined", CAROL, reason=NotifyReason.JOINED),
    )
    for _ in range(6):
        await postroom.turn()
        postroom.pass_time(1)
    assert sorted(postroom.post.keys()) == ["gone", "joined", "other", "whole"]
    await postroom.deliver()
    assert postroom.post.told[-1].keys == ["held", "reminder"]


async def test_what_is_held_back_is_told_by_the_next_start(postroom: Postroom) -> None:
    """A crash while the others are checked loses nothing: what waits stands in the database, and nothing holds it."""
    postroom.outbox.hold_back("pixverse", 0)
    await postroom.put(of_source("held", ALICE))
    await postroom.turn()
    assert postroom.post.keys() == []
    after = postroom.restarted()
    await after.outbox.resume()
    await after.turn()
    assert after.post.keys() == ["held"]


async def test_something_new_that_meets_a_chats_pace_does_not_wait_for_a_storm(postroom: Postroom) -> None:
    """A lone alert of another cause, come within the second after a storm's message, is told in the next."""
    for number in range(8):
        await postroom.put(notification(f"storm{number}", f"user{number}@example.com"))
        postroom.outbox.wake()
        await postroom.turn()
        postroom.pass_time(1)
    await postroom.put(notification("waits", ALICE))
    postroom.outbox.wake()
    await postroom.deliver()
    assert postroom.post.keys()[-1] == "waits"
    last = postroom.post.told[-1].at
    await postroom.put(notification("gathers", BOB), notification("lone", CAROL, measure=AlertRule.PLAN))
    postroom.outbox.wake()
    for _ in range(3):
        await postroom.turn()
        postroom.pass_time(0.5)
    assert postroom.post.keys()[-1] == "lone"
    assert postroom.post.told[-1].at - last == CHAT_PAUSE_S
