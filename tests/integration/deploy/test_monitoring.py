"""The dashboard and the alert rules of deploy/: they ask for what the bot exposes, and fire when they should."""

import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.support.world import ANN, ROOT, World

RULES = ROOT / "deploy/prometheus/alerts.yaml"
DASHBOARD = ROOT / "deploy/grafana/credit-bot.json"
CASES = Path(__file__).with_name("alerts_test.yaml")
METRIC = re.compile(r"\bcredit_bot_\w+")
PROMETHEUS_ADDS = {"instance", "job", "exported_job", "le"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def promtool(*arguments: str, cwd: Path) -> str:
    """What promtool says, without an error."""
    if not shutil.which("promtool"):
        pytest.skip("needs promtool (Debian's package prometheus)")
    done = subprocess.run(["promtool", *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def expressions() -> list[str]:
    """Every question of the dashboard, with its variables filled in."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    filled = [text.replace("$__rate_interval", "5m") for text in asked]
    return [re.sub(r"\$(instance|account)\b", ".*", text) for text in filled]


async def exposed(new_world: World) -> str:
    """The page of a bot that has accounts, alerts and messages of every kind."""
    new_world.greeted(ANN)
    new_world.accounts("alice", "bob", monthly=0)
    bot = await new_world.host()
    await new_world.told("out of credits")
    await bot.asked("/status")
    return str((await bot.page("/metrics")).text)


@pytest.fixture
async def new_world(tmp_path: Path, template: Path) -> Any:
    """A world to watch."""
    world = World(tmp_path, template)
    async with world.pixverse, world.telegram:
        yield world
        await world.end()


async def test_what_is_asked_for_is_exposed(new_world: World) -> None:
    """Each metric and each label in the rules, their cases and the dashboard stands on the bot's page, as written."""
    page = await exposed(new_world)
    names = set(re.findall(r"^(credit_bot_\w+)", page, re.MULTILINE)) | set(
        re.findall(r"^# TYPE (\w+)", page, re.MULTILINE)
    )
    labels = set(re.findall(r"[{,](\w+)=\"", page)) | PROMETHEUS_ADDS
    texts = {file: file.read_text(encoding="utf-8") for file in (RULES, CASES)} | {DASHBOARD: "\n".join(expressions())}
    for file, text in texts.items():
        asked = set(METRIC.findall(text))
        assert asked
        assert asked <= names, f"{file.name}: {asked - names}"
        grouped = {label for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", text) for label in group.split(", ")}
        selected = {label for group in re.findall(r"\{([^{}:]*=[^{}:]*)\}", text) for label in LABEL.findall(group)}
        assert grouped | selected <= labels, f"{file.name}: {(grouped | selected) - labels}"


LABEL = re.compile(r"(\w+)=~?\"")


def test_each_question_of_the_dashboard_can_be_asked(tmp_path: Path) -> None:
    """As a rule, each is checked by Prometheus' own parser."""
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions())]
    (tmp_path / "panels.json").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", "panels.json", cwd=tmp_path)


def test_the_rules_are_rules(tmp_path: Path) -> None:
    """Prometheus takes the file as it is, with its texts."""
    assert "SUCCESS: 9 rules found" in promtool("check", "rules", str(RULES), cwd=tmp_path)


def test_each_rule_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    """The cases beside this test; the texts are left out, because a case would have to repeat them."""
    text = re.sub(r"\n +annotations:\n(?: +\w+: .*\n)+", "\n", RULES.read_text(encoding="utf-8"))
    (tmp_path / "alerts.yaml").write_text(text)
    shutil.copy(CASES, tmp_path)
    promtool("test", "rules", CASES.name, cwd=tmp_path)
    tried = set(re.findall(r"alertname: (\w+)\n +exp_alerts", CASES.read_text(encoding="utf-8")))
    assert tried == set(re.findall(r"- alert: (\w+)", text)), "each rule has a case in which it fires"


def test_the_dashboard_is_whole() -> None:
    """Panels have ids of their own and do not overlap; each asks the data source that its reader chose."""
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y, (one, other)
    for panel in panels:
        for target in panel.get("targets", []):
            assert target["datasource"]["uid"] == panel["datasource"]["uid"] == "${datasource}"
            assert target["refId"]
    assert {one["name"] for one in board["templating"]["list"]} == {"datasource", "instance", "account"}
