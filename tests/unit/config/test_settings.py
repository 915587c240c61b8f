"""Settings: where they come from, which faults they can have, and that no secret is ever said."""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.config.load import load_settings
from bot.config.parsers import Address, NamedAccount
from bot.config.settings import EXAMPLES, NAMES, OFF_WHEN_EMPTY, SECRETS, Settings
from bot.domain.chats import SECOND_CHANNEL, Chat
from bot.domain.quiet_hours import QuietHours
from bot.domain.rules import Threshold
from bot.support.errors import SettingsError

ROOT = Path(__file__).parents[3]
USEAPI = "user:1234-Zm9vYmFyc2VjcmV0"
TELEGRAM = "7654321098:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x"
TOKENS = {"USEAPI_TOKEN": USEAPI, "TELEGRAM_BOT_TOKEN": TELEGRAM}
ALL_SECRETS = {
    **TOKENS,
    "HEARTBEAT_URL": "https://hc-ping.com/abc",
    "FALLBACK_URLS": "ntfy://topic",
    "WEBHOOK_URL": "https://hooks.example.com/abc/",
    "WEBHOOK_SECRET": f"whsec_{'c2VjcmV0' * 4}",
    "TELEGRAM_PROXY": "socks5h://ann:hush@10.0.0.7",
    "USEAPI_PROXY": "http://ann:hush@10.0.0.7:3128",
}
CONTRACT = {
    "USEAPI_TOKEN",
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_CHAT_IDS",
    "TELEGRAM_ADMIN_IDS",
    "SERVICES",
    "ACCOUNTS",
    "ACCOUNTS_FILE",
    "CHECK_EVERY",
    "LOW_CREDITS",
    "PLAN_ENDS_WITHIN",
    "RUNS_OUT_WITHIN",
    "REFUSED_JOBS",
    "UNREADABLE_AFTER",
    "REMIND_EVERY",
    "QUIET_HOURS",
    "DIGEST_AT",
    "TIMEZONE",
    "DATABASE_URL",
    "FALLBACK_URLS",
    "FALLBACK_AFTER",
    "ESCALATE_AFTER",
    "ESCALATE_CHAT_IDS",
    "HTTP_LISTEN",
    "HEARTBEAT_URL",
    "WEBHOOK_URL",
    "WEBHOOK_SECRET",
    "HISTORY_DAYS",
    "JOB_COST",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "USEAPI_URL",
    "TELEGRAM_API_URL",
    "TELEGRAM_PROXY",
    "USEAPI_PROXY",
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a settings.env of somebody's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(environ: Mapping[str, str] | None = None, **more: str) -> Settings:
    """The settings of an environment that has both tokens unless it says otherwise."""
    return load_settings(None, {**TOKENS, **(environ or {}), **more})


def faults_of(environ: Mapping[str, str], env_file: str | None = None) -> list[str]:
    """All faults of an environment, each on a line of its own."""
    with pytest.raises(SettingsError) as caught:
        load_settings(env_file, environ)
    assert caught.value.exit_code == 78
    assert all("\n" not in fault for fault in caught.value.faults)
    assert str(caught.value) == "\n".join(caught.value.faults)
    return caught.value.faults


def fault_of(**more: str) -> str:
    """The one fault of settings that are right otherwise."""
    (fault,) = faults_of({**TOKENS, **more})
    return fault


def test_the_names_are_the_contracts() -> None:
    """Exactly the settings of the contract that this version has, and each has an example for its faults."""
    assert set(NAMES) == CONTRACT
    assert set(EXAMPLES) == CONTRACT


def test_defaults_are_the_contracts() -> None:
    """With the two tokens only, every setting is what the contract says."""
    found = load()
    assert found.telegram_chat_ids == ()
    assert found.telegram_admin_ids == frozenset()
    assert found.accounts == ()
    assert found.check_every == timedelta(minutes=15)
    assert found.low_credits == (Threshold(20, percent=True), Threshold(5, percent=True), Threshold(0))
    assert [rung.value for rung in found.plan_ends_within] == [7 * 86400, 3 * 86400, 86400]
    assert found.unreadable_after == 3
    assert found.remind_every == timedelta(hours=24)
    assert (found.quiet_hours, found.digest_at) == (None, None)
    assert (found.fallback_urls, found.fallback_after) == (None, timedelta(minutes=15))
    assert (found.escalate_after, found.escalate_chat_ids, found.escalation) == (None, (), ())
    assert found.timezone == ZoneInfo("UTC")
    assert found.database_url == "credit-bot.db"
    assert found.http_listen == Address("127.0.0.1", 8080)
    assert found.heartbeat_url is None
    assert found.history_days == 400
    assert (found.log_level, found.log_format) == ("INFO", "text")
    assert found.useapi_url == "https://api.useapi.net/v2"
    assert found.telegram_api_url == "https://api.telegram.org"


def test_every_example_works() -> None:
    """The example that a fault shows is one that works, for each setting but a token, whose example is nobody's."""
    for name, text in EXAMPLES.items():
        if name not in TOKENS:
            beside = {"ESCALATE_AFTER": "ESCALATE_CHAT_IDS", "ESCALATE_CHAT_IDS": "ESCALATE_AFTER"}.get(name)
            load({name: text, **({beside: EXAMPLES[beside]} if beside else {})})


def test_everything_can_be_set() -> None:
    """Each setting, given another value than its default, arrives as that value."""
    found = load(
        TELEGRAM_CHAT_IDS="42, -1001234567890/45",
        TELEGRAM_ADMIN_IDS="7,8",
        ACCOUNTS="Studio <alice@example.com>, bob@example.com",
        CHECK_EVERY="1m30s",
        LOW_CREDITS="500,100",
        PLAN_ENDS_WITHIN="2d",
        UNREADABLE_AFTER="5",
        REMIND_EVERY="12h",
        QUIET_HOURS="22:00-08:00",
        DIGEST_AT="09:30",
        FALLBACK_URLS="mailto://ann:hush@example.com, ntfy://topic",
        FALLBACK_AFTER="5m",
        TIMEZONE="Europe/Berlin",
        DATABASE_URL="sqlite:////data/bot.db",
        HTTP_LISTEN="[::1]:9000",
        HEARTBEAT_URL="https://hc-ping.com/abc",
        HISTORY_DAYS="30",
        LOG_LEVEL="debug",
        LOG_FORMAT="JSON",
        USEAPI_URL="http://127.0.0.1:1/v2/",
        TELEGRAM_API_URL="http://127.0.0.1:2",
    )
    assert found.telegram_chat_ids == (Chat(42), Chat(-1001234567890, 45))
    assert found.telegram_admin_ids == {7, 8}
    assert found.accounts == (NamedAccount("alice@example.com", "Studio"), NamedAccount("bob@example.com"))
    assert found.check_every == timedelta(seconds=90)
    assert found.low_credits == (Threshold(500), Threshold(100))
    assert found.plan_ends_within == (Threshold(2 * 86400),)
    assert (found.unreadable_after, found.remind_every) == (5, timedelta(hours=12))
    assert found.quiet_hours == QuietHours(time(22), time(8))
    assert (found.digest_at, found.fallback_after) == (time(9, 30), timedelta(minutes=5))
    assert found.fallback_addresses == ("mailto://ann:hush@example.com", "ntfy://topic")
    assert {*found.fallback_addresses, "mailto://ann:hush@example.com, ntfy://topic"} <= {*found.secrets}
    assert found.timezone == ZoneInfo("Europe/Berlin")
    assert found.database_url == "/data/bot.db"
    assert found.http_listen == Address("::1", 9000)
    assert found.heartbeat_url is not None
    assert found.heartbeat_url.get_secret_value() == "https://hc-ping.com/abc"
    assert (found.history_days, found.log_level, found.log_format) == (30, "DEBUG", "json")
    assert (found.useapi_url, found.telegram_api_url) == ("http://127.0.0.1:1/v2", "http://127.0.0.1:2")
    assert found.rules.unreadable_after == 5
    assert found.rules.low_credits == found.low_credits


def test_zero_reminds_never() -> None:
    """``REMIND_EVERY=0`` never repeats."""
    assert load(REMIND_EVERY="0").rules.remind_every is None


@pytest.mark.parametrize("value", ["", "  "])
def test_empty_switches_off_or_is_the_default(value: str) -> None:
    """An empty value switches off what can be, and is the default elsewhere: for every setting."""
    plain = load()
    for name in CONTRACT - TOKENS.keys():
        found = getattr(load({name: value}), name.lower())
        ladders = ("LOW_CREDITS", "PLAN_ENDS_WITHIN", "RUNS_OUT_WITHIN")
        off = {**dict.fromkeys(ladders, ()), **dict.fromkeys(set(OFF_WHEN_EMPTY) - {*ladders}), "REFUSED_JOBS": 0}
        assert found == (off[name] if name in off else getattr(plain, name.lower())), name


@pytest.mark.parametrize("name", sorted(TOKENS))
def test_an_empty_token_is_missing(name: str) -> None:
    """A required setting that is empty is told as missing, with both ways to give it."""
    (fault,) = faults_of({**TOKENS, name: " "})
    assert fault.startswith(f"{name}: is required. Example: {name}=")
    assert f"{name}_FILE=" in fault


def test_the_environment_wins_over_the_file(elsewhere: Path) -> None:
    """What both name is what the environment says; what only the file names comes from the file."""
    (elsewhere / "settings.env").write_text("TIMEZONE=Asia/Tokyo\nHISTORY_DAYS=7\n")
    found = load(TIMEZONE="Europe/Berlin")
    assert (found.timezone.key, found.history_days) == ("Europe/Berlin", 7)


def test_an_empty_value_of_the_environment_wins_too(elsewhere: Path) -> None:
    """An environment that empties a setting has the last word."""
    (elsewhere / "settings.env").write_text("HTTP_LISTEN=127.0.0.1:9999\nHISTORY_DAYS=7\n")
    found = load(HTTP_LISTEN="", HISTORY_DAYS="")
    assert (found.http_listen, found.history_days) == (None, 400)


def test_the_environment_of_others_is_none_of_ours() -> None:
    """Unknown names in the environment change nothing, even near ones; nor do names in small letters."""
    found = load(
        {"CHEK_EVERY": "1s", "check_every": "1s", "PATH": "/bin", "TIMEZONE_FILE": "/x", "LOG_LEVEL_FILE": "y"}
    )
    assert found.model_dump() == load().model_dump()


def test_another_file_can_be_named(elsewhere: Path) -> None:
    """``--env-file`` names the file; the default one is then not read."""
    (elsewhere / "settings.env").write_text("HISTORY_DAYS=1\n")
    (elsewhere / "other.env").write_text("TIMEZONE=Asia/Tokyo\n")
    found = load_settings(str(elsewhere / "other.env"), TOKENS)
    assert (found.timezone.key, found.history_days) == ("Asia/Tokyo", 400)


@pytest.mark.parametrize(
    "text",
    [
        "TIMEZONE=Asia/Tokyo",
        "export TIMEZONE=Asia/Tokyo\n",
        "TIMEZONE = 'Asia/Tokyo'   # where we are\n",
        'TIMEZONE="Asia/Tokyo"\n',
        "\ufeffTIMEZONE=Asia/Tokyo\n",
        "# a comment\r\n\r\nTIMEZONE=Asia/Tokyo\r\n",
    ],
    ids=["bare", "export", "quotes and comment", "double quotes", "BOM", "CRLF"],
)
def test_env_files_are_written_in_many_ways(elsewhere: Path, text: str) -> None:
    """Quotes, ``export``, comments, a byte order mark and Windows' line ends are all read as people mean them."""
    (elsewhere / "settings.env").write_bytes(text.encode())
    assert load().timezone.key == "Asia/Tokyo"


def test_a_missing_default_file_is_no_fault_and_a_named_one_is(elsewhere: Path) -> None:
    """Without settings.env the environment is enough; a file that was asked for must be there."""
    load()
    (fault,) = faults_of(TOKENS, str(elsewhere / "nothing.env"))
    assert "there is no such file" in fault
    assert "nothing.env" in fault


def test_a_file_that_is_no_text(elsewhere: Path) -> None:
    """A file in another encoding, a folder, and a name that cannot be are said in words."""
    file = elsewhere / "settings.env"
    file.write_bytes(b"TIMEZONE=M\xfcnchen\n")
    (fault,) = faults_of(TOKENS)
    assert "is not UTF-8 text" in fault
    file.unlink()
    file.mkdir()
    (fault,) = faults_of(TOKENS)
    assert "cannot be read" in fault
    (fault,) = faults_of(TOKENS, "x" * 5000)
    assert "cannot be read" in fault


def test_a_line_that_is_none_is_named_by_its_number(elsewhere: Path) -> None:
    """Garbage is pointed at by line, and never quoted: it may be a secret that lost its name."""
    (elsewhere / "settings.env").write_text(f"TIMEZONE=UTC\nthis is nothing\n{TELEGRAM}\nACCOUNTS='open\n")
    found = faults_of(TOKENS)
    assert [re.match(r"settings.env, line (\d+): is not NAME=value", fault)[1] for fault in found] == ["2", "3", "4"]  # type: ignore[index]
    assert "nothing" not in "".join(found)


def test_nul_bytes_are_no_crash(elsewhere: Path) -> None:
    """Null bytes, as after a power loss, are words."""
    (elsewhere / "settings.env").write_bytes(b"DATABASE_URL=sqlite:///a\0b\nTIMEZONE=\0\n\0\0\0\0\n")
    assert len(faults_of(TOKENS)) >= 2


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("CHECK_EVRY", "CHECK_EVERY"), ("low_credits", "LOW_CREDITS"), ("TELEGRAM_TOKEN", "TELEGRAM_BOT_TOKEN")],
)
def test_an_unknown_name_suggests_the_nearest(elsewhere: Path, wrong: str, right: str) -> None:
    """A name with a slip, or in small letters, is a fault that says which one is meant."""
    (elsewhere / "settings.env").write_text(f"\n{wrong}=1\n")
    (fault,) = faults_of(TOKENS)
    assert fault == f"settings.env, line 2: {wrong} is not a setting; did you mean {right}?"


