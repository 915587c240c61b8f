"""No secret in any byte: planted everywhere, with every fault, at DEBUG, in both formats, searched in every dress."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bot.simulator.pixverse import Fault
from bot.simulator.telegram.service import server_error
from tests.integration.security.planted import (
    API,
    BEAT,
    BEAT_KEY,
    BILL,
    HOOK,
    INVOICE,
    MAIL,
    PASSWORD,
    PLANTED,
    PROXY,
    SESSION,
    STUDIO,
    TELEGRAM,
    TOPIC,
    USEAPI,
    WHSEC,
    ProcessList,
    found_in,
    search,
)
from tests.support.world import ANN, ProcessBot, World, until

LAUNCHER = Path(__file__).parent / "launcher.py"
RUNS_IT = f"import runpy; runpy.run_path({str(LAUNCHER)!r}, run_name='__main__')"
ECHOED = (
    f"Bad token {USEAPI} password={PASSWORD} jwt {SESSION} Bearer {STUDIO} https://stripe.pay.pixverse.ai/{INVOICE}"
)
PRIVATE = {
    "invoice_url": f"https://stripe.pay.pixverse.ai/{INVOICE}",
    "stripe_bill_url": f"https://billing.stripe.com/{BILL}",
    "password": PASSWORD,
    "jwt": {"token": SESSION},
}
KNOWN = [what for what, secret in PLANTED.items() if secret not in (PASSWORD, SESSION, INVOICE, BILL)]
"""Those that the bot is given; the others come with responses, and are known by the names of their fields."""

FAULTS = {
    "broken": Fault(596, {"error": ECHOED, **PRIVATE}),
    "plain": Fault(500, ECHOED),
    "page": Fault(503, f"<html><title>{ECHOED}</title></html>"),
    "body": Fault(body={"error": ECHOED, **PRIVATE}),
    "garbage": Fault(body=b"\xff\xfe" + ECHOED.encode()),
    "cut": Fault(cut=True),
    "moved": Fault(302, headers={"Location": f"https://evil.example.com/{USEAPI}"}),
    "two": Fault(401, {"error": ECHOED}),
}
ACCOUNTS = """
[[source]]
name = "one"
token_file = "secrets/one"
accounts = "all"
[[source]]
name = "two"
token_env = "STUDIO_TOKEN"
accounts = ["two@example.com"]
"""


def plant(world: World, style: str) -> dict[str, Any]:
    """Put every secret into its place; gives the settings. What holds them by right lies in a folder of its own."""
    secrets = world.folder / "secrets"
    secrets.mkdir()
    beat = f"http://127.0.0.1:9/{BEAT}?key={quote(BEAT_KEY, safe='')}"
    mail = f"mailto://marked:{quote(MAIL, safe='')}@127.0.0.1:9"
    written = {
        "one": USEAPI,
        "telegram": TELEGRAM,
        "beat": beat,
        "planted": json.dumps({"known": {what: PLANTED[what] for what in KNOWN}, "body": PRIVATE}),
    }
    for name, text in written.items():
        (secrets / name).write_text(text, encoding="utf-8")
    (world.folder / "accounts.toml").write_text(ACCOUNTS)
    password = quote(API, safe="")
    world.pixverse.token, world.telegram.token = USEAPI, TELEGRAM
    return {
        "USEAPI_TOKEN": "",
        "USEAPI_TOKEN_FILE": "secrets/one",
        "TELEGRAM_BOT_TOKEN": "",
        "TELEGRAM_BOT_TOKEN_FILE": "secrets/telegram",
        "ACCOUNTS_FILE": "accounts.toml",
        "STUDIO_TOKEN": STUDIO,
        "HEARTBEAT_URL_FILE": "secrets/beat",
        "FALLBACK_URLS": f"{mail}, ntfy://127.0.0.1:9/{TOPIC}",
        "FALLBACK_AFTER": "1s",
        "WEBHOOK_URL": f"http://127.0.0.1:9/{HOOK}",
        "WEBHOOK_SECRET": WHSEC,
        "TELEGRAM_API_URL": world.telegram.url.replace("://", f"://marked:{password}@"),
        "HTTPS_PROXY": f"http://marked:{PROXY}@127.0.0.1:9",
        "PLANTED_FILE": "secrets/planted",
        "LOG_LEVEL": "DEBUG",
        "LOG_FORMAT": style,
        "UNREADABLE_AFTER": 1,
        "CHECK_EVERY": "3s",
    }


def break_everything(world: World) -> None:
    """Accounts that fail in every way, each echoing what is secret, and some that are well."""
    world.accounts("fine", "low", "defect", *FAULTS)
    for name, fault in FAULTS.items():
        world.pixverse.fail(fault, f"{name}@example.com")


async def shown(bot: ProcessBot) -> dict[str, str]:
    """The pages, every message, and what people saw after taps."""
    telegram = bot.world.telegram
    return {
        "metrics": (await bot.page("/metrics")).text,
        "healthz": (await bot.page("/healthz")).text,
        "chat": telegram.transcript + "".join(repr(message.buttons) for message in telegram.messages),
        "notices": str(telegram.callback_answers),
    }


async def trouble_telegram(world: World, bot: ProcessBot) -> None:
    """Telegram fails with a page that echoes the token, the polling dies, and then it is away for a while."""
    page = f"<html>{TELEGRAM} {ECHOED}</html>"
    world.telegram.fail_send(None, server_error(502, page=page), times=2)
    world.telegram.kill_polling(502)
    await bot.asked("/credits")
    await bot.logged("Telegram answers the polling again")
    world.telegram.away = True
    world.pixverse.accounts["low@example.com"].monthly = 0
    await bot.logged("Telegram cannot be reached")
    await bot.logged("FALLBACK_URLS, address 2")
    world.telegram.away = False
    await world.told("low@example.com")


async def crash(world: World, bot: ProcessBot) -> None:
    """Fails in every way that Python has, and ends."""
    (world.folder / "crash-now").touch()
    await until(lambda: bot.process.returncode is not None, "the bot has crashed")
    assert bot.process.returncode == 1
    for told in (
        "A part of the bot has failed",
        "A thread has failed",
        "A clean-up has failed",
        "could not be written",
    ):
        assert told in bot.log
    assert bot.log.count("Traceback") >= 4


async def test_no_secret_in_any_byte_of_a_running_bot(new_world: World) -> None:
    """Log, pages, chat, database and process list, through every fault, many tracebacks, and a crash of the whole."""
    world = new_world
    settings = plant(world, "text")
    break_everything(world)
    bot = await world.start(script=RUNS_IT, **settings)
    with ProcessList(bot.pid) as processes:
        await bot.logged("unexpected error during a check")
        await trouble_telegram(world, bot)
        for said in ("/credits broken", "/alerts", "/status", "/history low"):
            world.telegram.say(ANN, said)
        await until(lambda: processes.has("bot.features.history.renderer"), "the drawing was seen")
        await bot.logged("An update could not be answered")
        texts = await shown(bot)
        search(world.folder, **texts)
        await crash(world, bot)
    assert processes.has("bot.features.fallback.apprise_process")
    search(world.folder, processes="".join(map(repr, processes.seen.values())), **texts)


async def test_no_secret_in_a_log_of_json(world: World) -> None:
    """The same tracebacks and the same crash, one object a line."""
    settings = plant(world, "json")
    break_everything(world)
    bot = await world.start(script=RUNS_IT, **settings)
    await bot.logged("unexpected error during a check")
    await bot.asked("/status")
    await bot.logged("An update could not be answered")
    await crash(world, bot)
    search(world.folder)
    lines = [line for line in bot.log.splitlines() if not line.startswith("A line of the log")]
    assert all("message" in json.loads(line) for line in lines)


@pytest.mark.parametrize(
    ("style", "commands"),
    [("text", (["check"], ["doctor"], ["health"])), ("json", (["check", "--json"], ["check", "nobody"]))],
    ids=["text", "json"],
)
async def test_no_secret_in_what_the_commands_print(world: World, style: str, commands: tuple[list[str], ...]) -> None:
    """``check``, ``check --json``, ``doctor`` and ``health`` at DEBUG, with every account failing and echoing."""
    settings = plant(world, style)
    world.accounts("fine", *FAULTS)
    for name, fault in FAULTS.items():
        world.pixverse.fail(fault, f"{name}@example.com")
    for command in commands:
        ended = await world.run(*command, **settings)
        assert ended.out or ended.err
        assert not found_in((ended.out + ended.err).encode()), command
    search(world.folder)


WRONG: dict[str, Any] = {
    "CHECK_EVERY": USEAPI,
    "TELEGRAM_CHAT_IDS": TELEGRAM,
    "HTTP_LISTEN": STUDIO,
    "TIMEZONE": TELEGRAM,
    "USEAPI_URL": f"ftp://marked:{API}@127.0.0.1",
    "TELEGRAM_API_URL": f"marked:{API}@127.0.0.1",
    "FALLBACK_URLS": f"{TOPIC} no address",
    "LOG_LEVEL": BEAT,
    "TELEGRAM_PROXY": f"socks5://marked:{API}@127.0.0.1",
    "USEAPI_PROXY": f"ftp://marked:{PROXY}@127.0.0.1",
    "HEARTBEAT_URL": f"hc.example.com/{BEAT}",
    "WEBHOOK_URL": f"hooks.example.com/{HOOK}",
    "WEBHOOK_SECRET": WHSEC[:-1] + "-",
}


async def test_no_secret_in_the_faults_of_settings(world: World) -> None:
    """Secrets in the wrong setting, and addresses that are none: each fault is said without what it holds."""
    settings = plant(world, "text") | WRONG | {"HEARTBEAT_URL_FILE": ""}
    for command, told in (("run", [*WRONG]), ("health", ["HTTP_LISTEN"])):
        ended = await world.run(command, **settings)
        assert ended.code == (1 if command == "health" else 78)
        for name in told:
            assert name in ended.out + ended.err
        assert not found_in((ended.out + ended.err).encode()), command


@pytest.mark.parametrize("what", PLANTED)
def test_the_search_finds_what_is_there(what: str) -> None:
    """The search itself: each secret is found, plain, encoded, escaped, as Base64 and over two lines."""
    secret = PLANTED[what]
    half = len(secret) // 2
    for text in (
        secret,
        quote(secret, safe=""),
        json.dumps(secret),
        b64encode(f"marked:{secret}".encode()).decode(),
        f"{secret[:half]}\n   {secret[half:]}",
        f"'{secret[:half]}'\n'{secret[half:]}'",
    ):
        assert any(what in told for told in found_in(f"before {text} after".encode())), text


def test_the_search_finds_nothing_where_nothing_is(tmp_path: Path) -> None:
    """An innocent text is passed, and a guilty file is named."""
    (tmp_path / "fine.log").write_text(f"chat {ANN}: all is well")
    search(tmp_path, page="nothing")
    (tmp_path / "bad.log").write_text(TELEGRAM)
    with pytest.raises(AssertionError, match=r"bad\.log"):
        search(tmp_path)
