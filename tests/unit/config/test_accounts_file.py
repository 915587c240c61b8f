"""The accounts file: what it says, which setting wins, and what is told of one that is wrong."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config.accounts_file.read import LARGEST, read_accounts_file, targets_of, watchlist_for
from bot.config.accounts_file.tables import AccountTable, SourceTable
from bot.config.settings import Settings
from bot.config.targets import Targets
from bot.domain.chats import Chat
from bot.domain.rules import Threshold
from bot.support.errors import SettingsError

USEAPI = "user:1234-of-the-settings"
STUDIO = "user:5678-of-the-studio"
TELEGRAM = "123456789:AAFabcdefghijklmnopqrstuvwxyz0123456"


def given_settings(**more: str) -> Settings:
    """Settings with a token, one chat, and what is said."""
    named = {"USEAPI_TOKEN": USEAPI, "TELEGRAM_BOT_TOKEN": TELEGRAM, "TELEGRAM_CHAT_IDS": "1"}
    return Settings(**{name: value for name, value in (named | more).items() if value})  # type: ignore[arg-type]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Targets]:
    """Reads a text as an accounts file."""

    def reads(text: str | bytes, **more: str) -> Targets:
        file = tmp_path / "accounts.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_accounts_file(str(file), given_settings(**more), {"STUDIO_TOKEN": STUDIO, "EMPTY": " "})

    return reads


def faults_of(read: Callable[..., Targets], text: str | bytes, **more: str) -> list[str]:
    """What is wrong with a file that is wrong."""
    with pytest.raises(SettingsError) as caught:
        read(text, **more)
    return caught.value.faults


def faults_or_none(read: Callable[..., Targets], text: str | bytes) -> list[str]:
    """What is wrong with a file, or nothing for one that names sources."""
    try:
        return [] if read(text).sources else ["a watchlist without sources"]
    except SettingsError as error:
        return error.faults


FLEET = """
[[source]]
name = "studio"
token_env = "STUDIO_TOKEN"
accounts = "all"
low_credits = "50%,0"
remind_every = "1h"
chats = ["-100/45", 7]

[[source.account]]
email = "Alice@example.com"
label = "Studio"
low_credits = "300"
remind_every = 0
chats = "8"

[[source.account]]
email = "bob@example.com"
plan_ends_within = ""

[[source]]
accounts = ["carol@example.com", "Dan <dan@example.com>"]
unreadable_after = 9
"""


def test_the_nearest_setting_wins(read: Callable[..., Targets]) -> None:
    """Account before source before setting, for each rule by itself; an empty ladder and a 0 count as said."""
    fleet = read(FLEET, LOW_CREDITS="20%", PLAN_ENDS_WITHIN="3d")
    alice = fleet.rules_for("pixverse/studio", "alice@example.com")
    assert (alice.low_credits, alice.remind_every) == ((Threshold(300),), None)
    assert alice.plan_ends_within == (Threshold(3 * 86400),)
    bob = fleet.rules_for("pixverse/studio", "bob@example.com")
    assert (bob.plan_ends_within, bob.remind_every) == ((), timedelta(hours=1))
    assert bob.low_credits == (Threshold(50, percent=True), Threshold(0))
    carol = fleet.rules_for("pixverse", "carol@example.com")
    assert (carol.low_credits, carol.unreadable_after) == ((Threshold(20, percent=True),), 9)
    assert fleet.rules_for("pixverse/studio").unreadable_after == 3
    assert (
        fleet.rules_for("a source of the past", "x@example.com")
        == given_settings(LOW_CREDITS="20%", PLAN_ENDS_WITHIN="3d").rules
    )


INTERVALS = """
[[source]]
name = "studio"
token_env = "STUDIO_TOKEN"
accounts = "all"
check_every = "2h"

[[source.account]]
email = "Alice@example.com"
check_every = "1d"

[[source]]
accounts = ["carol@example.com"]

