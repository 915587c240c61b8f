"""Pairing by links, on a real database."""

import asyncio
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.domain.alerts import Severity
from bot.domain.chats import Chat
from bot.domain.notifications import Notification, NotificationKind
from bot.features.pairing.rules import is_code
from bot.features.pairing.service import Pairing, draw_code
from bot.storage import chats, outbox, pairing
from bot.storage.database import Store
from bot.storage.schema import boards, guesses, invitations
from tests.support.builders import HOUR, MINUTE, NOW, SECOND

ALICE, BOB, TEAM, TOPIC = Chat(7), Chat(8), Chat(-100), Chat(-1001, 45)


class House:
    """The pairing with a clock of the test's own, and codes that tell which one they are."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.drawn = 0
        self.pairing = self.started()

    def started(self) -> Pairing:
        """The pairing as after a start of the bot."""
        return Pairing(self.store, self.clock, self.draw)

    def clock(self) -> datetime:
        return self.now

    def draw(self) -> str:
        self.drawn += 1
        return f"code-{self.drawn:027}"

    async def paired(self) -> tuple[Chat, ...]:
        async with self.store.read() as connection:
            return await pairing.paired(connection)

    async def first(self) -> str:
        code = await self.pairing.first_code(())
        assert code
        return code

    async def count(self, table: sa.Table) -> int:
        async with self.store.read() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.fixture
def house(store: Store) -> House:
    """A bot that nobody is paired with yet."""
    return House(store)


def test_drawn_codes_differ() -> None:
    """Each is new, and one that Telegram takes."""
    codes = {draw_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(map(is_code, codes))


async def test_who_opens_the_link_is_the_first_chat(house: House) -> None:
    """And stays it over a restart: it is kept in the database."""
    code = await house.first()
    house.now += 9 * MINUTE
    invitation = await house.pairing.open(code, ALICE, "Alice")
    assert invitation
    assert invitation.first
    assert await house.paired() == (ALICE,)
    assert await house.started().first_code(()) is None


async def test_the_link_is_renewed_while_nobody_is_paired(house: House) -> None:
    """Once the ten minutes are over there is another; the old one is worth nothing."""
    old = await house.first()
    house.now += 9 * MINUTE
    assert await house.pairing.first_code(()) is None
    house.now += MINUTE
    new = await house.first()
    assert new != old
    assert await house.pairing.open(old, BOB, "Bob") is None
    assert await house.pairing.open(new, ALICE, "Alice")


async def test_a_restart_shows_a_new_link(house: House) -> None:
    """And the one in the log of the run before no longer works: only one does at any time."""
    old = await house.first()
    house.pairing = house.started()
    new = await house.first()
    assert await house.pairing.open(old, ALICE, "Alice") is None
    assert await house.pairing.open(new, ALICE, "Alice")


async def test_no_link_where_the_settings_name_chats(house: House) -> None:
    """Whoever lists chats needs no pairing."""
    assert await house.pairing.first_code((ALICE,)) is None


async def test_a_code_works_once(house: House) -> None:
    """The second to open a link gets nothing."""
    code = await house.pairing.invite("Alice")
    assert await house.pairing.open(code, ALICE, "Alice")
    assert await house.pairing.open(code, BOB, "Bob") is None
    assert await house.paired() == (ALICE,)


async def test_a_code_works_once_even_at_the_same_moment(house: House) -> None:
    """Of many that open it together, one gets in."""
    code = await house.pairing.invite("Alice")
    opened = await asyncio.gather(*(house.pairing.open(code, Chat(number), "x") for number in range(1, 5)))
    assert len([invitation for invitation in opened if invitation]) == 1
    assert len(await house.paired()) == 1


async def test_the_first_pairing_ends_the_link_in_the_log(house: House) -> None:
    """A stranger who finds an unused link in the log finds it void."""
    logged, given = await house.first(), await house.pairing.invite("Alice")
    assert await house.pairing.open(given, ALICE, "Alice")
    assert await house.pairing.open(logged, BOB, "Bob") is None


@pytest.mark.parametrize("code", ["", "abc", "x" * 32, "x" * 5000, "code-\0"])
async def test_wrong_codes_get_nothing(house: House, code: str) -> None:
    """Whatever they look like."""
    await house.first()
    assert await house.pairing.open(code, BOB, "Bob") is None
    assert await house.paired() == ()


async def test_an_old_code_gets_nothing(house: House) -> None:
    """Ten minutes are the end, also of a clock that was set back."""
    for later in (timedelta(minutes=10), timedelta(minutes=-10)):
        house.now = NOW
        code = await house.pairing.invite("Alice")
        house.now = NOW + later
        assert await house.pairing.open(code, BOB, "Bob") is None


async def test_codes_are_kept_as_hashes(house: House) -> None:
    """Whoever reads the database finds no code in it."""
    code = await house.pairing.invite("Alice")
    async with house.store.read() as connection:
        (row,) = await connection.execute(sa.select(invitations))
    assert row.hash == pairing.hash_of(code)
    assert code not in str(row)


async def test_old_invitations_do_not_pile_up(house: House) -> None:
    """Each new one clears away those that no longer work."""
    for _ in range(5):
        await house.pairing.invite("Alice")
        house.now += 11 * MINUTE
    assert await house.count(invitations) == 1


@pytest.mark.parametrize("others", [(BOB,), (ALICE,), (Chat(100), Chat(101), Chat(102))])
async def test_the_right_code_is_taken_in_any_flood(house: House, others: tuple[Chat, ...]) -> None:
    """Wrong ones of strangers, or of the very chat, neither keep it out nor delay it; the chat is then forgiven."""
    code = await house.first()
    for number in range(200):
        assert await house.pairing.open(f"{number:032}", others[number % len(others)], "x") is None
    assert await house.pairing.open(code, ALICE, "Alice")
    assert await house.paired() == (ALICE,)
    async with house.store.read() as connection:
        assert (await pairing.guesses_of(connection, ALICE.chat_id)).wrong == 0


async def test_a_row_of_wrong_codes_is_said_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Without the codes: whoever runs the bot learns that somebody tries."""
    for number in range(200):
        await house.pairing.open(f"wrong-{number:026}", BOB, "Bob")
        house.now += 10 * SECOND
    assert caplog.text.count("5 wrong pairing codes in a row, the last in chat 8; the right one still works") == 1
    assert "wrong-0" not in caplog.text


