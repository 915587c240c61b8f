"""Reads the catalogue: ``telegram.toml``, ``useapi.toml`` and ``services.toml``, which explain their columns."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

TELEGRAM_EXPECTS = frozenset(
    [
        "taken",
        "unchanged",
        "plain",
        "no_thread",
        "refused",
        "replace",
        "wait",
        "moved",
        "token",
        "poller",
        "webhook",
        "network",
    ]
)
USEAPI_EXPECTS = frozenset(
    [
        "reading",
        "unauthorized",
        "lapsed",
        "missing",
        "broken",
        "counted",
        "throttled",
        "garbled",
        "unavailable",
        "between",
        "none",
        "active",
        "inactive",
        "no_verdict",
        "refused_job",
        "no_job",
        "no_statistics",
        "slots",
    ]
)
SERVICES_EXPECTS = frozenset(
    [
        "reading",
        "list",
        "many",
        "none",
        "missing",
        "broken",
        "counted",
        "throttled",
        "garbled",
        "unavailable",
        "between",
    ]
)
SERVICES_CASES = frozenset(["documented", "text", "missing", "negative", "unit", "trouble", "none", "secrets", "many"])
"""What the answers of each service have to show; those with moments show their forms (time) too."""


@dataclass(frozen=True)
class FieldAnswer:
    """One answer as it came over the wire, where it was seen, and what it means.

    ``seconds`` is the pause that it asks for, ``chat`` where a group went, ``says`` a word that a person must read.
    """

    name: str
    to: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seen: str
    expect: str
    seconds: float | None = None
    chat: int | None = None
    says: str | None = None

    def __str__(self) -> str:
        return f"{self.to} {self.status} {self.name}"


def load(file: str) -> tuple[FieldAnswer, ...]:
    """The answers of one file of the catalogue."""
    rows = tomllib.loads((HERE / file).read_text(encoding="utf-8"))["answer"]
    return tuple(
        FieldAnswer(
            name=row["name"],
            to=row["to"],
            status=row["status"],
            headers=row.get("headers", {}),
            body=bytes.fromhex(row["body_hex"]) if "body_hex" in row else row["body"].encode(),
            seen=row["seen"],
            expect=row["expect"],
            seconds=row.get("seconds"),
            chat=row.get("chat"),
            says=row.get("says"),
        )
        for row in rows
    )


TELEGRAM = load("telegram.toml")
USEAPI = load("useapi.toml")


@dataclass(frozen=True)
class ServiceAnswer(FieldAnswer):
    """One answer of another service: which, and what the bot must make of it in full."""

    service: str = ""
    case: str = ""
    reading: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    times: int | None = None

    def __str__(self) -> str:
        return f"{self.service} {self.to} {self.status} {self.name}"


def body_of(row: Mapping[str, Any]) -> bytes:
    """What came; the one entry of a long list stands for all of them."""
    if "times" not in row:
        return str(row["body"]).encode()
    ((key, entry),) = json.loads(row["body"]).items()
    return json.dumps({key % number: entry for number in range(row["times"])}).encode()


def load_services() -> tuple[ServiceAnswer, ...]:
    """The answers of the other services."""
    rows = tomllib.loads((HERE / "services.toml").read_text(encoding="utf-8"))["answer"]
    return tuple(
        ServiceAnswer(
            name=row["name"],
            to=row["to"],
            status=row["status"],
            headers=row.get("headers", {}),
            body=body_of(row),
            seen=row["seen"],
            expect=row["expect"],
            seconds=row.get("seconds"),
            says=row.get("words"),
            service=row["service"],
            case=row["case"],
            reading=row.get("says", {}),
            lists=row.get("lists", {}),
            times=row.get("times"),
        )
        for row in rows
    )


SERVICES = load_services()