[[source.account]]
email = "dan@example.com"
check_every = "1s"
"""


def test_how_often_an_account_is_checked(read: Callable[..., Targets]) -> None:
    """The nearest interval wins: account, source, and None for the setting."""
    targets = read(INTERVALS)
    every = targets.own_check_every
    assert every("pixverse/studio", "ALICE@example.com") == timedelta(days=1)
    assert every("pixverse/studio", "nobody@example.com") == timedelta(hours=2)
    assert every("pixverse", "carol@example.com") is None
    assert every("pixverse", "dan@example.com") == timedelta(seconds=1)
    assert every("gone", "dan@example.com") is None
    assert targets.own_intervals == {timedelta(days=1), timedelta(hours=2), timedelta(seconds=1)}
    assert read('[[source]]\naccounts = "all"').own_intervals == frozenset()


@pytest.mark.parametrize("written", ['"0.5s"', '"0"', "0", '"soon"', '""'])
def test_an_interval_takes_a_second(read: Callable[..., Targets], written: str) -> None:
    """What no check can keep is a fault with an example."""
    (fault,) = faults_of(read, f"[[source]]\ncheck_every = {written}")
    assert fault.startswith("accounts.toml: source[1].check_every: ")
    assert fault.endswith('Example: check_every = "2h"')


def test_chats_are_those_of_the_nearest(read: Callable[..., Targets]) -> None:
    """In place of TELEGRAM_CHAT_IDS; a source is told to all who are told of any of its accounts."""
    fleet = read(FLEET)
    assert fleet.chats_for("pixverse/studio", "ALICE@example.com") == (Chat(8),)
    assert fleet.chats_for("pixverse/studio", "whoever@example.com") == (Chat(-100, 45), Chat(7))
    assert fleet.chats_for("pixverse/studio") == (Chat(-100, 45), Chat(7), Chat(8))
    assert fleet.chats_for("pixverse", "carol@example.com") == fleet.chats_for("pixverse") == (Chat(1),)
    assert fleet.chats == (Chat(1), Chat(-100, 45), Chat(7), Chat(8))
    assert fleet.chats_for("a source of the past") == ()


def test_each_source_has_its_token_and_its_accounts(read: Callable[..., Targets], tmp_path: Path) -> None:
    """From the environment, from a file, or else the setting's; "all", by name, or those with a table of their own."""
    (tmp_path / "token").write_text(f"\n{STUDIO}-2 \n")
    own = f'\n[[source]]\nname = "file"\ntoken_file = "{tmp_path / "token"}"\n[[source.account]]\nemail = "e@f.g"'
    fleet = read(FLEET + own)
    tokens = [source.token.get_secret_value() for source in fleet.sources.values()]
    assert tokens == fleet.secrets == [STUDIO, USEAPI, f"{STUDIO}-2"]
    assert [source.everyone for source in fleet.sources.values()] == [True, False, False]
    assert list(fleet.sources["pixverse/file"].accounts) == ["e@f.g"]
    assert fleet.label_for("pixverse", "DAN@example.com") == "Dan"
    assert fleet.label_for("pixverse/studio", "alice@example.com") == "Studio"
    assert not any(secret in repr(fleet) for secret in fleet.secrets)


def test_a_source_is_named_only_where_several_are_watched(read: Callable[..., Targets]) -> None:
    """One alone needs no name in messages, whatever it is called."""
    assert read(FLEET).origin_of("pixverse/studio") == "studio"
    assert read(FLEET).origin_of("pixverse") is None
    assert read('[[source]]\nname = "studio"').origin_of("pixverse/studio") is None


def test_without_a_file_the_settings_are_one_source(tmp_path: Path) -> None:
    """The rest of the bot knows no difference."""
    alone = watchlist_for(given_settings(ACCOUNTS="Studio <alice@example.com>"))
    assert list(alone.sources) == ["pixverse"]
    assert not alone.sources["pixverse"].everyone
    assert alone.label_for("pixverse", "alice@example.com") == "Studio"
    assert targets_of(given_settings()).sources["pixverse"].everyone
    (tmp_path / "own.toml").write_text('[[source]]\nname = "x"')
    assert list(watchlist_for(given_settings(ACCOUNTS_FILE=str(tmp_path / "own.toml"))).sources) == ["pixverse/x"]