def test_a_name_like_no_other_points_to_the_example(elsewhere: Path) -> None:
    """Where nothing is near, the fault says where all settings stand."""
    (elsewhere / "settings.env").write_text("HELLO=1\n")
    assert faults_of(TOKENS) == ["settings.env, line 1: HELLO is not a setting; see settings.example.env"]


def test_all_faults_at_once(elsewhere: Path) -> None:
    """Every fault is reported together, one line each: the setting, what is wrong, an example that works."""
    (elsewhere / "settings.env").write_text("NONSENSE=1\nwhat\n")
    wrong = {
        "TELEGRAM_CHAT_IDS": "@channel",
        "TELEGRAM_ADMIN_IDS": "-5",
        "SERVICES": "sora",
        "ACCOUNTS": "nobody",
        "CHECK_EVERY": "0s",
        "LOW_CREDITS": "5%,20%",
        "PLAN_ENDS_WITHIN": "soon",
        "RUNS_OUT_WITHIN": "later",
        "REFUSED_JOBS": "0",
        "UNREADABLE_AFTER": "0",
        "REMIND_EVERY": "1 fortnight",
        "QUIET_HOURS": "22:00",
        "DIGEST_AT": "25:00",
        "FALLBACK_URLS": "ann@example.com",
        "FALLBACK_AFTER": "soon",
        "ESCALATE_AFTER": "0s",
        "ESCALATE_CHAT_IDS": "@boss",
        "TIMEZONE": "Mars/Phobos",
        "DATABASE_URL": "postgresql://localhost/x",
        "HTTP_LISTEN": "8080",
        "HEARTBEAT_URL": "ftp://example.com",
        "WEBHOOK_URL": "receiver.test",
        "WEBHOOK_SECRET": "whsec_c2hvcnQ=",
        "HISTORY_DAYS": "many",
        "JOB_COST": "0",
        "LOG_LEVEL": "LOUD",
        "LOG_FORMAT": "xml",
        "USEAPI_URL": "api.useapi.net",
        "TELEGRAM_API_URL": "http://",
        "TELEGRAM_PROXY": "socks4://proxy",
        "USEAPI_PROXY": "ftp://proxy",
    }
    found = faults_of(wrong)
    by_name = {fault.split(":")[0]: fault for fault in found if not fault.startswith("settings.env")}
    assert by_name.keys() == CONTRACT - {"ACCOUNTS_FILE"}  # any text may be a path
    assert len(found) == len(by_name) + 2
    for name, fault in by_name.items():
        assert f"Example: {name}={EXAMPLES[name]}" in fault
    assert by_name["LOW_CREDITS"].startswith("LOW_CREDITS: is not in order")
    assert by_name["UNREADABLE_AFTER"].startswith("UNREADABLE_AFTER: must be at least 1.")
    assert by_name["HISTORY_DAYS"].startswith("HISTORY_DAYS: is not a whole number.")
    assert "must be text or json" in by_name["LOG_FORMAT"]
    assert "“@channel”" in by_name["TELEGRAM_CHAT_IDS"]
    assert "shorter than a second" in by_name["CHECK_EVERY"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_from_a_file(elsewhere: Path, name: str) -> None:
    """Each secret can lie in a file; white space at its end is no part of it."""
    secret = ALL_SECRETS[name]
    (elsewhere / "secret").write_text(f"{secret} \n\r\n\t")
    rest = {other: value for other, value in TOKENS.items() if other != name}
    found = load_settings(None, {**rest, f"{name}_FILE": str(elsewhere / "secret")})
    assert getattr(found, name.lower()).get_secret_value() == secret
    assert secret in found.secrets


def test_a_secrets_file_named_in_the_env_file(elsewhere: Path) -> None:
    """``NAME_FILE`` works in the env file too."""
    (elsewhere / "secret").write_text(USEAPI)
    (elsewhere / "settings.env").write_text("USEAPI_TOKEN_FILE=secret\n")
    found = load_settings(None, {"TELEGRAM_BOT_TOKEN": TELEGRAM})
    assert found.useapi_token.get_secret_value() == USEAPI


def test_a_secret_given_twice_in_one_place_is_a_fault(elsewhere: Path) -> None:
    """Both forms in one place contradict each other; the fault says to leave one out."""
    (elsewhere / "secret").write_text("other")
    both = {**TOKENS, "USEAPI_TOKEN_FILE": "secret"}
    (fault,) = faults_of(both)
    assert fault == "USEAPI_TOKEN: given twice, as USEAPI_TOKEN and as USEAPI_TOKEN_FILE; leave one of them out"


@pytest.mark.parametrize("form", ["USEAPI_TOKEN", "USEAPI_TOKEN_FILE"])
def test_the_environments_secret_replaces_the_files_in_either_form(elsewhere: Path, form: str) -> None:
    """A secret in the environment replaces the env file's, whichever form either has."""
    (elsewhere / "secret").write_text(USEAPI)
    other = "USEAPI_TOKEN" if form.endswith("_FILE") else "USEAPI_TOKEN_FILE"
    (elsewhere / "settings.env").write_text(f"{other}=old\n")
    given_ = USEAPI if form == "USEAPI_TOKEN" else "secret"
    found = load_settings(None, {"TELEGRAM_BOT_TOKEN": TELEGRAM, form: given_})
    assert found.useapi_token.get_secret_value() == USEAPI


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read: No such file"), (b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "not UTF-8 text")],
)
def test_a_secrets_file_that_cannot_be_used(elsewhere: Path, content: bytes | None, words: str) -> None:
    """A file that is missing, empty or no text is the one fault said, not that the secret is missing too."""
    if content is not None:
        (elsewhere / "secret").write_bytes(content)
    (fault,) = faults_of({"TELEGRAM_BOT_TOKEN": TELEGRAM, "USEAPI_TOKEN_FILE": "secret"})
    assert fault.startswith("USEAPI_TOKEN_FILE: ")
    assert words in fault


