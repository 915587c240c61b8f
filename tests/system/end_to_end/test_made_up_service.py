"""One file and one row: the whole bot finds, checks, tells of and answers about a service that it never heard of."""

import json
from datetime import timedelta

import pytest

from bot.simulator import services
from bot.simulator.pixverse import Fault
from bot.simulator.services import SimulatedService, SimulatedSister
from bot.sources.registry import SERVICES
from tests.integration.sources.lumen import LUMEN
from tests.support.world import World

ANN = "ann@example.com"
KEY = f"lumen:{ANN}"


@pytest.fixture
def _one_row_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the registry, and at the simulated useapi.net."""
    monkeypatch.setitem(SERVICES, LUMEN.name, LUMEN)
    at = SimulatedService(LUMEN.account_name, LUMEN.list_path, LUMEN.account_path, LUMEN.parameter)
    monkeypatch.setitem(services.SERVICES, LUMEN.name, at)


@pytest.fixture
def lumen(_one_row_more: None, world: World) -> SimulatedSister:
    """An account of it."""
    return world.pixverse.add_sister(SimulatedSister("lumen", ANN, {"lumens": 900, "of": 1000, "lamps": 3}))


@pytest.mark.parametrize("settings", [{"SERVICES": "all"}, {"SERVICES": "lumen"}, {"ACCOUNTS": KEY}], ids=str)
async def test_a_made_up_service_is_found_checked_told_and_asked_for(
    lumen: SimulatedSister, world: World, settings: dict[str, str]
) -> None:
    """By the page of the subscription, by its name, and by its account's name."""
    bot = await world.host(**settings)
    await bot.saved(1)
    lumen.page["lumens"] = 40
    for _ in range(2):  # so great a fall is believed when it is seen twice
        await bot.round(1)
    told = await world.told("40 credits left")
    assert told.text.startswith(f"🟠 {ANN}: 40 credits left (4 %)")
    await bot.quiet()
    asked = await bot.asked(f"/credits {KEY}")
    assert "40 credits of 1,000 (4 %)" in asked
    assert "3 lamps at once" in asked
    world.pixverse.fail(Fault(status=596), ANN)
    world.clock.advance(timedelta(minutes=15))
    await world.told(f"{ANN}: cannot be read")


async def test_the_commands_know_a_made_up_service(lumen: SimulatedSister, world: World) -> None:
    """A check and the doctor, by the same two lines."""
    ended = await world.check(as_json=True, SERVICES="all")
    (row,) = [one for one in json.loads(ended.out)["accounts"] if one["service"] == "lumen"]
    assert (row["account"], row["credits"], row["unit"], row["percent_left"]) == (KEY, 900, "credits", 90)
    assert "all: Lumen" in (await world.doctor(SERVICES="all")).out
