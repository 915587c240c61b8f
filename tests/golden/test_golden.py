"""Each change of words is one diff to read: the golden files hold every text as a person gets it.

``make golden`` writes them anew; what changed is then read before it is committed.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.golden import alerts, asked, backups, bot_state, examined, faults, logged, sisters, zones
from verification.oracle import told

HERE = Path(__file__).parent
GROUPS: dict[str, Callable[[], Mapping[str, str]]] = {
    "credits": alerts.credits,
    "refused_jobs": alerts.refused_jobs,
    "plans": alerts.plans,
    "unreadable": alerts.unreadable_accounts,
    "sources": alerts.sources,
    "forecasts": alerts.forecasts,
    "several": alerts.several,
    "greetings": alerts.greetings,
    "silenced": alerts.silenced,
    "escalations": alerts.escalations,
    "notes": alerts.notes,
    "over": alerts.ended_messages,
    "webhook": alerts.events,
    "second_channel": alerts.second_channel,
    "settings": faults.settings,
    "accounts_file": faults.accounts_files,
    "healthz": bot_state.healths,
    "zone": zones.zones,
    "services": sisters.alerts_,
    "asked_services": sisters.asked_,
    "asked_credits": asked.credits_,
    "asked_card": asked.card,
    "asked_alerts": asked.alerts_,
    "asked_silence": asked.silencing,
    "asked_history": asked.histories,
    "asked_log": asked.logs,
    "asked_other": asked.others,
    "buttons": asked.taps,
    "status": bot_state.statuses,
    "database": bot_state.databases,
    "board": bot_state.boards,
    "summary": bot_state.digests,
    "check": examined.checks,
    "doctor": examined.doctors,
    "log": logged.log_lines,
    "ends": logged.ends,
    "backup": backups.backups,
}


def written(situations: Mapping[str, str]) -> str:
    """A golden file: each situation's name, and below it the text."""
    return "\n".join(f"── {name} ──\n{text}\n" for name, text in situations.items())


@pytest.mark.parametrize("group", GROUPS)
def test_the_words_are_those_of_the_golden_file(group: str) -> None:
    """Nothing that a person reads changes without a diff that shows it."""
    file, text = HERE / f"{group}.txt", written(GROUPS[group]())
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), "read the difference; `make golden` writes the new words"


def test_no_golden_file_is_left_over() -> None:
    """A file that no situation writes would be read by people, and never be true."""
    assert {file.stem for file in HERE.glob("*.txt")} == GROUPS.keys()


UNSEEN = {"paired", "paired, nothing fires", "muted everywhere, several", "more than one message holds"}
"""Situations that no history has: nobody pairs a chat there, or mutes several accounts; and one that is cut here."""

TO_CHATS = (
    "credits",
    "refused_jobs",
    "plans",
    "unreadable",
    "sources",
    "forecasts",
    "several",
    "greetings",
    "silenced",
    "escalations",
    "notes",
)


@pytest.mark.parametrize("group", TO_CHATS)
def test_the_oracle_understands_every_message(group: str) -> None:
    """What judges the bot reads its words: a change that it cannot read would blind it."""
    for name, text in GROUPS[group]().items():
        if name in UNSEEN:
            continue
        words = "\n".join(line for line in text.split("\n") if not line.startswith("[") and line != "(silent)")
        assert told.read(told.Message("chat", 0.0, words)).tellings, name