def test_white_space_around_a_token_is_no_part_of_it() -> None:
    """A token copied with a space or a line break is the token."""
    assert load(USEAPI_TOKEN=f" {USEAPI}\n").useapi_token.get_secret_value() == USEAPI


@pytest.mark.parametrize("bad", ["two words", "tab\there", "zero\u200bwidth"])
def test_what_can_be_no_token_is_said_without_the_token(bad: str) -> None:
    """A token with white space or strange characters inside is a fault that does not repeat it."""
    fault = fault_of(USEAPI_TOKEN=bad)
    assert "holds white space or characters that a token cannot have" in fault
    assert bad not in fault


@pytest.mark.parametrize("token", ["tök€n", "x", "0123", "user:1-ä", "sk_live_/+=:abc"])
def test_what_useapi_might_call_a_token_is_taken(token: str) -> None:
    """useapi.net documents no form: any printable text without white space may be its token."""
    assert load(USEAPI_TOKEN=token).useapi_token.get_secret_value() == token


@pytest.mark.parametrize(
    "token", ["s3cret-not-a-token", "123:abc", "bot7654321098:" + "A" * 35, "7654321098 :" + "A" * 35]
)
def test_what_cannot_be_a_bot_token_is_told_at_the_start(token: str) -> None:
    """Telegram's tokens have a form; what has another one is told by the setting, not by Telegram."""
    fault = fault_of(TELEGRAM_BOT_TOKEN=token)
    assert fault.startswith("TELEGRAM_BOT_TOKEN: is not a bot token: digits, a colon")
    assert token not in fault


