"""useapi.net's PixVerse pages become samples.

Sources of what is said here about the pages: useapi.net's documentation of ``GET /v2/pixverse/features`` (24 June
2026), whose field names are kept, and of ``GET /v2/pixverse/accounts`` (6 December 2024). All fields are optional
there. The links in ``invoice_url`` and ``stripe_bill_url`` are private: they are never read.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints

from bot.core.model import (
    Capabilities,
    Credits,
    Identity,
    Limits,
    Listed,
    Listing,
    Number,
    Outage,
    OutageKind,
    Plan,
    Reading,
    Sample,
)
from bot.errors import LookError
from bot.sources import words
from bot.sources.http import Client

T = TypeVar("T")

_LARGEST = 10**12
_LONGEST_TEXT = 200
_LONGEST_LIST = 100
_LONGEST_EMAIL = 254
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


def number(value: object) -> Number | None:
    """Read a finite number of at most a million millions; a whole one as ``int``. A bool is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not abs(value) <= _LARGEST:  # so written for NaN, which is not greater either
        return None
    return int(value) if value == int(value) else value


def bucket(value: object) -> Number | None:
    """Read spendable credits: absent is not known, and anything but a number is a ``ValueError``, never a zero."""
    if value is None:
        return None
    found = number(value)
    if found is None:
        raise ValueError("is no number")
    return found


def needed_bucket(value: object) -> Number:
    """Read the credits without which there is no reading: absent is a ``ValueError`` too."""
    found = bucket(value)
    if found is None:
        raise ValueError("is missing")
    return found


def allowance(value: object) -> Number | None:
    """Read a denominator: a number that is not negative."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def whole(value: object) -> int | None:
    """Read a whole number."""
    found = number(value)
    return found if isinstance(found, int) else None


def identifier(value: object) -> int | None:
    """Read an account's number: up to 64 bits, far beyond what any amount can be."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 2**63 else None


def state(value: object) -> int | None:
    """Read a number of which only the meaning of 0 is known; JSON's booleans are 0 and 1 here."""
    return int(value) if isinstance(value, bool) else whole(value)


def flag(value: object) -> bool | None:
    """Read ``0`` or ``1``, or JSON's own booleans."""
    return bool(value) if isinstance(value, bool | int | float) and value in (0, 1) else None


def text(value: object) -> str | None:
    """Read text of any content, cut to 200 characters; blank is "not set". What no UTF-8 can hold is replaced."""
    if not isinstance(value, str) or not value or value.isspace():
        return None
    return _UNSTORABLE.sub("\ufffd", value[:_LONGEST_TEXT])


def names(value: object) -> tuple[str, ...]:
    """Read the texts of a list, at most 100; whatever else it holds is left out."""
    items = value[:_LONGEST_LIST] if isinstance(value, list) else []
    return tuple(filter(None, map(text, items)))


def moment(value: object) -> datetime | None:
    """Read an ISO 8601 time as aware UTC; without a zone it is taken as UTC.

    Go's zero time (year 1), anything else before 1970, and the year 9999 are "not set": they also overflow as soon as
    they are moved to another zone.
    """
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return found if 1970 <= found.year < 9999 else None


# A field's type says how it is read, too.
Whole = Annotated[int | None, whole]
Identifier = Annotated[int | None, identifier]
State = Annotated[int | None, state]
Amount = Annotated[Number | None, number]
Bucket = Annotated[Number | None, bucket]
NeededBucket = Annotated[Number, needed_bucket]
Allowance = Annotated[Number | None, allowance]
Flag = Annotated[bool | None, flag]
Text = Annotated[str | None, text]
Names = Annotated[tuple[str, ...], names]
Moment = Annotated[datetime | None, moment]


@dataclass(frozen=True, slots=True)
class IdentityFields:
    """The account's numbers at PixVerse."""

    user_id: Identifier
    member_id: Identifier
    product_id: Identifier


@dataclass(frozen=True, slots=True)
class PlanFields:
    """The plan, the one before and the one that follows. Sources disagree on type numbers; only 0 = free is agreed."""

    plan_name: Text
    next_plan_name: Text
    next_plan_type: Whole
    current_plan_type: Whole
    last_plan_name: Text
    last_plan_type: Whole
    last_product_id: Identifier
    type: Whole
    expired_member: State


