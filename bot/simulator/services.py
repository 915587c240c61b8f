"""Simulated accounts of useapi.net's other services, in the shapes in which their pages are documented."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

SECRET = "sister-SECRET-must-never-be-found"  # noqa: S105 - a trap: a password without a mask
"""Stands in each entry of a list, in known and unknown fields. It must never be found in a log, message or database."""


@dataclass(frozen=True)
class SimulatedService:
    """The addresses of one service. An account's key goes into the path, or is the value of `parameter`."""

    account_name: str
    """Its name on the page of the subscription, as useapi.net spells it."""
    list_path: str
    account_path: str
    parameter: str = ""
    none_configured: HTTPStatus = HTTPStatus.OK
    """The status of a list without accounts: 404, or 200 with an empty object."""


MISSING = HTTPStatus.NOT_FOUND
SERVICES: Mapping[str, SimulatedService] = {
    "kling": SimulatedService("Kling API", "/kling/accounts", "/kling/accounts", none_configured=MISSING),
    "runway": SimulatedService("Runway AP", "/runwayml/accounts", "/runwayml/features", "email", MISSING),
    "mureka": SimulatedService("Mureka API", "/mureka/accounts", "/mureka/profile", "account", MISSING),
    "minimax": SimulatedService("MiniMax API", "/minimax/accounts", "/minimax/features", "account", MISSING),
    "dreamina": SimulatedService("Dreamina API", "/dreamina/accounts", "/dreamina/accounts"),
    "google-flow": SimulatedService("Google Flow API", "/google-flow/accounts", "/google-flow/accounts"),
    "flow-music": SimulatedService("Riffusion API", "/flowmusic/accounts", "/flowmusic/accounts"),
    "google-vids": SimulatedService("Google Vids API", "/google-vids/accounts", "/google-vids/accounts"),
    "muse": SimulatedService("Muse API", "/muse/accounts", "/muse/accounts"),
}


@dataclass
class SimulatedSister:
    """One account of another service: its page, and what its list says of it. Both can be changed at any time."""

    service: str
    key: str
    page: dict[str, Any]
    entry: dict[str, Any] = field(default_factory=dict)

    def listing(self) -> dict[str, Any]:
        """Describe this account as its list does, with the secrets that real lists carry."""
        secrets = {"password": SECRET, "jwt": {"token": SECRET}, "cookies": [SECRET], "lastErrorToken": SECRET}
        return secrets | self.entry


def kling(email: str, lots: Iterable[tuple[str, float, float, datetime | None]]) -> SimulatedSister:
    """A Kling account with lots: kind, amount, what is left, and end. Its page counts hundredths."""
    points = [
        {"type": kind, "amount": round(amount * 100), "balance": round(left * 100)}
        | ({"startTime": 0, "endTime": _milliseconds(end)} if end else {})
        for kind, amount, left, end in lots
    ]
    total = sum(int(str(point["balance"])) for point in points)
    page = {"email": email, "balance": {"points": points, "tickets": [], "total": total}}
    return SimulatedSister("kling", email, page)


def runway(email: str, permitted: int = 2250, used: int = 1315) -> SimulatedSister:
    """A Runway account; its page has what the plan permits, and what was used."""
    page = {"permitted": {"storageGB": 500, "numPlanCredits": permitted}, "used": {"numPlanCredits": used}}
    return SimulatedSister("runway", email, page)


def mureka(account: str, credits: int = 500, ends_at: datetime | None = None) -> SimulatedSister:
    """A Mureka account, known by its id; one with an end has a plan."""
    user: dict[str, Any] = {"is_vip": ends_at is not None}
    if ends_at:
        user |= {"vip_name": "Monthly Pro", "vip_end": int(ends_at.timestamp()), "vip_end_UTC": _iso(ends_at)}
    return SimulatedSister("mureka", account, {"user": user, "credits": credits, "credits_silver": 4})


def minimax(account: str, credits: int = 2278, lapsing: Mapping[datetime, int] | None = None) -> SimulatedSister:
    """A free MiniMax account, known by its id; some of its credits lapse."""
    lots = [{"credit": amount, "endTime": _milliseconds(end)} for end, amount in (lapsing or {}).items()]
    page = {"totalCredits": credits, "memberName": "Free", "memberText": "Subscribe", "expireTime": 0}
    return SimulatedSister("minimax", account, page | {"creditExpireText": lots})


def dreamina(key: str, vip: int = 12000, gift: int = 10065, purchase: int = 2000) -> SimulatedSister:
    """A Dreamina account, known by its region and email."""
    kinds = {"vip": vip, "gift": gift, "purchase": purchase}
    page = {"account": key, "credits": {"total": sum(kinds.values()), **kinds, "dailyClaimed": True}}
    return SimulatedSister("dreamina", key, page)


def google_flow(email: str, credits: int = 1250) -> SimulatedSister:
    """A Google Flow account."""
    models = {"videoModels": [{"displayName": "Veo 3.1 - Quality", "creditCost": 100}]}
    page = {"health": "OK", "credits": {"credits": credits, "userPaygateTier": "PAYGATE_TIER_TWO"}, "models": models}
    return SimulatedSister("google-flow", email, page, {"health": "OK"})


def flow_music(email: str, credits: int = 5000, tokens: int = 60000) -> SimulatedSister:
    """A Flow Music account."""
    page = {"tier": "plus", "subscription_plan": "plus-monthly", "access_token": SECRET}
    return SimulatedSister(
        "flow-music", email, page | {"credits_remaining": credits, "tokens_remaining": tokens}, {"tier": "plus"}
    )


def google_vids(email: str, seconds: int = 310, limit: int = 10000) -> SimulatedSister:
    """A Google Vids account; the month's limit stands in the list alone."""
    page = {"email": email, "health": "OK", "video": {"left": seconds}}
    entry = {"health": "OK", "limits": {"video": limit, "image": 1000, "music": 300}}
    return SimulatedSister("google-vids", email, page, entry)


def muse(email: str, used: float = 3, resets_at: datetime | None = None) -> SimulatedSister:
    """A Muse account: the percentage that was used."""
    quota: dict[str, Any] = {"tier": "HATCH_FREE", "percentUsed": used, "topupBalance": 0}
    if resets_at:
        quota["resetsAt"] = _iso(resets_at)
    return SimulatedSister("muse", email, {"health": "OK", "quota": quota}, {"health": "OK"})


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