def test_a_source_without_accounts_watches_those_with_a_table(read: Callable[..., Targets]) -> None:
    """Naming some and saying nothing of the others means these; "all" beside them means all."""
    table = '[[source.account]]\nemail = "a@b.c"'
    assert not read(f"[[source]]\n{table}").sources["pixverse"].everyone
    assert read(f'[[source]]\naccounts = "all"\n{table}').sources["pixverse"].everyone
    assert set(read(f'[[source]]\naccounts = ["d@e.f"]\n{table}').sources["pixverse"].accounts) == {"a@b.c", "d@e.f"}


TOKEN_IN_FILE = "user:999-in-the-wrong-place"
WRONG: dict[str, tuple[str, str, str]] = {
    "": ("", "names no source", "[[source]]"),
    "# nothing but words": ("", "names no source", "[[source]]"),
    '[[source]]\nnam = "x"': ("", "source[1].nam: is not a key", "name"),
    '[[source]]\nLOW_CREDITS = "5"': ("", "source[1].LOW_CREDITS: is not a key", "did you mean low_credits"),
    '[[source]]\n[[source.account]]\nemail = "a@b.c"\nlow_credit = "5"': (
        "",
        "source[1].account[1].low_credit: is not a key",
        "low_credits?",
    ),
    '[[sources]]\naccounts = "all"': ("", "sources: is not a key", "did you mean source"),
    f'[[source]]\ntoken = "{TOKEN_IN_FILE}"': ("", "source[1].token: a secret has no place", "token_file"),
    '[[source]]\n\nlow_credits = "5%,20%"': ("", "source[1].low_credits: is not in order", 'low_credits = "20%,5%,0"'),
    "[[source]]\nlow_credits = true": ("", "source[1].low_credits: is not text", "Example: low_credits"),
    "[[source]]\nlow_credits = nan": ("", "source[1].low_credits: is not a number that can be used", "Example"),
    '[[source]]\nplan_ends_within = "soon"': (
        "",
        "source[1].plan_ends_within: has “soon”",
        'plan_ends_within = "7d,3d,1d"',
    ),
    '[[source]]\nrefused_jobs = "0"': ("", "source[1].refused_jobs: must be a whole number", 'refused_jobs = "1"'),
    '[[source]]\nruns_out_within = "x"': ("", "source[1].runs_out_within: has “x”", 'runs_out_within = "2d"'),
    "[[source]]\nunreadable_after = 0": ("", "source[1].unreadable_after: must be at least 1", "unreadable_after ="),
    "[[source]]\nunreadable_after = true": ("", "source[1].unreadable_after: is not text", "unreadable_after ="),
    '[[source]]\nremind_every = "2 hourz"': ("", "source[1].remind_every: has “2 hourz”", 'remind_every = "24h"'),
    '[[source]]\nchats = [\n"1",\n"abc"]': ("", "source[1].chats[2]: has “abc”, which is not a chat id", "chats = ["),
    '[[source]]\naccounts = [\n"a@b.c",\n"nobody"\n]': (
        "",
        "source[1].accounts[2]: has “nobody”",
        'or accounts = "all"',
    ),
    '[[source]]\naccounts = ["a@b.c",\n"A@b.c"]': (
        "",
        "source[1].accounts[2]: has A@b.c twice (source[1].accounts[1])",
        "",
    ),
    "[[source]]\naccounts = []": ("", "source[1].accounts: names nobody", "accounts ="),
    "[[source]]\naccounts = 1.5": ("", "source[1].accounts[1]: has “1.5”", "accounts ="),
    "[source]\naccounts = 'all'": ("", "source: is not a list of tables", "[[source]]"),
    "source = 'x'": ("", "source: is not a list of tables", "[[source]]"),
    "[[source]]\n[source.account]\nemail='a@b.c'": (
        "",
        "source[1].account: is not a list of tables",
        "[[source.account]]",
    ),
    '[[source]]\n[[source.account]]\nlabel = "x"': (
        "",
        "source[1].account[1].email: is missing",
        'email = "alice@example.com"',
    ),
    '[[source]]\n[[source.account]]\nemail = "Al <a@b.c>"': (
        "",
        "source[1].account[1].email: is an email with a label",
        "",
    ),
    '[[source]]\n[[source.account]]\nemail="a@b.c"\n[[source.account]]\nemail="a@B.c"': (
        "",
        "source[1].account[2].email: a@B.c has a table already (source[1].account[1].email)",
        "",
    ),
    '[[source]]\naccounts=["X <a@b.c>"]\n[[source.account]]\nemail="d@e.f"\nlabel="x"': (
        "",
        "source[1].account[1].label: “x” is another account's label (source[1].accounts[1])",
        "",
    ),
    '[[source]]\n[[source.account]]\nemail = "a@b.c"\nlabel = "\\u0000"': (
        "",
        "source[1].account[1].label: holds characters",
        "label =",
    ),
    '[[source]]\nname = "a:b"': ("", "source[1].name: holds a colon", 'name = "studio"'),
    '[[source]]\nname="a"\n[[source]]\nname="A"': ("", "source[2].name: “A” is another source's (source[1].name)", ""),
    "[[source]]\n[[source]]": ("", "source[2].name: is missing, as of another source (source[1].name)", ""),
    '[[source]]\ntoken_env = "NOT_THERE"': ("", "source[1].token_env: names a variable", 'token_env = "STUDIO_TOKEN"'),
    '[[source]]\ntoken_env = "EMPTY"': ("", "source[1].token_env: names a variable", 'token_env = "STUDIO_TOKEN"'),
    '[[source]]\ntoken_file = "/not/there"': (
        "",
        "source[1].token_file: names a file that cannot be read",
        "token_file =",
    ),
    '[[source]]\ntoken_file = "\\u0000"': ("", "source[1].token_file:", "token_file ="),
    '[[source]]\ntoken_file = "a"\ntoken_env = "b"': ("", "source[1].token_env: is given beside token_file", ""),
    "[[source]]\nname = ": ("line 2", "has no value there", ""),
    '[[source]]\nname = "x': ("line 2", "quotes", ""),
    "[[source]]\nname = 'a'\nname = 'b'\nchats = 1": ("line 3, column 11", "says a key twice", ""),
    "[[source]]\nchats = ['1'\n'2']": ("line 3, column 1", "bracket is not closed, or without a comma", ""),
    "[[source]]\nabc": ("line 2", "other than key = value", ""),
    "[[source]]\nname = 'a' 'b'": ("line 2, column 12", "something behind the end", ""),
    "x = " + "9" * 5000: ("", "a number of far too many digits", ""),
    "x = " + "[" * 100_000: ("", "nested too deeply", ""),
    ".".join("a" * 1000) + " = 1": ("line 1", "key of far too many parts", ""),
    "x = " + "[" * 50 + "]" * 50: ("", "x: is not a key", ""),
}


