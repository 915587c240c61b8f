"""Many accounts at once, under Telegram's limits."""

import re
from itertools import pairwise

from tests.support.world import EVERY, GROUP, World, until

MANY = 500


async def test_500_accounts_that_drop_at_once_are_all_named_in_at_most_15_messages(strict_world: World) -> None:
    """A storm at 1 message a second and 20 a minute: every account is named, in at most 15 messages, none refused."""
    world, chat = strict_world, GROUP
    accounts = world.accounts(*(f"account{number:03}" for number in range(MANY)))
    bot = await world.host(TELEGRAM_CHAT_IDS=chat)
    for account in accounts:
        account.monthly = 180
    world.clock.advance(EVERY)

    def named() -> set[str]:
        return set(re.findall(r"account\d{3}", " ".join(world.telegram.texts(chat))))

    await until(lambda: len(named()) == MANY, f"all are named, not only {len(named())}", timeout=40)
    await bot.quiet()
    assert len(world.telegram.texts(chat)) <= 15
    assert "was not told" not in bot.log
    pauses = [later.accepted - sooner.accepted for sooner, later in pairwise(world.telegram.messages)]
    assert min(pauses) > 0.9
