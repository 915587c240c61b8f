"""The image, the Compose file and the systemd unit: no secret inside, no rights that are not needed."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.storage.migrate import upgrade
from tests.integration.security.locks import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
UNIT = (ROOT / "deploy/credit-bot.service").read_text(encoding="utf-8")
SECRET_NAMES = ("USEAPI_TOKEN", "TELEGRAM_BOT_TOKEN", "HEARTBEAT_URL", "FALLBACK_URLS")


def test_the_image_runs_without_root() -> None:
    """Its last user is a number that is not root's, so that an orchestrator can see it; its state is its own."""
    user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[-1]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert "install -d -o 10001 -g 10001 -m 0700 /data" in DOCKERFILE


def test_no_secret_gets_into_a_layer() -> None:
    """Nothing secret is an argument, a variable or a file of the build: what is copied is on a list."""
    assert not re.search(r"^ARG ", DOCKERFILE, re.MULTILINE)
    assert not any(name in DOCKERFILE for name in SECRET_NAMES)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert kept == {"LICENSE", "README.md", "bot", "pyproject.toml", "requirements-build.lock", "requirements.lock"}
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    assert {name for names in copied for name in names.split()} <= kept


def test_the_image_brings_no_tool_to_install_with() -> None:
    """The last stage is without pip, and copies the environment and nothing of the build."""
    last = DOCKERFILE.split("\nFROM ")[-1]
    assert 'rm -rf "$pip"' in last
    assert re.findall(r"^COPY .*$", last, re.MULTILINE) == ["COPY --from=build /opt/credit-bot /opt/credit-bot"]
    assert "apt-get" not in DOCKERFILE


def test_the_base_is_one_named_release() -> None:
    """Both stages begin with the same official image of one Python release, never with "latest"."""
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim\S*", bases[0])


