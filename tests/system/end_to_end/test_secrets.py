"""No token, password, payment link or full response is ever logged, stored, shown or sent."""

import json
from pathlib import Path

from bot.simulator.pixverse import PRIVATE_LINK, Fault
from bot.simulator.telegram.service import server_error
from tests.support.world import TELEGRAM_TOKEN, USEAPI_TOKEN, ProcessBot, World

BEAT = "MARKEDHEARTBEAT-0123456789"
SECRETS = {
    "useapi.net's token": "MARKEDUSEAPI",
    "the bot's token": "MARKEDTELEGRAM",
    "the heartbeat's path": "MARKEDHEARTBEAT",
    "a payment link": "PRIVATE-LINK",
    "an account's password": "MARKEDPASSWORD",
    "a session's token": "MARKEDSESSION",
}
DEFECT = f"""
import sys
from bot.cli import main
from bot.commands import registry
from bot.sources.conditional import ConditionalSource

honest = ConditionalSource.check

async def check(self, email, known):
    if not email.startswith("defect"):
        return await honest(self, email, known)
    raise RuntimeError("GET https://api.useapi.net/v2 Authorization: Bearer {USEAPI_TOKEN}")

async def status(asked):
    raise RuntimeError("POST https://api.telegram.org/bot{TELEGRAM_TOKEN}/sendMessage")

ConditionalSource.check = check
registry.BY_NAME["status"] = registry.Command("status", "/status", "", status)
sys.exit(main.main(["run"]))
"""


def search(folder: Path, *texts: str) -> None:
    """Search every byte that was written, and these texts, for anything secret."""
    written = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert any(name.endswith(".log") for name in written)
    assert any(name.endswith(".db") for name in written)
    written |= {f"text {number}": text.encode() for number, text in enumerate(texts)}
    for name, content in written.items():
        for what, secret in SECRETS.items():
            place = content.find(secret.encode())
            assert place < 0, f"{what} stands in {name}: {content[max(place - 200, 0) : place + 100]!r}"


async def shown(bot: ProcessBot) -> list[str]:
    """The pages and every message."""
    return [
        (await bot.page("/metrics")).text,
        (await bot.page("/healthz")).text,
        bot.world.telegram.transcript,
        str(bot.world.telegram.callback_answers),
    ]


async def test_no_secret_anywhere_after_many_faults(world: World) -> None:
    """At DEBUG, with every service failing in every way and echoing what is secret: nothing of it is found."""
    echoed = (
        f"Bad token {USEAPI_TOKEN}, password=MARKEDPASSWORD1 at {PRIVATE_LINK}-x Bearer MARKEDSESSION0123456789abcdef"
    )
    faults = {
        "broken": Fault(596, {"error": echoed}),
        "plain": Fault(500, echoed),
        "page": Fault(503, f"<html><title>{echoed}</title></html>"),
        "body": Fault(body={"error": echoed, "invoice_url": PRIVATE_LINK}),
        "cut": Fault(cut=True),
        "drop": Fault(body=b"\xff\xfe" + echoed.encode()),
        "moved": Fault(302, headers={"Location": f"{PRIVATE_LINK}/{USEAPI_TOKEN}"}),
    }
    world.accounts("fine", "low", "defect", *faults)
    for name, fault in faults.items():
        world.pixverse.fail(fault, f"{name}@example.com")
    world.telegram.fail_send(None, server_error(502, page=f"<html>{TELEGRAM_TOKEN} MARKEDSESSION</html>"), times=2)
    world.telegram.kill_polling(502)
    heartbeat = f"http://127.0.0.1:9/ping/{BEAT}"
    bot = await world.start(script=DEFECT, LOG_LEVEL="DEBUG", HEARTBEAT_URL=heartbeat, UNREADABLE_AFTER=2)
    await bot.logged("was not told")
    for said in ("/credits", "/credits broken", "/alerts", "/status"):
        await bot.asked(said)
    await bot.logged("Telegram answers the polling again")
    await bot.logged("unexpected error during a check")
    await bot.logged("An update could not be answered")
    assert bot.log.count("Traceback") >= 2
    world.pixverse.remove("defect@example.com")
    world.pixverse.heal()
    await bot.asked("/check")
    await bot.logged("HEARTBEAT_URL cannot be reached")
    world.telegram.away = True
    world.pixverse.accounts["low@example.com"].monthly = 0
    await bot.logged("Telegram cannot be reached")
    world.pixverse.fail(Fault(401, {"error": echoed}))
    looks = world.pixverse.looks()
    await world.pixverse.wait_for_looks(count=looks + 20)
    world.telegram.away = False
    await world.told("useapi.net")
    texts = await shown(bot)
    search(world.folder, *texts)
    await bot.kill()
    search(world.folder, *texts)


async def test_no_secret_in_a_traceback(world: World) -> None:
    """A defect of ours whose error holds tokens: it is logged with its traceback, one JSON object a line, redacted."""
    world.accounts("defect")
    bot = await world.start(script=DEFECT, LOG_FORMAT="json", LOG_LEVEL="DEBUG")
    await bot.logged("unexpected error during a check")
    assert "That went wrong inside the bot" in await bot.asked("/status")
    await bot.logged("An update could not be answered")
    assert "Traceback" in bot.log
    assert "RuntimeError" in bot.log
    search(world.folder, *await shown(bot))
    assert await bot.stop() == 0
    lines = [json.loads(line) for line in bot.log.splitlines()]
    assert any("Traceback" in line.get("exception", "") for line in lines)
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
