"""What a hostile useapi.net says: texts that would lead elsewhere, look otherwise than they are, or cost time."""

import json
import re
import unicodedata
from dataclasses import replace

import pytest

from bot.cli.check import Finding, in_json
from bot.domain.accounts import Account, Plan
from bot.sources.useapi import error_text
from bot.support.redaction import redact
from bot.telegram.text.messages import render
from bot.telegram.text.sanitize import WORD_JOINER, plain
from tests.support import given
from tests.support.fakes import ALICE, SOURCE, key_of, reading
from tests.support.given import NOW, UTC_ZONE

CLICKABLE = [
    "evil.com",
    "log in at evil.com/login?next=1",
    "https://evil.com",
    "http://1.2.3.4/x",
    "tg://resolve?domain=evil",
    "t.me/evil",
    "evil-useapi.net",
    "useapi.net.evil.com",
    "пример.рф",
    "@evil_bot",
    "ask @evil",
    "/leave",
    "then tap /mute",
    "#evil",
    "$EVIL",
]
LOOKS_LIKE_A_LINK = re.compile(r"(?<![\w@.-])(?:[^\W_][\w-]*\.)+[^\W\d_]{2,}|\w://\S|(?<!\w)[@#$/][^\W\d]\w*")
COSTLY = ["token" + "!" * 4000, "a." * 4000, "token!" * 700, "password" + '"' * 4000, "<title" * 700, "@" + "a-" * 4000]


def links_in(text: str) -> list[str]:
    """What Telegram would make links of by itself, by its rules, read broadly."""
    return [found for found in LOOKS_LIKE_A_LINK.findall(text) if found != "useapi.net"]


@pytest.mark.parametrize("said", CLICKABLE)
def test_nothing_that_is_said_can_be_tapped(said: str) -> None:
    """No address, mention, hashtag or command of a foreign text becomes a link in a chat; to the eye it is the same."""
    assert links_in(said), "the test itself sees it"
    shown = plain(said, 160)
    assert links_in(shown) == []
    assert shown.replace(WORD_JOINER, "") == said


@pytest.mark.parametrize("said", ["3.5 of 7 jobs", "At useapi.net, add it again.", "Premium - Monthly", "60 / month"])
def test_what_leads_nowhere_is_left_as_it_is(said: str) -> None:
    """Numbers, prices and the service's own name stay untouched."""
    assert plain(said) == said


@pytest.mark.parametrize("said", CLICKABLE)
def test_no_alert_holds_a_foreign_link(said: str) -> None:
    """An outage's words and a plan's names, through the very messages that are sent."""
    plan = replace(given.CHANGING, name=said, next_name=said)
    told = [given.unreadable(said=said), given.source(said=said), given.plan(plan=plan), given.low(plan=plan)]
    for one in told:
        assert links_in(render(given.batch(one), NOW, UTC_ZONE).message.text) == []


@pytest.mark.parametrize("said", COSTLY, ids=lambda text: text[:8])
def test_no_text_costs_time(said: str) -> None:
    """Texts made to be slow to read are read, shown and redacted; what grows with the square of them would not end."""
    many = said * 20
    assert len(error_text.of_text(said) or "") <= error_text.LONGEST
    assert len(error_text.of_error({"error": many}) or "") <= error_text.LONGEST
    assert redact(many, ["user:1-marked0123456789"])
    assert len(plain(many, 160).replace(WORD_JOINER, "")) <= 160


def test_what_check_prints_moves_no_terminal() -> None:
    """``check --json`` writes control and direction characters as JSON can, so that a terminal sees none of them."""
    name = "a\x1b[31m\x9b31m\u202egnihton\u2066"
    account = Account(key_of(ALICE), SOURCE, ALICE, reading=reading(plan=Plan(name=name)))
    text = in_json([Finding(account, ())], [], NOW)
    assert not [char for char in text if unicodedata.category(char) in ("Cc", "Cf") and char != "\n"]
    assert json.loads(text)["accounts"][0]["plan"] == name
