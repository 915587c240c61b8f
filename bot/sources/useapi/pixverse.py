"""useapi.net's PixVerse pages become samples.

Sources of what is said here about the pages: useapi.net's documentation of ``GET /v2/pixverse/features`` (24 June
2026), whose field names are kept, and of ``GET /v2/pixverse/accounts`` (6 December 2024). All fields are optional
there. The links in ``invoice_url`` and ``stripe_bill_url`` are private: they are never read.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, get_type_hints

from bot.domain.accounts import (
    Capabilities,
    CheckFailure,
    CheckResult,
    Credits,
    FailureKind,
    Identity,
    LeftOut,
    Limits,
    Listed,
    Listing,
    NotModified,
    Plan,
    Reading,
)
from bot.sources.useapi import error_text
from bot.sources.useapi.client import Client
from bot.sources.useapi.failures import BROKEN, Answer, own_kind
from bot.sources.useapi.fields import (
    Allowance,
    Amount,
    Bucket,
    Flag,
    Identifier,
    Moment,
    Names,
    NeededBucket,
    State,
    Text,
    UnreadableFieldError,
    Whole,
)
from bot.support.errors import SourceError

T = TypeVar("T")

_LONGEST_EMAIL = 254
_LIST_TIMES_LIMIT = 8
"""An account takes some 250 bytes of the list, so 30,000 fit; eight megabytes at once an hour are borne."""

_LIKE_A_TIME = re.compile(r"[“”0-9TZ:.+\-/, ]+")
"""What cannot be a secret, long as it may be."""

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


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


DECIDING = {
    "plan_name": "name",
    "next_plan_name": "next_name",
    "current_plan_type": "free",
    "expired_member": "expired",
    "expired_date": "ends_at",
    "billing_renewal_date": "renewal_at",
    "cancel_updated_at": "cancelled_at",
    "credit_monthly_gift": "monthly_allowance",
    "credit_daily_gift": "daily_allowance",
    "credits_refresh_time": "refresh_at",
    "daily_credits_refresh_time": "daily_refresh_at",
}
"""The page's fields by which something is decided, and what a reading calls them: where one is left out, that is said.

The buckets are not among them: an answer that cannot tell these is no reading.
"""


@dataclass(frozen=True, slots=True)
class Features:
    """The whole page, typed, in its documentation's groups.

    ``left_out`` are the fields without a value: absent or null (None), or what stood there and cannot be understood.
    """

    identity: IdentityFields
    plan: PlanFields
    credits: CreditFields
    billing: BillingFields
    limits: LimitFields
    capabilities: CapabilityFields
    left_out: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def parse(cls, page: object) -> "Features":
        """Read a decoded page. Raises ``SourceError`` (garbled) where it is none, or its credits are no numbers."""
        body, left_out = _object(page), dict[str, str | None]()
        return cls(
            identity=_group(IdentityFields, body, left_out),
            plan=_group(PlanFields, body, left_out),
            credits=_group(CreditFields, body, left_out),
            billing=_group(BillingFields, body, left_out),
            limits=_group(LimitFields, body, left_out),
            capabilities=_group(CapabilityFields, body, left_out),
            left_out=left_out,
        )

    def reading(self, taken_at: datetime, page: int | None = None) -> Reading:
        """Put the page into the project's own words; ``page`` is its fingerprint."""
        return Reading(
            taken_at=taken_at,
            credits=_credits(self.credits),
            plan=_plan(self.plan, self.billing),
            limits=_limits(self.limits),
            capabilities=_capabilities(self.capabilities),
            identity=Identity(self.identity.user_id, self.identity.member_id, self.identity.product_id),
            left_out=tuple(
                LeftOut(ours, self.left_out[name]) for name, ours in DECIDING.items() if name in self.left_out
            ),
            page=page,
        )


def _object(page: object) -> dict[str, Any]:
    if not isinstance(page, dict):
        raise SourceError(FailureKind.GARBLED, "The answer is JSON of another shape")
    if page.get("error"):
        raise SourceError(FailureKind.GARBLED, error_text.of_error(page) or "The answer is an error without words")
    return page


def _group(kind: Callable[..., T], page: Mapping[str, object], left_out: dict[str, str | None]) -> T:
    return kind(**{name: _field(name, read, page.get(name), left_out) for name, read in _readers(kind)})


