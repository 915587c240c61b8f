"""What is wrong with settings, in the words that end a start."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.config.accounts_file.read import read_accounts_file
from bot.config.load import load_settings
from bot.config.settings import Settings
from bot.support.errors import SettingsError

USEAPI = "user:1234-Zm9vYmFyc2VjcmV0"
TELEGRAM = "7654321098:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x"
TOKENS = {"USEAPI_TOKEN": USEAPI, "TELEGRAM_BOT_TOKEN": TELEGRAM}

WRONG = {
    "nothing set": {"USEAPI_TOKEN": "", "TELEGRAM_BOT_TOKEN": ""},
    "the tokens in each other's place": {"USEAPI_TOKEN": TELEGRAM, "TELEGRAM_BOT_TOKEN": USEAPI},
    "the examples' placeholders": {
        "USEAPI_TOKEN": "user:1234-from-useapi.net",
        "TELEGRAM_BOT_TOKEN": "123456789:AAF-from-BotFather",
    },
    "tokens that cannot be": {"USEAPI_TOKEN": "two words", "TELEGRAM_BOT_TOKEN": "s3cret-not-a-token"},
    "a token in quotes": {"TELEGRAM_BOT_TOKEN": f'"{TELEGRAM}"'},
    "chats": {"TELEGRAM_CHAT_IDS": "@studio_alerts"},
    "a link to a chat": {"TELEGRAM_CHAT_IDS": "https://t.me/c/1234567890/45"},
    "a chat without its minus": {"TELEGRAM_CHAT_IDS": "1001234567890"},
    "no chat at all": {"TELEGRAM_CHAT_IDS": "studio"},
    "administrators": {"TELEGRAM_ADMIN_IDS": "-5"},
    "accounts": {"ACCOUNTS": "nobody"},
    "an account twice": {"ACCOUNTS": "a@example.com, A@example.com"},
    "intervals": {"CHECK_EVERY": "0s", "REMIND_EVERY": "1 fortnight", "FALLBACK_AFTER": "soon"},
    "thresholds": {"LOW_CREDITS": "abc", "PLAN_ENDS_WITHIN": "soon", "RUNS_OUT_WITHIN": "1d,2d"},
    "thresholds in the wrong order": {"LOW_CREDITS": "5%,20%"},
    "a thousands separator": {"LOW_CREDITS": "1,000"},
    "jobs without a cost": {"LOW_CREDITS": "20%,10 jobs,1 job"},
    "no jobs": {"LOW_CREDITS": "0 jobs", "JOB_COST": "35"},
    "a cost of 0": {"JOB_COST": "0"},
    "a cost below 0": {"JOB_COST": "-35"},
    "a cost without a number": {"JOB_COST": "5 s at 720p"},
    "numbers": {"UNREADABLE_AFTER": "0", "HISTORY_DAYS": "many"},
    "times": {"QUIET_HOURS": "22:00", "DIGEST_AT": "25:00", "TIMEZONE": "Mars/Phobos"},
    "a database": {"DATABASE_URL": "credit-bot.db"},
    "something behind the database": {"DATABASE_URL": "sqlite:///bot.db?mode=rw"},
    "where to listen": {"HTTP_LISTEN": "http://127.0.0.1:8080"},
    "addresses": {"HEARTBEAT_URL": "ftp://example.com", "USEAPI_URL": "api.useapi.net", "TELEGRAM_API_URL": "http://"},
    "the wrong version": {"USEAPI_URL": "https://api.useapi.net/v1"},
    "the second channel": {"FALLBACK_URLS": "ann@example.com"},
    "an escalation without a time": {"ESCALATE_CHAT_IDS": "123456789"},
    "an escalation to nobody": {"ESCALATE_AFTER": "30m"},
    "an escalation of no time": {"ESCALATE_AFTER": "0s", "ESCALATE_CHAT_IDS": "@boss"},
    "an escalation to the bot itself": {"ESCALATE_AFTER": "30m", "ESCALATE_CHAT_IDS": TELEGRAM.partition(":")[0]},
    "the webhook": {"WEBHOOK_URL": "ftp://receiver.test/x", "WEBHOOK_SECRET": "s3cret"},
    "a secret of the webhook that is no base64": {"WEBHOOK_SECRET": "whsec_s3cret-with-a-minus"},
    "a secret of the webhook that is too short": {"WEBHOOK_SECRET": "whsec_c2hvcnQ="},
    "the log": {"LOG_LEVEL": "LOUD", "LOG_FORMAT": "xml"},
    "proxies": {"TELEGRAM_PROXY": "socks4://proxy:1080", "USEAPI_PROXY": "http://ann:pa@ss/word@proxy:3128"},
    "a proxy of the environment": {"HTTPS_PROXY": "ftp://proxy.example.com"},
}
FILES = {
    "not NAME=value": "TIMEZONE=UTC\nthis is nothing\n",
    "an unknown name": "CHEK_EVERY=1m\n",
    "a name like no other": "HELLO=1\n",
    "a name given twice": "TIMEZONE=UTC\n\nTIMEZONE=\n",
    "a secret in quotes": f"TELEGRAM_BOT_TOKEN='{TELEGRAM}'\n",
}


ACCOUNTS = {
    "no source": "",
    "an unknown key": '[[source]]\nnam = "x"',
    "a setting's name": '[[source]]\nLOW_CREDITS = "5"',
    "sources": '[[sources]]\naccounts = "all"',
    "one pair of brackets": "[source]\naccounts = 'all'",
    "a token": f'[[source]]\ntoken = "{USEAPI}"',
    "thresholds": '[[source]]\nlow_credits = "5%,20%"',
    "no text": "[[source]]\nlow_credits = true",
    "a length of time": '[[source]]\nremind_every = "2 hourz"',
    "a chat": '[[source]]\nchats = ["1", "abc"]',
    "an account": '[[source]]\naccounts = ["a@b.c", "nobody"]',
    "an account twice": '[[source]]\naccounts = ["a@b.c", "A@b.c"]',
    "no account": "[[source]]\naccounts = []",
    "an account without its email": '[[source]]\n[[source.account]]\nlabel = "x"',
    "a label in the email": '[[source]]\n[[source.account]]\nemail = "Al <a@b.c>"',
    "a table twice": '[[source]]\n[[source.account]]\nemail="a@b.c"\n[[source.account]]\nemail="a@B.c"',
    "a label twice": '[[source]]\naccounts=["X <a@b.c>"]\n[[source.account]]\nemail="d@e.f"\nlabel="x"',
    "a name twice": '[[source]]\nname="a"\n[[source]]\nname="A"',
    "two sources without names": "[[source]]\n[[source]]",
    "a variable that is not there": '[[source]]\ntoken_env = "NOT_THERE"',
    "a file that is not there": '[[source]]\ntoken_file = "/not/there"',
    "two places for the token": '[[source]]\ntoken_file = "a"\ntoken_env = "b"',
    "no value": "[[source]]\nname = ",
    "an open quote": '[[source]]\nname = "x',
    "a key twice": "[[source]]\nname = 'a'\nname = 'b'",
    "an open bracket": "[[source]]\nchats = ['1'\n'2']",
    "no key = value": "[[source]]\nabc",
    "several at once": '[[source]]\nchats = "x"\nlow_credits = "y"\nnames = 1',
}
"""Accounts files that are wrong."""


def accounts_files() -> Mapping[str, str]:
    """The faults of an accounts file."""
    return {name: accounts_faults(text) for name, text in ACCOUNTS.items()}


def accounts_faults(text: str) -> str:
    """The faults of an accounts file of this text, a line each."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "accounts.toml"
        file.write_text(text, encoding="utf-8")
        try:
            read_accounts_file(str(file), Settings(**TOKENS), {})  # type: ignore[arg-type]
        except SettingsError as error:
            return "\n".join(error.faults)
    raise AssertionError(f"no fault: {text}")


def settings() -> Mapping[str, str]:
    """The faults of the environment, and those of the env file."""
    found = {name: faults(TOKENS | environ, "") for name, environ in WRONG.items()}
    return found | {f"env file: {name}": faults(TOKENS, text) for name, text in FILES.items()}


def faults(environ: Mapping[str, str], text: str) -> str:
    """The faults, a line each."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "settings.env"
        file.write_text(text, encoding="utf-8")
        try:
            load_settings(str(file), environ)
        except SettingsError as error:
            return "\n".join(error.faults)
    raise AssertionError(f"no fault: {environ} {text}")