@pytest.mark.parametrize(("text", "told"), WRONG.items(), ids=[text[:40] for text in WRONG])
def test_each_fault_is_told_with_place_and_mend(
    read: Callable[..., Targets], text: str, told: tuple[str, str, str]
) -> None:
    """The file, the key's path or else the line, what is wrong, and what would be right; never the secret there."""
    line, words, mend = told
    (fault, *more) = faults_of(read, text)
    assert not more
    begins = f"accounts.toml, {line}: " if line else f"accounts.toml: {words if ':' in words else ''}"
    assert fault.startswith(begins)
    assert words in fault
    assert mend in fault
    assert TOKEN_IN_FILE not in fault


def test_all_faults_are_told_together_in_order(read: Callable[..., Targets]) -> None:
    """One line each; of very many the first fifty."""
    three = faults_of(read, '[[source]]\nchats = "x"\nlow_credits = "y"\nnames = 1')
    assert [fault.split(": ")[1] for fault in three] == [
        f"source[1].{key}" for key in ("low_credits", "chats[1]", "names")
    ]
    many = faults_of(read, "[[source]]\naccounts = [\n" + '"nobody",\n' * 10_000 + "]")
    assert len(many) == 51


def test_no_secret_is_told(read: Callable[..., Targets]) -> None:
    """A token that stands in the wrong place is hidden where it is known, or looks like one."""
    text = f'[[source]]\ntoken_env = "STUDIO_TOKEN"\nlow_credits = "{STUDIO}"\nchats = ["{USEAPI}", "{TELEGRAM}"]'
    told = "\n".join(faults_of(read, text))
    assert not any(secret in told for secret in (STUDIO, USEAPI, TELEGRAM))
    assert "of-the" not in "\n".join(faults_of(read, f'[[source]]\ntoken_file = "{STUDIO}"'))
    for secret in (USEAPI, TELEGRAM, f"{USEAPI},{TELEGRAM}"):
        with pytest.raises(SettingsError) as caught:
            watchlist_for(given_settings(ACCOUNTS_FILE=secret))
        assert not any(known in str(caught.value) for known in (USEAPI, TELEGRAM))