def _field(name: str, read: Callable[[object], object], value: object, left_out: dict[str, str | None]) -> object:
    """A field's value; one that is not there, or not to be understood, is noted."""
    if value is None:
        left_out[name] = None
    try:
        return read(value)
    except UnreadableFieldError as error:
        said = str(error)
        left_out[name] = f"{name} is {said if _LIKE_A_TIME.fullmatch(said) else error_text.one_line(said)}"
        return read(None)
    except ValueError as error:
        raise SourceError(FailureKind.GARBLED, f"{name} {error}") from error


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
    """``cancel_updated_at`` set means cancelled: its documentation says that it is the zero time when not."""
    return Plan(
        name=plan.plan_name,
        next_name=plan.next_plan_name,
        free=None if plan.current_plan_type is None else plan.current_plan_type == 0,
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

    Entries without an email are left out. Raises ``SourceError`` (garbled) where the page is none, and where it lists
    something but no account at all: that must not pass for an empty list.
    """
    entries = _object(page)
    found: dict[str, Listed] = {}
    for key, entry in entries.items():
        email = _email(entry.get("email") if isinstance(entry, dict) else None) or _email(key)
        if email:
            found.setdefault(email.lower(), Listed(email, _pending_error(entry)))
    if entries and not found:
        raise SourceError(FailureKind.GARBLED, "The list of accounts names no account")
    return tuple(found.values())


def _email(value: object) -> str | None:
    email = value.strip() if isinstance(value, str) else ""
    fits = len(email) <= _LONGEST_EMAIL and email.isprintable() and _EMAIL.fullmatch(email)
    return email if fits else None


def _pending_error(entry: object) -> str | None:
    """Find what the list says is wrong with an account.

    The field's name is not documented: ``error`` on sister services, so any name with that word counts, where its
    value is not empty; or ``health``, where that is not "OK". A refresh of the session that may pass is left to the
    looks at the account itself, which are counted.
    """
    if not isinstance(entry, dict):
        return None
    signs = [value for key, value in entry.items() if "error" in key.lower() and value]
    health = entry.get("health")
    if isinstance(health, str) and health.strip() and health.strip().upper() != "OK":
        signs.append(health)
    said = next(filter(None, map(error_text.of_error, signs)), None)
    if said and own_kind(BROKEN, said) is not FailureKind.BROKEN:
        return None
    return said or ("An error that useapi.net does not name" if signs else None)


class PixVerse:
    """The PixVerse accounts of one useapi.net subscription. ``clock`` tells the present as aware UTC."""

    def __init__(self, client: Client, clock: Callable[[], datetime], name: str = "pixverse") -> None:
        self.name = name
        self._client = client
        self._clock = clock

    async def read(self, email: str) -> CheckResult:
        """Look at one account, live at PixVerse; a failed look comes back as an ``CheckFailure``."""
        try:
            return self._reading(await self._page(email))
        except SourceError as error:
            return self._outage(error)

    async def read_again(self, email: str, page: int) -> CheckResult | NotModified:
        """The same; a page that is byte for byte the one before is not parsed again."""
        try:
            answer = await self._page(email)
            same = answer.status == 200 and answer.body and hash(answer.body) == page
            return NotModified(self._clock()) if same else self._reading(answer)
        except SourceError as error:
            return self._outage(error)

    async def _page(self, email: str) -> Answer:
        return await self._client.get("/pixverse/features/", {"email": email})

    def _reading(self, answer: Answer) -> Reading:
        return Features.parse(self._client.decoded(answer)).reading(self._clock(), hash(answer.body))

    async def list_accounts(self) -> Listing | CheckFailure:
        """Ask which accounts useapi.net has stored; none is an empty listing, which it tells by a 404 of its own."""
        try:
            page = await self._client.get_json("/pixverse/accounts", times_limit=_LIST_TIMES_LIMIT)
            return Listing(self._clock(), parse_accounts(page))
        except SourceError as error:
            if error.kind is FailureKind.MISSING and error.status == 404:
                return Listing(self._clock(), ())
            outage = self._outage(error)
            concerns_one = outage.kind in (FailureKind.MISSING, FailureKind.BROKEN, FailureKind.UNREFRESHED)
            return replace(outage, kind=FailureKind.UNAVAILABLE) if concerns_one else outage

    def _outage(self, error: SourceError) -> CheckFailure:
        return CheckFailure(self._clock(), error.kind, error.said, error.retry_after, error.status)
