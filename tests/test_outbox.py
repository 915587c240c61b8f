"""Delivery: in order, at each chat's pace, again until it works, and nothing lost whatever is cut off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.core.delivery import LONGEST_WAIT, Later, Moved, Never
from bot.core.model import Chat, Measure, Reason, Severity, Topic
from bot.store import chats
from bot.store import outbox as rows
from bot.store.connection import Connection
from bot.store.database import Store
from tests.fakes import ALICE, BOB, CAROL, CHAT, GROUP, NOW, Postroom, copy_of, key_of, notice, until

AWAY = Later("Telegram cannot be reached")
CHATS = [Chat(1000 + number) for number in range(5)]


async def test_a_chat_is_told_in_order_and_a_second_apart(postroom: Postroom) -> None:
    """Messages of different causes go out in the order of their age, each at least a second after the one before."""
    measures = [Measure.CREDITS, Measure.PLAN, Measure.FAILURES]
    await postroom.put(*(notice(f"n{number}", measure=measure) for number, measure in enumerate(measures)))
    await postroom.deliver()
    assert postroom.post.keys() == ["n0", "n1", "n2"]
    times = [told.at for told in postroom.post.told]
    assert [later - earlier for earlier, later in pairwise(times)] == [1.0, 1.0]


async def test_one_cause_is_one_message(postroom: Postroom) -> None:
    """What waits together and has one cause is told together."""
    await postroom.put(notice("a", ALICE), notice("b", BOB), notice("c", CAROL), notice("p", measure=Measure.PLAN))
    await postroom.deliver()
    assert [told.keys for told in postroom.post.told] == [["a", "b", "c"], ["p"]]


async def test_what_was_overtaken_is_one_message(postroom: Postroom) -> None:
    """An alert that fired and recovered while Telegram was away is one message that tells both."""
    postroom.post.results[CHAT.chat_id] = [AWAY]
    await postroom.put(notice("fired"))
    await postroom.turn()
    await postroom.put(notice("resolved", reason=Reason.RESOLVED, severity=Severity.INFO))
    await postroom.deliver()
    assert [told.keys for told in postroom.post.told] == [["fired", "resolved"]]


async def test_a_message_holds_so_much_and_the_next_the_rest(postroom: Postroom) -> None:
    """What does not fit into one message follows in the next; nobody is left out or named twice."""
    room = Postroom.on(postroom.store, room=2)
    await room.put(*(notice(f"n{number}", f"user{number}@example.com") for number in range(5)))
    await room.deliver()
    assert [told.keys for told in room.post.told] == [["n0", "n1"], ["n2", "n3"], ["n4"]]


async def test_a_group_gets_twenty_a_minute(postroom: Postroom) -> None:
    """A group gets at most twenty messages in any minute and one a second; in the end it gets all."""
    for number in range(30):
        await postroom.put(notice(f"n{number}", topic=Topic.PAUSE), chats=[GROUP])
    await postroom.deliver()
    times = [told.at for told in postroom.post.told]
    assert len(times) == 30
    assert all(later - earlier >= 1 for earlier, later in pairwise(times))
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[20:], strict=False))


async def test_a_private_chat_is_not_held_to_a_groups_pace(postroom: Postroom) -> None:
    """Thirty messages to one person take half a minute."""
    for number in range(30):
        await postroom.put(notice(f"n{number}", topic=Topic.PAUSE))
    await postroom.deliver()
    assert postroom.post.told[-1].at - postroom.post.told[0].at == pytest.approx(29)


async def test_topics_of_one_group_share_its_pace(postroom: Postroom) -> None:
    """Telegram counts by chat: two topics of a group together get one message a second."""
    topics = [Chat(GROUP.chat_id, 1), Chat(GROUP.chat_id, 2)]
    await postroom.put(notice("a"), chats=topics)
    await postroom.deliver()
    assert [told.chat for told in postroom.post.told] == topics
    assert postroom.post.told[1].at - postroom.post.told[0].at >= 1


async def test_the_wait_grows_and_never_ends(postroom: Postroom) -> None:
    """What fails is tried after 1, 2, 4 … seconds, never rarer than every half minute, and for as long as it takes."""
    postroom.post.results[CHAT.chat_id] = [AWAY] * 40
    await postroom.put(notice("a"))
    await postroom.deliver(seconds=3600)
    times = [told.at for told in postroom.post.tried]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert set(waits[5:]) == {LONGEST_WAIT}
    assert len(times) == 41
    assert postroom.post.keys() == ["a"]


async def test_a_pause_that_telegram_asks_for_concerns_that_chat_only(postroom: Postroom) -> None:
    """``retry_after`` is obeyed to the second for its chat, and the others get theirs at once."""
    postroom.post.results[CHAT.chat_id] = [Later("pause", retry_after=37)]
    await postroom.put(notice("a"), chats=[CHAT, GROUP])
    await postroom.deliver()
    start = postroom.post.tried[0].at
    assert {told.chat: told.at - start for told in postroom.post.told} == {GROUP: 0, CHAT: 37}


async def test_a_pause_outlives_a_restart(postroom: Postroom) -> None:
    """A pause that Telegram asked for is kept through a restart, but never for over an hour."""
    postroom.post.results[CHAT.chat_id] = [Later("pause", retry_after=120)]
    await postroom.put(notice("a"))
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
    await postroom.put(notice("a"))
    await postroom.outbox.resume()
    began = postroom.timer()
    await postroom.deliver(seconds=7200)
    assert postroom.post.told[0].at - began == pytest.approx(3600)


async def test_a_hanging_chat_delays_no_other(postroom: Postroom) -> None:
    """While a send to one chat hangs, the others are told."""
    release = postroom.post.hanging[CHAT.chat_id] = asyncio.Event()
    await postroom.put(notice("a"), chats=[CHAT, *CHATS])
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
    await postroom.put(notice("a"), chats=CHATS)
    for _ in range(7):
        nap = await postroom.turn()
        postroom.pass_time(nap)
    assert postroom.post.told == []
    first = CHATS[0].chat_id
    postroom.post.always.clear()
    lanes = postroom.outbox._lanes
    for chat in CHATS[1:]:
        lanes[chat.chat_id].ready_at += 1000
    assert lanes[first].failures
    back = postroom.timer()
    await postroom.turn()
    await postroom.turn()
    assert {told.chat for told in postroom.post.told} == set(CHATS)
    assert {told.at for told in postroom.post.told} == {back}


async def test_a_drought_does_not_end_a_pause_that_was_asked_for(postroom: Postroom) -> None:
    """A success elsewhere does not make the bot break its word to a chat that asked for peace."""
    postroom.post.results[CHAT.chat_id] = [Later("pause", retry_after=300)]
    postroom.post.results[GROUP.chat_id] = [AWAY]
    await postroom.put(notice("a"), chats=[CHAT, GROUP])
    await postroom.deliver(seconds=200)
    assert {told.chat for told in postroom.post.told} == {GROUP}
    await postroom.deliver()
    assert postroom.post.told[-1].at - postroom.post.tried[0].at == pytest.approx(300)


async def test_a_moved_group_is_followed_and_remembered(postroom: Postroom) -> None:
    """What waits for a group that moved goes to its new place at once, and that place is remembered."""
    new = -1009
    postroom.post.results[GROUP.chat_id] = [Moved(new)]
    await postroom.put(notice("a"), notice("b", measure=Measure.PLAN), chats=[GROUP, CHAT])
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
    await postroom.put(notice("a"), notice("b", measure=Measure.PLAN), chats=[GROUP])
    postroom.post.hanging[GROUP.chat_id] = answers
    postroom.post.results[GROUP.chat_id] = [Moved(new)]
    telling = asyncio.create_task(postroom.deliver())
    await until(lambda: postroom.post.tried)
    async with postroom.store.write() as connection:
        await postroom.recipients.move(connection, GROUP.chat_id, new)
    answers.set()
    await telling
    assert postroom.post.keys(Chat(new)) == ["a", "b"]
    assert set((await postroom.states()).values()) == {"delivered"}


async def test_a_chat_that_is_gone_is_given_up_and_the_others_are_told(postroom: Postroom) -> None:
    """A blocked bot keeps what it could not say as failed, with the reason; the other chats get theirs."""
    postroom.post.always[CHAT.chat_id] = Never("Forbidden: bot was blocked by the user")
    await postroom.put(notice("a"), notice("b", measure=Measure.PLAN), chats=[CHAT, GROUP])
    await postroom.deliver()
    assert postroom.post.keys(GROUP) == ["a", "b"]
    states = await postroom.states()
    assert {key: state for key, state in states.items() if "@111" in key} == {"a@111": "failed", "b@111": "failed"}
    async with postroom.store.read() as connection:
        assert await chats.gone(connection) == {CHAT: "Forbidden: bot was blocked by the user"}
        assert (await rows.depth(connection)).failed == 2


async def test_a_chat_that_comes_back_is_no_longer_gone(postroom: Postroom) -> None:
    """Once a chat takes a message again, its departure is forgotten."""
    postroom.post.results[CHAT.chat_id] = [Never("blocked")]
    await postroom.put(notice("a"))
    await postroom.deliver()
    await postroom.put(notice("b"))
    await postroom.deliver()
    assert postroom.post.keys() == ["b"]
    async with postroom.store.read() as connection:
        assert await chats.gone(connection) == {}


async def test_a_message_found_wrong_is_given_up_after_five_tries(postroom: Postroom) -> None:
    """A message that Telegram itself refuses five times is given up, and those behind it are sent."""
    postroom.post.results[CHAT.chat_id] = [Later("can't parse entities", refused=True)] * 5
    await postroom.put(notice("bad"), notice("good", measure=Measure.PLAN))
    await postroom.deliver()
    assert postroom.post.keys() == ["good"]
    assert await postroom.states() == {"bad@111": "failed", "good@111": "delivered"}
    assert [told.keys for told in postroom.post.tried] == [["bad"]] * 5 + [["good"]]


async def test_a_message_refused_for_a_while_is_delivered(postroom: Postroom) -> None:
    """Four refusals are no reason to give up."""
    postroom.post.results[CHAT.chat_id] = [Later("odd", refused=True)] * 4
    await postroom.put(notice("a"))
    await postroom.deliver()
    assert postroom.post.keys() == ["a"]


async def test_a_fresh_notice_does_not_inherit_refusals(postroom: Postroom) -> None:
    """What joins an old message late is not given up with it at once, for it was never tried."""
    postroom.post.results[CHAT.chat_id] = [Later("odd", refused=True)] * 6
    await postroom.put(notice("old", ALICE))
    for _ in range(4):
        postroom.pass_time(await postroom.turn())
    await postroom.put(notice("new", BOB))
    await postroom.deliver()
    assert postroom.post.keys().count("new") == 1


async def test_a_defect_in_sending_loses_nothing(postroom: Postroom, caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody foresaw is logged with its cause, and the message is tried again."""
    postroom.post.results[CHAT.chat_id] = [RuntimeError("a defect")]
    await postroom.put(notice("a"))
    await postroom.deliver()
    assert postroom.post.keys() == ["a"]
    assert "RuntimeError: a defect" in caplog.text