def test_a_token_is_needed(read: Callable[..., Targets]) -> None:
    """From the source or the settings."""
    (fault,) = faults_of(read, "[[source]]", USEAPI_TOKEN="")
    assert fault.startswith("accounts.toml: source[1]: has no token")
    assert "USEAPI_TOKEN is not set" in fault
    assert read('[[source]]\ntoken_env = "STUDIO_TOKEN"', USEAPI_TOKEN="").secrets == [STUDIO]


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """Not there, a folder, too large, no UTF-8: always in words."""
    large, latin = tmp_path / "large.toml", tmp_path / "latin.toml"
    large.write_bytes(b"#" * (LARGEST + 1))
    latin.write_bytes(b"[[source]]\nname = '\xe9'")
    for path, words in (
        (tmp_path / "nothing.toml", "No such file or directory"),
        (tmp_path, "is no file"),
        (Path("/dev/zero"), "is no file"),
        (large, "is larger than 8 MB"),
        (latin, "latin.toml, line 2: is not UTF-8 text"),
        (Path("a\0b"), "embedded null byte"),
    ):
        with pytest.raises(SettingsError, match=words):
            read_accounts_file(str(path), given_settings(), {})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode(errors="replace"))))
def test_any_content_is_a_watchlist_or_a_fault(read: Callable[..., Targets], content: bytes) -> None:
    """No bytes give a traceback."""
    assert all(faults_or_none(read, content))


KEYS = st.sampled_from([*SourceTable.model_fields, *AccountTable.model_fields, "token", "x"])
SCALARS = st.one_of(
    st.sampled_from(["all", "", "a@b.c", "20%,5%", "7d", "0", "1", "-100/4"]),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=5),
)
TABLES = st.lists(st.dictionaries(KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=5), max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(TABLES, st.lists(st.sampled_from(["[[source]]", "[[source.account]]", "[source]", "[x]"]), max_size=4))
def test_any_tables_are_a_watchlist_or_a_fault(
    read: Callable[..., Targets], tables: list[dict[str, object]], headers: list[str]
) -> None:
    """Known keys with any values, in any tables: read, or told in words."""
    text = "\n".join(
        "\n".join([header, *(f"{key} = {in_toml(value)}" for key, value in table.items())])
        for header, table in zip(headers, tables, strict=False)
    )
    assert all(fault.startswith("accounts.toml") for fault in faults_or_none(read, text))


def in_toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(in_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def test_ten_thousand_accounts_are_read_at_once(read: Callable[..., Targets]) -> None:
    """Each with a label, a rule and a chat of its own: in a moment, and looked up as fast."""
    account = (
        '[[source.account]]\nemail = "user{0}@example.com"\nlabel = "User {0}"\nlow_credits = "{0}"\nchats = "{1}"\n'
    )
    text = "[[source]]\n" + "".join(account.format(number, number + 1) for number in range(10_000))
    began = time.process_time()
    fleet = read(text)
    assert len(fleet.sources["pixverse"].accounts) == 10_000
    assert len(fleet.chats) == 10_000
    assert fleet.rules_for("pixverse", "user9999@example.com").low_credits == (Threshold(9999),)
    assert time.process_time() - began < 15  # about one second; under coverage on a busy machine some more