def test_the_placeholders_of_the_examples_are_told_as_such() -> None:
    """Whoever copies the example of a fault, or of the documents, is told that it is one."""
    for name in TOKENS:
        assert "is the placeholder of the example" in fault_of(**{name: EXAMPLES[name]})


def test_tokens_in_each_others_place_are_told_as_such() -> None:
    """The two tokens swapped are told by name, without either of them."""
    found = faults_of({"USEAPI_TOKEN": TELEGRAM, "TELEGRAM_BOT_TOKEN": USEAPI})
    assert [fault.split(":")[0] for fault in found] == ["USEAPI_TOKEN", "TELEGRAM_BOT_TOKEN"]
    assert all("stand in each other's place" in fault for fault in found)
    assert USEAPI not in str(found)
    assert TELEGRAM not in str(found)


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_quotes_is_a_fault_wherever_it_stands(elsewhere: Path, name: str, quote: str) -> None:
    """Docker keeps the quotes of an env file, others take them away: a secret has none, wherever it stands."""
    secret = ALL_SECRETS[name]
    rest = {other: value for other, value in TOKENS.items() if other != name}
    (elsewhere / "settings.env").write_text(f"HISTORY_DAYS=3\n{name}={quote}{secret}{quote}\n")
    assert faults_of(rest) == [
        f"settings.env, line 2: {name} is in quotes, which Docker would take for a part of it; leave them out: {name}=…"
    ]
    (elsewhere / "settings.env").unlink()
    (fault,) = faults_of({**rest, name: f"{quote}{secret}{quote}"})
    assert fault.startswith(f"{name} is in quotes")
    (elsewhere / "secret").write_text(f"{quote}{secret}{quote}\n")
    assert faults_of({**rest, f"{name}_FILE": "secret"}) == [
        f"{name}_FILE: secret holds the secret in quotes; leave them out"
    ]