async def test_what_is_new_is_sent_at_once_while_others_wait(postroom: Postroom) -> None:
    """The loop wakes for what is new and sends it without a nap."""
    running = asyncio.create_task(postroom.outbox.run())
    await asyncio.sleep(0)
    await postroom.put(notice("a"))
    postroom.outbox.wake()
    await until(lambda: postroom.post.told)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await postroom.outbox.drain()
    assert postroom.post.keys() == ["a"]


async def test_metrics_count_every_send(postroom: Postroom) -> None:
    """Each try is counted by its result, and its seconds are measured."""
    postroom.post.results[CHAT.chat_id] = [AWAY, AWAY]
    await postroom.put(notice("a"))
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
    await room.put(notice("a"), notice("b", measure=Measure.PLAN), notice("c", measure=Measure.FAILURES))
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
    await postroom.put(notice("a"), notice("b", measure=Measure.PLAN))
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
        await room.put(*(notice(f"n-{name}", name) for name in names[start : start + 10]), chats=[GROUP, CHAT])
        room.outbox.wake()
        await room.turn()
        room.pass_time(0.5)
    await room.deliver()
    for chat in (GROUP, CHAT):
        told = [one for one in room.post.told if one.chat == chat]
        assert {story.last.notice.subject for one in told for story in one.parcel.stories} == set(map(key_of, names))
        assert len(told) <= 15
        assert all(later.at - earlier.at >= 1 for earlier, later in pairwise(told))


async def test_another_cause_does_not_wait_for_a_storm(postroom: Postroom) -> None:
    """While a storm is being gathered, a message of another cause goes out within a few seconds."""
    room = Postroom.on(postroom.store, room=60)
    for number in range(8):
        await room.put(notice(f"n{number}", f"user{number}@example.com"))
        room.outbox.wake()
        await room.turn()
        room.pass_time(1)
    for _ in range(40):
        await room.put(notice(f"late{_}", f"late{_}@example.com"))
        room.outbox.wake()
        await room.turn()
        room.pass_time(1)
    asked = room.timer()
    await room.put(notice("plan", ALICE, measure=Measure.PLAN))
    room.outbox.wake()
    await room.deliver(seconds=600)
    (plan,) = [told for told in room.post.told if "plan" in told.keys]
    assert plan.at - asked <= 2


async def test_an_empty_outbox_naps(postroom: Postroom) -> None:
    """Nothing to say is nothing to do, and no busy loop."""
    assert await postroom.turn() == 30
    assert postroom.post.tried == []