@dataclass(frozen=True, slots=True)
class CreditFields:
    """Spendable are daily, monthly and package; ``*_gift`` are allowances; what the others mean is unknown."""

    credit_monthly: NeededBucket
    credit_daily: Bucket
    credit_package: Bucket
    credit_monthly_gift: Allowance
    credit_daily_gift: Allowance
    initial_credit_gift: Allowance
    credits_more: Amount
    has_purchased_credits: Flag
    is_gift_card: Flag
    credits_refresh_time: Moment
    daily_credits_refresh_time: Moment


@dataclass(frozen=True, slots=True)
class BillingFields:
    """The subscription. ``remaining_days`` disagrees with the dates in the documented sample: nothing relies on it."""

    price: Text
    renewal_price: Text
    billing_period: Whole
    next_billing_period: Whole
    billing_renewal_date: Moment
    expired_date: Moment
    remaining_days: Whole
    payment: Whole
    renewal_retention: Whole
    cancel_updated_at: Moment
    sub_order_in_progress: Flag


@dataclass(frozen=True, slots=True)
class LimitFields:
    """What the plan permits at once."""

    gen_simultaneously: Whole
    batch_generation: Flag
    album_num: Whole
    qualities: Names


@dataclass(frozen=True, slots=True)
class CapabilityFields:
    """What the plan unlocks."""

    allow_fast_mode: Flag
    allow_relaxed_mode: Flag
    allow_use_new_feat: Flag
    allow_private_generate: Flag
    remove_watermark: Flag
    allow_purchase_credit: Flag
    allow_effect: Flag
    veo_sora_models: Flag
    preview_mode: Flag
    preview_mode_discount: Text
    off_peak: Flag
    off_peak_discount: Text
    unlimited_image_models: Names
    accessible_image_models: Names


@dataclass(frozen=True, slots=True)
class Features:
    """The whole page, typed, in its documentation's groups. A field of a wrong type counts as absent, save credits."""

    identity: IdentityFields
    plan: PlanFields
    credits: CreditFields
    billing: BillingFields
    limits: LimitFields
    capabilities: CapabilityFields

    @classmethod
    def parse(cls, page: object) -> "Features":
        """Read a decoded page. Raises ``LookError`` (garbled) where it is none, or its credits are no numbers."""
        body = _object(page)
        return cls(
            identity=_group(IdentityFields, body),
            plan=_group(PlanFields, body),
            credits=_group(CreditFields, body),
            billing=_group(BillingFields, body),
            limits=_group(LimitFields, body),
            capabilities=_group(CapabilityFields, body),
        )

    def reading(self, taken_at: datetime) -> Reading:
        """Put the page into the project's own words."""
        return Reading(
            taken_at=taken_at,
            credits=_credits(self.credits),
            plan=_plan(self.plan, self.billing),
            limits=_limits(self.limits),
            capabilities=_capabilities(self.capabilities),
            identity=Identity(self.identity.user_id, self.identity.member_id, self.identity.product_id),
        )


def _object(page: object) -> dict[str, Any]:
    if not isinstance(page, dict):
        raise LookError(OutageKind.GARBLED, "The answer is JSON of another shape")
    if page.get("error"):
        raise LookError(OutageKind.GARBLED, words.of_error(page) or "The answer is an error without words")
    return page


def _group(kind: Callable[..., T], page: Mapping[str, object]) -> T:
    return kind(**{name: _field(name, read, page.get(name)) for name, read in _readers(kind)})


def _field(name: str, read: Callable[[object], object], value: object) -> object:
    try:
        return read(value)
    except ValueError as error:
        raise LookError(OutageKind.GARBLED, f"{name} {error}") from error