def test_a_secrets_file_with_a_byte_order_mark(elsewhere: Path) -> None:
    """Windows' editors put one before the token; it is no part of it."""
    (elsewhere / "secret").write_bytes(b"\xef\xbb\xbf" + TELEGRAM.encode())
    found = load_settings(None, {"USEAPI_TOKEN": USEAPI, "TELEGRAM_BOT_TOKEN_FILE": "secret"})
    assert found.telegram_bot_token.get_secret_value() == TELEGRAM


@pytest.mark.parametrize("second", ["", "Asia/Tokyo"])
def test_a_name_given_twice_is_told_with_both_lines(elsewhere: Path, second: str) -> None:
    """Which of them is meant nobody can know; an empty one would switch off what the other says."""
    (elsewhere / "settings.env").write_text(f"TIMEZONE=UTC\n# and again\nexport TIMEZONE={second}\n")
    assert faults_of(TOKENS) == [
        "settings.env, line 3: TIMEZONE is given twice, first in line 1; leave one of them out"
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TELEGRAM_CHAT_ID", "TELEGRAM_CHAT_IDS"),
        ("LOW_CREDIT", "LOW_CREDITS"),
        ("CHEK_EVERY", "CHECK_EVERY"),
        ("CEHCK_EVERY", "CHECK_EVERY"),
        ("QUIET_HOUR", "QUIET_HOURS"),
        ("USEAPI_TOKEN_FILES", "USEAPI_TOKEN_FILE"),
        ("TIMEZONES", "TIMEZONE"),
        ("TIMEZON3", "TIMEZONE"),
    ],
)
def test_a_slip_in_the_environment_is_warned_of(name: str, meant: str) -> None:
    """Other programs share the environment: a name that is almost ours is a warning, never a fault."""
    found = load({name: "x"})
    assert found.notes == (f"{name} in the environment is not a setting; did you mean {meant}?",)


def test_names_of_others_are_not_warned_of() -> None:
    """What is further than one slip from ours belongs to somebody else."""
    others = (
        "PATH",
        "TZ",
        "TIME",
        "LOG",
        "LOGLEVEL2",
        "TELEGRAM_TOKEN",
        "DATABASE",
        "HTTP_PROXY",
        "timezone",
        "ACCOUNT_SID",
    )
    assert load(dict.fromkeys(others, "x")).notes == ()


def test_docker_leaves_what_the_file_reader_takes_away() -> None:
    """White space, a carriage return and quotes around a value that is no secret are no part of it."""
    found = load(LOG_LEVEL="INFO\r", TIMEZONE='"Asia/Tokyo"', DATABASE_URL=" sqlite:///bot.db \r")
    assert (found.log_level, found.timezone.key, found.database_url) == ("INFO", "Asia/Tokyo", "bot.db")


@pytest.mark.parametrize("behind", ["?mode=rw", " # the state", "\t# x"])
def test_what_stands_behind_the_database_is_no_part_of_its_name(behind: str) -> None:
    """An option or a comment would become a part of the file's name: an empty database once it is mended."""
    assert "leave it out" in fault_of(DATABASE_URL=f"sqlite:///bot.db{behind}")


@pytest.mark.parametrize("ladder", ["1,000", "20%,1,000,0", "00", "05%,0"])
def test_a_thousands_separator_is_not_two_thresholds(ladder: str) -> None:
    """``1,000`` would be the thresholds 1 and 0; ``500,100,0`` and ``0.5%`` stay what they are."""
    assert "write 1000, not 1,000" in fault_of(LOW_CREDITS=ladder)
    assert load(LOW_CREDITS="500,100,0").low_credits == (Threshold(500), Threshold(100), Threshold(0))
    assert load(LOW_CREDITS="0.5%").low_credits == (Threshold(0.5, percent=True),)


@pytest.mark.parametrize(
    ("given_", "used"),
    [
        ("https://api.useapi.net", "https://api.useapi.net/v2"),
        ("https://proxy.example.com/useapi/", "https://proxy.example.com/useapi/v2"),
        ("https://api.useapi.net/v2/", None),
    ],
)
def test_the_base_address_of_useapi_is_completed_and_that_is_said(given_: str, used: str | None) -> None:
    """Without ``/v2`` useapi.net answers 404 to everything, as if there were no account."""
    found = load(USEAPI_URL=given_)
    assert found.useapi_url == (used or "https://api.useapi.net/v2")
    assert found.notes == ((f"USEAPI_URL: read as {used}",) if used else ())


def test_the_base_address_of_telegram_loses_its_bot_and_no_token_is_said() -> None:
    """``/bot`` is added by each request; an address with a token in it is refused without the token."""
    found = load(TELEGRAM_API_URL="http://ann:hush@10.0.0.7:8081/bot/")
    assert found.telegram_api_url == "http://ann:hush@10.0.0.7:8081"
    assert found.notes == ("TELEGRAM_API_URL: read as http://10.0.0.7:8081",)
    fault = fault_of(TELEGRAM_API_URL=f"https://api.telegram.org/bot{TELEGRAM}")
    assert "holds a bot token" in fault
    assert TELEGRAM not in fault
    assert "/v1" in fault_of(USEAPI_URL="https://api.useapi.net/v1")