async def test_a_flood_of_wrong_codes_is_not_written(house: House) -> None:
    """After five none is noted for a while, so that nobody keeps the disk busy; over a restart, too."""
    for number in range(50):
        await house.pairing.open(f"{number:032}", BOB, "Bob")
    house.pairing = house.started()
    await house.pairing.open("x" * 32, BOB, "Bob")
    async with house.store.read() as connection:
        assert (await pairing.guesses_of(connection, BOB.chat_id)).wrong == 5


async def test_long_forgiven_guesses_are_dropped(house: House) -> None:
    """A table that strangers can write to does not grow without end."""
    for number in range(100, 120):
        await house.pairing.open("x" * 32, Chat(number), "x")
        house.now += HOUR
    assert await house.count(guesses) <= 4


async def test_a_paired_chat_is_greeted_anew(house: House) -> None:
    """Whoever comes back by a link is one of ours again, and is to be told so, and what fires."""
    async with house.store.write() as connection:
        await chats.greet(connection, [ALICE, BOB], house.now)
    await house.pairing.open(await house.first(), ALICE, "Alice")
    async with house.store.read() as connection:
        assert await chats.not_greeted(connection, [ALICE, BOB]) == [ALICE]


async def pair(house: House, *wanted: Chat) -> None:
    """Pairs chats."""
    for chat in wanted:
        assert await house.pairing.open(await house.pairing.invite("Alice"), chat, "Alice")


async def test_leaving_ends_one_pairing(house: House) -> None:
    """The other chats stay; what waited for the one that left is told to nobody; it may come back."""
    await pair(house, ALICE, BOB)
    notification = Notification("key", NotificationKind.DOWNTIME, Severity.INFO)
    async with house.store.write() as connection:
        await outbox.put(connection, [notification], [ALICE, BOB], house.now)
        values = {"thread_id": 0, "message_id": 1, "text_hash": "", "edited_at": NOW}
        await connection.execute(sa.insert(boards), [{"chat_id": chat.chat_id, **values} for chat in (ALICE, BOB)])
    assert await house.pairing.leave(ALICE)
    assert not await house.pairing.leave(ALICE)
    assert await house.paired() == (BOB,)
    assert await house.count(boards) == 2  # the board of the one that left is yet to be taken down
    async with house.store.read() as connection:
        assert await outbox.waiting_chats(connection) == [BOB.chat_id]
        assert await chats.not_greeted(connection, [ALICE]) == [ALICE]
    house.now += MINUTE
    await pair(house, ALICE)
    assert await house.paired() == (BOB, ALICE)


async def test_after_the_last_has_left_the_log_has_a_link_again(house: House) -> None:
    """Nobody is locked out of a bot that is their own."""
    await pair(house, ALICE)
    assert await house.pairing.first_code(()) is None
    await house.pairing.leave(ALICE)
    assert await house.pairing.first_code(())


async def test_a_topic_is_paired_for_itself(house: House) -> None:
    """Leaving from another topic of the group ends nothing; from the topic itself it does."""
    await pair(house, TOPIC)
    assert not await house.pairing.leave(Chat(-1001, 46))
    assert not await house.pairing.leave(Chat(-1001))
    assert await house.pairing.leave(TOPIC)


async def test_a_whole_group_is_left_from_any_topic(house: House) -> None:
    """What allows the topic is the group."""
    await pair(house, Chat(-1001))
    assert await house.pairing.leave(Chat(-1001, 46))


async def test_a_group_that_moved_leaves_by_its_new_id(house: House) -> None:
    """It is paired under the id that it had."""
    await pair(house, TEAM)
    async with house.store.write() as connection:
        await chats.move(connection, TEAM.chat_id, -1009)
    assert await house.pairing.leave(Chat(-1009, 3))
    assert await house.paired() == ()