@cache
def _readers(kind: Any) -> tuple[tuple[str, Callable[[object], object]], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((name, hint.__metadata__[0]) for name, hint in hints.items())


def _credits(page: CreditFields) -> Credits:
    return Credits(
        monthly=page.credit_monthly,
        daily=page.credit_daily,
        package=page.credit_package,
        monthly_allowance=page.credit_monthly_gift,
        daily_allowance=page.credit_daily_gift,
        refresh_at=page.credits_refresh_time,
        daily_refresh_at=page.daily_credits_refresh_time,
    )


def _plan(plan: PlanFields, billing: BillingFields) -> Plan:
    """``cancel_updated_at`` set means cancelled, by inference: no document says so."""
    return Plan(
        name=plan.plan_name,
        next_name=plan.next_plan_name,
        free=plan.current_plan_type == 0,
        ends_at=billing.expired_date,
        cancelled_at=billing.cancel_updated_at,
        renewal_at=billing.billing_renewal_date,
        price=billing.price,
        renewal_price=billing.renewal_price,
        expired=None if plan.expired_member is None else plan.expired_member != 0,
    )


def _limits(page: LimitFields) -> Limits:
    return Limits(
        jobs_at_once=page.gen_simultaneously,
        batch=page.batch_generation,
        albums=page.album_num,
        qualities=page.qualities,
    )


def _capabilities(page: CapabilityFields) -> Capabilities:
    return Capabilities(
        fast_mode=page.allow_fast_mode,
        relaxed_mode=page.allow_relaxed_mode,
        new_features=page.allow_use_new_feat,
        private=page.allow_private_generate,
        no_watermark=page.remove_watermark,
        buy_credits=page.allow_purchase_credit,
        effects=page.allow_effect,
        veo_sora=page.veo_sora_models,
        preview_discount=None if page.preview_mode is False else page.preview_mode_discount,
        off_peak_discount=None if page.off_peak is False else page.off_peak_discount,
        image_models=page.accessible_image_models,
        unlimited_image_models=page.unlimited_image_models,
    )


def parse_accounts(page: object) -> tuple[Listed, ...]:
    """Read the decoded list of accounts, an object keyed by email; each email once, in any case of letters.

    Entries without an email are left out. Raises ``LookError`` (garbled) where the page is none, and where it lists
    something but no account at all: that must not pass for an empty list.
    """
    entries = _object(page)
    found: dict[str, Listed] = {}
    for key, entry in entries.items():
        email = _email(entry.get("email") if isinstance(entry, dict) else None) or _email(key)
        if email:
            found.setdefault(email.lower(), Listed(email, _pending_error(entry)))
    if entries and not found:
        raise LookError(OutageKind.GARBLED, "The list of accounts names no account")
    return tuple(found.values())


def _email(value: object) -> str | None:
    email = value.strip() if isinstance(value, str) else ""
    fits = len(email) <= _LONGEST_EMAIL and email.isprintable() and _EMAIL.fullmatch(email)
    return email if fits else None


def _pending_error(entry: object) -> str | None:
    """Find what the list says is wrong with an account.

    The field's name is not documented: ``error`` on sister services, so any name with that word counts, where its
    value is not empty.
    """
    if not isinstance(entry, dict):
        return None
    signs = [value for key, value in entry.items() if "error" in key.lower() and value]
    said = next(filter(None, map(words.of_error, signs)), None)
    return said or ("An error that useapi.net does not name" if signs else None)


class PixVerse:
    """The PixVerse accounts of one useapi.net subscription. ``clock`` tells the present as aware UTC."""

    def __init__(self, client: Client, clock: Callable[[], datetime], name: str = "pixverse") -> None:
        self.name = name
        self._client = client
        self._clock = clock

    async def read(self, email: str) -> Sample:
        """Look at one account, live at PixVerse; a failed look comes back as an ``Outage``."""
        try:
            page = await self._client.get_json("/pixverse/features/", {"email": email})
            return Features.parse(page).reading(self._clock())
        except LookError as error:
            return self._outage(error)

    async def list_accounts(self) -> Listing | Outage:
        """Ask which accounts useapi.net has stored; none is an empty listing, which it tells by 404."""
        try:
            page = await self._client.get_json("/pixverse/accounts", absent={})
            return Listing(self._clock(), parse_accounts(page))
        except LookError as error:
            return self._outage(error)

    def _outage(self, error: LookError) -> Outage:
        return Outage(self._clock(), error.kind, error.said, error.retry_after)