@pytest.mark.parametrize(
    ("chat", "says"),
    [
        ("1001234567890", "lacks the minus of a group or channel: -1001234567890"),
        ("1001234567890/45", "lacks the minus of a group or channel: -1001234567890/45"),
        ("https://t.me/c/1234567890/45", "a link; its chat id is -1001234567890"),
        ("t.me/studio_alerts", "stands in the address of web.telegram.org/a"),
        ("@studio_alerts", "stands in the address of web.telegram.org/a"),
        ("studio", "send /start to the bot"),
    ],
)
def test_what_is_no_chat_id_gets_advice_that_fits(chat: str, says: str) -> None:
    """A channel cannot send /start, and an id without its minus is nobody's: the advice is one that can be followed."""
    assert says in fault_of(TELEGRAM_CHAT_IDS=chat)


def test_many_accounts_are_read_at_once() -> None:
    """Doubles are found in one pass: fifty thousand accounts take no minute."""
    text = ", ".join(f"a{number}@example.com" for number in range(50_000))
    assert len(load(ACCOUNTS=text).accounts) == 50_000
    assert "“a7@example.com” twice" in fault_of(ACCOUNTS=f"{text}, A7@example.com")


@pytest.mark.parametrize("listen", ["http://127.0.0.1:8080", "127.0.0.1:8080/healthz", "a b:80"])
def test_an_address_of_a_page_is_no_address_to_listen_at(listen: str) -> None:
    """It is a fault of the settings, not one of the start."""
    assert fault_of(HTTP_LISTEN=listen).startswith("HTTP_LISTEN: is “")


def test_no_secret_prints() -> None:
    """Neither the settings' text nor their representation holds a secret."""
    url = "https://hc-ping.com/5ba1b0f2-secret"
    found = load(HEARTBEAT_URL=url)
    shown = f"{found} {found!r} {found.model_dump()} {found.model_dump_json()}"
    for secret in (USEAPI, TELEGRAM, url, "5ba1b0f2"):
        assert secret not in shown
    assert sorted(found.secrets) == sorted([USEAPI, TELEGRAM, url])


@pytest.mark.parametrize("secret", [TELEGRAM, USEAPI], ids=["telegram", "useapi"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("name", sorted(CONTRACT - {"ACCOUNTS_FILE"}))  # which test_accounts_file.py tries
def test_a_token_in_the_wrong_setting_is_not_repeated(name: str, secret: str, known: bool) -> None:
    """A token that landed in another setting is told as a fault of that setting, without any long part of it."""
    environ = {**(TOKENS if known else {}), name: f"{secret},x {secret}"}
    said = "\n".join(faults_of(environ))
    for start in range(len(secret) - 12):
        assert secret[start : start + 12] not in said


@pytest.mark.parametrize("name", ["TIMEZONE", "HTTP_LISTEN", "ACCOUNTS", "CHECK_EVERY", "TELEGRAM_CHAT_IDS"])
def test_a_known_secret_of_any_shape_is_not_repeated_even_cut(name: str) -> None:
    """A secret that looks like no token, and is too long to be quoted whole, does not show its beginning either."""
    url = "https://hc-ping.com/5ba1b0f2-77c1-4e2b-9d0b-1f7d3a4c8e21"
    fault = fault_of(**{"HEARTBEAT_URL": url, name: url})
    assert fault.startswith(f"{name}: ")
    assert "hc-ping" not in fault
    assert "[secret]" in fault


@pytest.mark.parametrize("secret", [TELEGRAM, USEAPI], ids=["telegram", "useapi"])
def test_a_token_in_place_of_a_name_or_a_path_is_not_repeated(elsewhere: Path, secret: str) -> None:
    """A token where a name or a file belongs is not repeated either."""
    (elsewhere / "settings.env").write_text(f"{secret}\n{secret}=\n{secret}=1\nexport {secret}\n")
    said = "\n".join(faults_of({"TELEGRAM_BOT_TOKEN_FILE": secret, "USEAPI_TOKEN_FILE": secret}))
    for start in range(len(secret) - 12):
        assert secret[start : start + 12] not in said


def test_the_environments_broken_text_is_mended() -> None:
    """Bytes in the environment that are no UTF-8 are shown as such, and no crash when they are stored or said."""
    (account,) = load(ACCOUNTS="St\udcfcdio <alice@example.com>").accounts
    assert account.label == "St\ufffddio"
    assert account.label.encode()


names = st.sampled_from([*sorted(CONTRACT), "USEAPI_TOKEN_FILE", "HELLO", "", "export X"])
values = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.sampled_from([USEAPI, TELEGRAM, "1e999", "nan", "٣", "-1", "0", "''", '"', "${HOME}", "[]", "{}", "null", ","]),
)
lines = st.one_of(values, st.builds("{}={}".format, names, values), st.builds("export {}='{}'".format, names, values))
texts = st.lists(lines, max_size=8).map("\n".join)


def settings_or_faults(environ: Mapping[str, str]) -> Settings | list[str]:
    """What comes of an environment and the env file: settings that can be used, or faults of a line each."""
    try:
        found = load_settings(None, environ)
    except SettingsError as error:
        return error.faults if all(len(fault.splitlines()) == 1 for fault in error.faults) else []
    return found if found.check_every >= timedelta(seconds=1) else []


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts)
@example("DATABASE_URL=sqlite:///:memory:")
@example("TIMEZONE=../../etc/passwd")
@example("HTTP_LISTEN=:::::1")
@example("USEAPI_URL=http://[::1")
@example("ACCOUNTS=<>,<a@b>,@")
@example("LOW_CREDITS=1e999%")
@example("HISTORY_DAYS=" + "9" * 5000)
def test_any_env_file_gives_settings_or_faults(elsewhere: Path, text: str) -> None:
    """Whatever stands in an env file: settings, or faults of a line each, none with a secret; never anything else."""
    (elsewhere / "settings.env").write_text(text, encoding="utf-8", newline="")
    found = settings_or_faults({"TELEGRAM_BOT_TOKEN": TELEGRAM})
    assert found
    assert TELEGRAM not in repr(found)
    if not isinstance(found, Settings):  # in settings a token can stand where nothing secret belongs
        assert USEAPI not in repr(found)