@pytest.mark.parametrize(
    "line", ["read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]', "mem_limit:", "core: 0"]
)
def test_compose_takes_rights_away(line: str) -> None:
    """Read-only, without capabilities, without new privileges, bounded, and without core dumps."""
    assert line in COMPOSE


def test_compose_takes_a_published_image_or_the_one_built_here() -> None:
    """One variable chooses; without it nothing is fetched from a registry by that name."""
    assert "    image: ${CREDIT_BOT_IMAGE:-credit-bot}\n" in COMPOSE
    assert "    build: .\n" in COMPOSE


def test_a_tag_publishes_what_was_tried() -> None:
    """For both machines, only from a tag that names the version, after a run as compose.yaml runs it."""
    workflow = (ROOT / ".github/workflows/release.yaml").read_text(encoding="utf-8")
    assert re.search(r"^on:\n  push:\n    tags: \[\"v\*\"\]\n\n", workflow, re.MULTILINE), "by a tag alone"
    assert "platforms: linux/amd64,linux/arm64" in workflow
    assert 'bot.__version__)\')" = "$GITHUB_REF_NAME"' in workflow
    for right in ("--read-only", "--tmpfs /tmp", "--cap-drop ALL", "--security-opt no-new-privileges"):
        assert right in workflow
    tried, pushed = workflow.index("credit-bot demo"), workflow.index("push: true")
    assert tried < pushed
    assert workflow.count("packages: write") == 1
    assert workflow.startswith("# A tag")
    assert "\npermissions:\n  contents: read\n" in workflow


def test_compose_opens_no_port() -> None:
    """No port of the container is open unless its owner opens one, and the example opens it on the loopback address."""
    lines = [line for line in COMPOSE.splitlines() if "ports:" in line]
    assert all(line.lstrip().startswith("#") and "127.0.0.1:" in line for line in lines)


@pytest.mark.parametrize(
    "line",
    ["DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "ProtectProc=invisible"],
)
def test_the_unit_takes_rights_away(line: str) -> None:
    """A user of its own, a read-only system, other people's processes out of sight."""
    assert re.search(rf"^{re.escape(line)}$", UNIT, re.MULTILINE)


@pytest.mark.parametrize(
    "line",
    ["CapabilityBoundingSet=", "UMask=0077", "StateDirectoryMode=0700", "LimitCORE=0", "LoadCredential=useapi_token:"],
)
def test_the_unit_keeps_secrets(line: str) -> None:
    """No capabilities, tokens as credentials, files for the owner only, no core dumps."""
    assert re.search(rf"^{re.escape(line)}", UNIT, re.MULTILINE)


def test_the_examples_hold_no_secret() -> None:
    """Nothing that looks like a real token stands in what people copy."""
    for name in (
        "settings.example.env",
        "compose.yaml",
        "deploy/credit-bot.service",
        "README.md",
        *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")),
    ):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"\b\d{8,10}:[A-Za-z0-9_-]{35}\b|\buser:\d+-[A-Za-z0-9]{20,}", text), name
    assert {"settings.env", "/secrets/", "*.db"} <= set((ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())


def test_the_image_brings_the_second_channel_and_no_tests_of_libraries() -> None:
    """FALLBACK_URLS works in the image; what libraries test themselves with, 24 MB of it, stays out."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(r"^apprise==", lock, re.MULTILINE)
    assert "python -c 'import apprise, bot.app, bot.cli.main'" in DOCKERFILE
    assert "find /opt/credit-bot/lib -type d '(' -name tests -o -name sample_data" in DOCKERFILE


@pytest.mark.parametrize("name", ["README.md", "compose.yaml", "Dockerfile"])
def test_whoever_builds_with_podman_is_told_of_the_healthcheck(name: str) -> None:
    """Its default format drops it without a word, and a bot that hangs would look well."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "HEALTHCHECK" in text
    assert "--format docker" in text or "BUILDAH_FORMAT=docker" in text


def program_in(folder: Path) -> Path:
    """The program as it would be installed."""
    program = folder / "credit-bot"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m bot "$@"\n')
    program.chmod(0o755)
    return program


FAKE_SYSTEMD_RUN = """#!/bin/sh
for argument in "$@"; do
    case $argument in --*) echo "$argument" >> {folder}/asked; shift ;; *) break ;; esac
done
CREDENTIALS_DIRECTORY={folder} exec "$@"
"""


@pytest.fixture
def beside(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs deploy/credit-bot with the places of an installation in a folder, and systemd-run played by a script."""
    for name, text in (
        ("settings.env", "HTTP_LISTEN=127.0.0.1:9\n"),
        ("useapi_token", "user:1-abcdef\n"),
        ("telegram_bot_token", "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x\n"),
    ):
        (tmp_path / name).write_text(text)
    (tmp_path / "state").mkdir()
    script = (ROOT / "deploy/credit-bot").read_text(encoding="utf-8")
    for told, place in (
        ("/opt/credit-bot/bin/credit-bot", program_in(tmp_path)),
        ("/etc/credit-bot", tmp_path),
        ("/var/lib/credit-bot", tmp_path / "state"),
    ):
        script = script.replace(f"={told}\n", f"={place}\n")
    wrapper, systemd_run = tmp_path / "beside", tmp_path / "systemd-run"
    wrapper.write_text(script)
    systemd_run.write_text(FAKE_SYSTEMD_RUN.format(folder=tmp_path))
    systemd_run.chmod(0o755)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        return subprocess.run(
            ["sh", wrapper, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="the script is for root")


@ROOT_ONLY
def test_health_is_asked_beside_the_unit(
    beside: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """With the unit's own files, user and state, which the script repeats from the unit."""
    ended = beside("health")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "The bot does not answer at 127.0.0.1:9" in ended.stdout
    asked = {line.removeprefix("--property=") for line in (tmp_path / "asked").read_text().splitlines()}
    told = (
        UNIT.replace("%S/", "/var/lib/")
        .replace("/etc/credit-bot/", f"{tmp_path}/")
        .replace("/var/lib/credit-bot", f"{tmp_path}/state")
    )
    settings = ("DynamicUser", "User", "StateDirectory", "StateDirectoryMode", "WorkingDirectory", "UMask", "LoadCred")
    lines = {line for line in told.splitlines() if line.startswith(settings)}
    assert len(lines) == 9
    assert lines <= asked


@ROOT_ONLY
def test_check_and_doctor_get_the_units_settings(beside: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """Each natural try ended with 78."""
    for command in (("check", "--json"), ("doctor",)):
        ended = beside(*command, "--env-file", "none.env")
        assert ended.returncode == 78, "the settings file that is named last holds"
        assert ended.stderr.splitlines()[1:] == ["  --env-file none.env: there is no such file"]


@ROOT_ONLY
def test_a_backup_goes_where_root_stands(
    beside: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """The file's name counts from the folder of whoever asks, the database's from the service's state."""
    os.chown(tmp_path / "state", 4711, 4711)
    upgrade(str(tmp_path / "state/credit-bot.db"))
    assert beside("backup", "a.zip").returncode == 0
    assert (tmp_path / "a.zip").stat().st_uid == 0
    done = beside("restore", "a.zip", "--replace")
    assert (done.returncode, done.stderr) == (0, "")
    assert {(one.name, one.stat().st_uid) for one in (tmp_path / "state").iterdir()} == {
        ("credit-bot.db", 4711),
        ("credit-bot.db.lock", 4711),
    }


@ROOT_ONLY
def test_the_script_leaves_the_rest_to_the_program(beside: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """``run`` is the service's; help and version need nothing."""
    assert beside("--version").stdout.startswith("credit-bot ")
    assert beside().returncode == 64
    refused = beside("run")
    assert refused.returncode == 64
    assert "systemctl start credit-bot" in refused.stderr
