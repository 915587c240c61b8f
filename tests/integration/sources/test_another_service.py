"""Another service is one file and one row: its accounts are listed, checked, told of and asked for, in its words."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aioresponses import aioresponses
from pydantic import SecretStr

from bot.checks.catch_up import CatchUp
from bot.checks.context import Context
from bot.checks.discovery import AccountDiscovery
from bot.checks.processor import AlertWriter, CheckProcessor
from bot.checks.runner import CheckRunner
from bot.config.targets import Targets, TargetSource
from bot.domain.notifications import Watched
from bot.outbox.batching import batches
from bot.sources.registry import SERVICES
from bot.sources.useapi.client import open_session
from bot.storage import accounts, outbox
from bot.storage.database import Store
from bot.support.metrics import Metrics
from bot.targets.active import ActiveTargets, source_of
from bot.targets.recipients import Recipients
from bot.telegram.text.account_list import account_card, no_accounts
from bot.telegram.text.messages import render
from tests.integration.sources.helpers import BASE, TOKEN
from tests.integration.sources.lumen import LUMEN
from tests.support.fakes import CHAT, QUARTER, RULES, Clock, until
from tests.support.given import UTC_ZONE

V1 = BASE.replace("/v2", "/v1")
ANN = "ann@example.com"


class Watching:
    """The parts that check one subscription of the made-up service."""

    def __init__(self, store: Store, active_targets: ActiveTargets, clock: Clock) -> None:
        """As the bot wires them."""
        self.store, self.clock = store, clock
        recipients = Recipients(active_targets)
        context = Context(store, active_targets, recipients, QUARTER, clock, Metrics(), lambda: None, lambda _: None)
        writer = AlertWriter(context)
        catch_up = CatchUp(context, writer)
        processor = CheckProcessor(context, writer)
        self.checks = CheckRunner(context, processor, catch_up)
        self.discovery = AccountDiscovery(context, writer, catch_up, processor, self.checks.rounds)

    async def check(self) -> None:
        """A quarter of an hour later, everyone is checked."""
        self.clock.forward(minutes=15)
        await self.checks.start_due()
        await until(lambda: not self.checks.busy)

    async def told(self) -> list[str]:
        """The messages that wait, in words."""
        async with self.store.read() as connection:
            waiting = [one for one in await outbox.pending(connection, CHAT.chat_id) if one.notification.measure]
        return [render(batch, self.clock(), UTC_ZONE).message.text for batch in batches(waiting)]


@pytest.fixture
async def watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watching]:
    """The registry has one row more."""
    monkeypatch.setitem(SERVICES, LUMEN.name, LUMEN)
    clock, store = Clock(), await Store.open(str(tmp_path / "bot.db"))
    target = TargetSource(SecretStr(TOKEN), BASE, RULES, (CHAT,), service=LUMEN.name)
    async with open_session() as session:
        active = ActiveTargets(Targets.of([target], (CHAT,), RULES), lambda one: source_of(one, session, clock))
        parts = Watching(store, active, clock)
        async with asyncio.TaskGroup() as group:
            saving = group.create_task(parts.checks.run())
            await parts.discovery.resume()
            yield parts
            saving.cancel()
    await store.close()


async def test_another_service_is_listed_checked_told_and_asked_for(watching: Watching) -> None:
    """Its account is found in its list, its credits alert, and its card says what only it knows."""
    page = f"{V1}/lumen/account?email={ANN}"
    with aioresponses() as server:
        server.get(f"{V1}/lumen/all", payload={ANN: {}})
        server.get(page, payload={"lumens": 900, "of": 1000, "lamps": 3})
        server.get(page, payload={"lumens": 40, "of": 1000, "lamps": 3}, repeat=True)
        await watching.discovery.ask_all()
        await watching.check()
        assert await watching.told() == []
        await watching.check()
        await watching.check()
    (told,) = await watching.told()
    assert told.startswith("🟠 ann@example.com: 40 credits left (4 %)")
    async with watching.store.read() as connection:
        (account,) = await accounts.watched(connection)
    assert account.key == f"lumen:{ANN}"
    assert "3 lamps at once" in account_card(Watched(account), watching.clock(), UTC_ZONE).text


async def test_a_service_without_accounts_is_told_in_its_own_word(watching: Watching) -> None:
    """An empty list says what to add; where nothing is watched, none is named."""
    with aioresponses() as server:
        server.get(f"{V1}/lumen/all", payload={}, repeat=True)
        await watching.discovery.ask_all()
    (told,) = await watching.told()
    assert "lists no Lumen account: add one" in told
    assert "Add an account at useapi.net" in no_accounts((), watching.clock(), UTC_ZONE).text