anything = st.text(st.characters(exclude_characters="\0"), max_size=60)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(sorted(CONTRACT)), anything, max_size=6))
def test_any_environment_gives_settings_or_faults(environ: dict[str, str]) -> None:
    """Whatever the environment says, surrogates of broken bytes too: settings, or faults of a line each."""
    found = settings_or_faults({**TOKENS, **environ})
    assert found
    repr(found).encode()


def example_file() -> str:
    """What people copy."""
    return (ROOT / "settings.example.env").read_text(encoding="utf-8")


def test_the_example_names_every_setting_with_a_comment() -> None:
    """``settings.example.env`` has a line for every setting, and only for those, each under a comment."""
    text = example_file()
    found = []
    for block in re.split(r"\n\s*\n", text):
        lines_ = block.strip().splitlines()
        named = [line for line in lines_ if re.match(r"#?\s?[A-Z_]+=", line)]
        found += [re.match(r"#?\s?([A-Z_]+)=", line)[1] for line in named]  # type: ignore[index]
        if named:
            comments = [line for line in lines_ if line.startswith("#") and line not in named]
            assert comments, f"no comment says what this is: {named}"
    base = [name for name in found if name in CONTRACT or not name.endswith("_FILE")]
    assert sorted(set(base)) == sorted(CONTRACT)
    assert set(found) - set(base) <= {f"{name}_FILE" for name in SECRETS}


def test_the_example_loads_once_the_tokens_are_filled_in(elsewhere: Path) -> None:
    """The file as it is, with the two tokens filled in, gives the defaults; without them, exactly those are missing."""
    (elsewhere / "settings.env").write_text(example_file(), encoding="utf-8")
    assert [fault.split(":")[0] for fault in faults_of({})] == ["USEAPI_TOKEN", "TELEGRAM_BOT_TOKEN"]
    filled = re.sub(r"^USEAPI_TOKEN=.*$", f"USEAPI_TOKEN={USEAPI}", example_file(), flags=re.MULTILINE)
    filled = re.sub(r"^TELEGRAM_BOT_TOKEN=.*$", f"TELEGRAM_BOT_TOKEN={TELEGRAM}", filled, flags=re.MULTILINE)
    (elsewhere / "settings.env").write_text(filled, encoding="utf-8")
    found = load_settings(None, {})
    assert found.useapi_token.get_secret_value() == USEAPI
    assert found == load()


def test_the_examples_own_values_are_valid(elsewhere: Path) -> None:
    """Also what stands commented out is right, for people take the sign away and keep the rest."""
    opened = re.sub(r"^#\s?([A-Z_]+=)", r"\1", example_file(), flags=re.MULTILINE)
    opened = re.sub(r"^[A-Z_]+_FILE=.*\n", "", opened, flags=re.MULTILINE)
    (elsewhere / "settings.env").write_text(opened, encoding="utf-8")
    load_settings(None, TOKENS)


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("c2VjcmV0" * 4, "is not a secret of Standard Webhooks: whsec_ and base64"),
        ("whsec_", "is not a secret of Standard Webhooks"),
        ("whsec_" + "c2VjcmV0" * 4 + "-", "is not a secret of Standard Webhooks"),
        ("whsec_ " + "c2VjcmV0" * 4, "is not a secret of Standard Webhooks"),
        ("whsec_c2VjcmV0", "holds 6 bytes, and Standard Webhooks asks for 24 to 64"),
        ("whsec_" + "c2VjcmV0" * 20, "holds 120 bytes"),
    ],
)
def test_the_form_of_the_webhooks_secret_is_checked_at_the_start(secret: str, why: str) -> None:
    """Before the first event is signed with something that no receiver has; the text holds no secret."""
    fault = fault_of(WEBHOOK_URL="https://hooks.example.com", WEBHOOK_SECRET=secret)
    assert why in fault
    assert "openssl rand -base64 32" in fault
    assert secret.removeprefix("whsec_")[:8] not in fault or secret == "whsec_"


def test_a_secret_without_its_padding_is_one() -> None:
    """Some programs leave the signs at the end out; the library takes it so."""
    secret = f"whsec_{'c2VjcmV0' * 4}c2U"
    found = load(WEBHOOK_URL="https://hooks.example.com/", WEBHOOK_SECRET=f" {secret} ")
    assert found.webhook_secret
    assert found.webhook_secret.get_secret_value() == secret
    assert secret.removeprefix("whsec_") in found.secrets
    assert found.webhook_url
    assert found.webhook_url.get_secret_value() == "https://hooks.example.com/"


def test_a_secret_that_signs_nothing_is_a_note() -> None:
    """A webhook that is switched off for a while leaves its secret behind."""
    assert load(WEBHOOK_SECRET=f"whsec_{'c2VjcmV0' * 4}").notes == (
        "WEBHOOK_SECRET: signs nothing without WEBHOOK_URL",
    )


