"""Reads the catalogue: ``telegram.toml`` and ``useapi.toml``, which explain their columns."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
