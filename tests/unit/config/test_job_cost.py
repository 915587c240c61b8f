"""``JOB_COST`` and thresholds in jobs."""

from pathlib import Path

import pytest

from bot.config.accounts_file.read import watchlist_for
from bot.config.load import load_settings
from bot.config.parsers import parse_credit_ladder, parse_job_cost
from bot.domain.accounts import JobCost
from bot.support.errors import SettingsError

TOKENS = {"USEAPI_TOKEN": "user:12345-abcdefghijklmnop", "TELEGRAM_BOT_TOKEN": f"1:{'a' * 35}"}


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("35", JobCost(35)),
        ("0.5", JobCost(0.5)),
        ("5 s at 720p = 35", JobCost(35, "5 s at 720p")),
        ("a=b=7", JobCost(7, "a=b")),
    ],
)
def test_a_cost_with_and_without_a_name(text: str, cost: JobCost) -> None:
    """The number stands last."""
    assert parse_job_cost(text) == cost


@pytest.mark.parametrize(
    "text", ["0", "0.0", "-3", "five", "5 s at 720p", "video =", "= ", "1,5", "1e9", "inf", f"{'x' * 41} = 3"]
)
def test_a_cost_that_is_none(text: str) -> None:
    """0, below 0, without a number."""
    with pytest.raises(ValueError, match="has "):
        parse_job_cost(text)


@pytest.mark.parametrize("text", ["0 jobs", "10 jobs, 20 jobs", "-1 jobs", "jobs"])
def test_thresholds_in_jobs_that_are_wrong(text: str) -> None:
    """The mildest comes first."""
    with pytest.raises(ValueError, match=r"has|order"):
        parse_credit_ladder(text)


def test_jobs_without_any_cost_are_a_fault(tmp_path: Path) -> None:
    """It names both settings; a cost anywhere, also in the accounts file, mends it."""
    given = TOKENS | {"LOW_CREDITS": "20%,10 jobs,0"}
    with pytest.raises(SettingsError) as caught:
        load_settings(environ=given)
    assert "LOW_CREDITS" in str(caught.value)
    assert "JOB_COST" in str(caught.value)
    assert load_settings(environ=given | {"JOB_COST": "35"}).rules.job_cost == JobCost(35)
    file = tmp_path / "accounts.toml"
    with_file = load_settings(environ=given | {"ACCOUNTS_FILE": str(file)})
    file.write_text("[[source]]\n")
    with pytest.raises(SettingsError, match="JOB_COST"):
        watchlist_for(with_file, {})
    file.write_text('[[source]]\n[[source.account]]\nemail = "a@example.com"\njob_cost = 10\n')
    assert watchlist_for(with_file, {}).rules_for("pixverse", "a@example.com").job_cost == JobCost(10)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"SERVICES": "kling"}, True),
        ({"ACCOUNTS": "kling:a@example.com"}, True),
        ({"SERVICES": "kling,pixverse", "ACCOUNTS": "a@example.com"}, True),
        ({"SERVICES": "kling,pixverse", "ACCOUNTS": "pixverse:a@example.com"}, False),
        ({"SERVICES": "pixverse,kling"}, False),
        ({"SERVICES": "all"}, False),
        ({"ACCOUNTS": "a@example.com"}, False),
        ({}, False),
    ],
)
def test_a_cost_for_accounts_that_nobody_watches_is_a_note(given: dict[str, str], told: bool) -> None:
    """The bot runs; the log and ``doctor`` say that it does nothing."""
    found = load_settings(environ=TOKENS | given | {"JOB_COST": "35"}).notes
    assert any("JOB_COST: is of PixVerse, which is not watched" in note for note in found) is told
    assert not any("JOB_COST" in note for note in load_settings(environ=TOKENS | given).notes)


def test_the_setting_is_for_pixverse_alone() -> None:
    """Another service says its cost in the accounts file."""
    targets = watchlist_for(load_settings(environ=TOKENS | {"SERVICES": "pixverse,kling", "JOB_COST": "35"}))
    assert [targets.rules_for(name).job_cost for name in ("pixverse", "kling")] == [JobCost(35), None]