def test_the_webhook_follows_the_environments_proxies() -> None:
    """As the heartbeat does; one that is unusable ends the start."""
    environ = {"https_proxy": "http://127.0.0.1:3128", "no_proxy": "home.example.com"}
    away = load(environ, WEBHOOK_URL="https://hooks.example.com", USEAPI_PROXY="direct", TELEGRAM_PROXY="direct")
    assert str(away.way_to_webhook) == "http://127.0.0.1:3128"
    assert load(environ, WEBHOOK_URL="https://home.example.com").way_to_webhook is None
    assert load(environ).way_to_webhook is None
    assert "HTTP_PROXY" in fault_of(HTTP_PROXY="ftp://proxy", WEBHOOK_URL="http://hooks.example.com")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"ESCALATE_AFTER": "30m"},
            "ESCALATE_AFTER: tells nobody without ESCALATE_CHAT_IDS or FALLBACK_URLS. Example: E",
        ),
        ({"ESCALATE_AFTER": "30m", "FALLBACK_URLS": ""}, "ESCALATE_AFTER: tells nobody"),
        ({"ESCALATE_AFTER": "30m", "ESCALATE_CHAT_IDS": " , "}, "ESCALATE_AFTER: tells nobody"),
        ({"ESCALATE_CHAT_IDS": "9"}, "ESCALATE_CHAT_IDS: gets nothing without a time. Example: ESCALATE_AFTER=30m"),
        ({"ESCALATE_CHAT_IDS": "9", "ESCALATE_AFTER": "0"}, "ESCALATE_AFTER: is shorter than a second"),
        ({"ESCALATE_CHAT_IDS": "9", "ESCALATE_AFTER": "0s"}, "ESCALATE_AFTER: is shorter than a second"),
        ({"ESCALATE_CHAT_IDS": "9", "ESCALATE_AFTER": "-30m"}, "ESCALATE_AFTER: has “-30m”"),
        ({"ESCALATE_CHAT_IDS": "9", "ESCALATE_AFTER": "30"}, "ESCALATE_AFTER: has “30”"),
        ({"ESCALATE_CHAT_IDS": "9", "ESCALATE_AFTER": "30m,1h"}, "ESCALATE_AFTER: has “30m,1h”"),
        ({"ESCALATE_CHAT_IDS": "@boss", "ESCALATE_AFTER": "30m"}, "ESCALATE_CHAT_IDS: has “@boss”, which is a name"),
        ({"ESCALATE_CHAT_IDS": "7654321098", "ESCALATE_AFTER": "30m"}, "has 7654321098, which is the bot itself"),
        ({"TELEGRAM_CHAT_IDS": "8, 7654321098"}, "TELEGRAM_CHAT_IDS: has 7654321098, which is the bot itself"),
    ],
)
def test_an_escalation_needs_a_time_and_somebody_to_tell(given: dict[str, str], words: str) -> None:
    """One without the other is a fault, and so is a chat that can get nothing."""
    assert words in fault_of(**given)


def test_escalated_alerts_go_to_the_chats_and_to_the_second_channel() -> None:
    """A chat of TELEGRAM_CHAT_IDS can be one of them; the second channel alone is enough."""
    found = load(TELEGRAM_CHAT_IDS="7", ESCALATE_CHAT_IDS="7, -1001234567890/45", ESCALATE_AFTER="1h30m")
    assert found.escalate_after == timedelta(minutes=90)
    assert found.escalation == (Chat(7), Chat(-1001234567890, 45))
    assert load(ESCALATE_AFTER="30m", FALLBACK_URLS="ntfy://topic").escalation == (SECOND_CHANNEL,)
    both = load(ESCALATE_AFTER="30m", ESCALATE_CHAT_IDS="9", FALLBACK_URLS="ntfy://topic")
    assert both.escalation == (Chat(9), SECOND_CHANNEL)
    assert load(FALLBACK_URLS="ntfy://topic").escalation == ()


def test_accounts_can_name_their_service() -> None:
    """By its name and a colon; without one they are of the first service."""
    loaded = load(ACCOUNTS="Film <kling:a@b.example>, dreamina:US:a@b.example, minimax:123456, c@d.example")
    assert [(one.service, one.email, one.label) for one in loaded.accounts] == [
        ("kling", "a@b.example", "Film"),
        ("dreamina", "US:a@b.example", None),
        ("minimax", "123456", None),
        (None, "c@d.example", None),
    ]
    assert [one.email for one in load(SERVICES="minimax,kling", ACCOUNTS="123456").accounts] == ["123456"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"SERVICES": "klng"}, "SERVICES: has “klng”, which is not a service; did you mean kling?"),
        ({"SERVICES": "sora"}, "which is not a service; there are pixverse, kling, "),
        ({"ACCOUNTS": "klng:a@b.example"}, "is not an email; did you mean kling:…?"),
        ({"ACCOUNTS": "123456"}, "ACCOUNTS: has “123456”, which is not an email"),
        ({"ACCOUNTS": "kling:123456"}, "ACCOUNTS: has “kling:123456”, which is not an email"),
        ({"ACCOUNTS": "kling:"}, "ACCOUNTS: has “kling:”, which is not an email"),
        ({"ACCOUNTS": "kling:a@b.example,kling:A@b.example"}, "“kling:a@b.example” twice"),
        ({"SERVICES": "kling", "ACCOUNTS": "123456"}, "ACCOUNTS: has “123456”, which is not an email"),
        ({"SERVICES": "kling", "ACCOUNTS_FILE": "x.toml"}, "SERVICES: is given beside ACCOUNTS_FILE"),
    ],
    ids=str,
)
def test_faults_of_services(settings: dict[str, str], words: str) -> None:
    """Each says what is wrong."""
    assert words in fault_of(**settings)
