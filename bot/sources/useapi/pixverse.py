"""PixVerse at useapi.net: its pages become readings and lists, and its details texts.

Sources about the pages: useapi.net's documentation of ``GET /v2/pixverse/features`` (24 June 2026), whose field names
are kept, and of ``GET /v2/pixverse/accounts`` (6 December 2024). All fields are optional there. The links in
``invoice_url`` and ``stripe_bill_url`` are private: they are never read. Sources disagree on ``current_plan_type``,
only 0 = free is certain; ``remaining_days`` contradicts the dates and is not read. Spendable credits are daily, monthly
and package; ``*_gift`` are allowances.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from bot.domain.accounts import Credits, FailureKind, LeftOut, Listed, Plan, Reading
from bot.sources.base import Service
from bot.sources.useapi import error_text
from bot.sources.useapi.fields import (
    UnreadableFieldError,
    allowance,
    bucket,
    flag,
    moment,
    names,
    needed_bucket,
    state,
    text,
    whole,
)
from bot.sources.useapi.pages import listed, object_of, signs_of, trouble
from bot.support.errors import SourceError

T = TypeVar("T")

_LONGEST_EMAIL = 254

_LIKE_A_TIME = re.compile(r"[“”0-9TZ:.+\-/, ]+")
"""Characters of a time, which cannot be a secret, whatever their number."""

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")

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
"""The page's fields that decide something, with their names in a reading: a missing one is reported.

The buckets are not among them: an answer without these is no reading.
"""

DETAILS: Mapping[str, tuple[str, Callable[[object], Any]]] = {
    "jobs_at_once": ("gen_simultaneously", whole),
    "qualities": ("qualities", names),
    "off_peak_discount": ("off_peak_discount", text),
    "preview_discount": ("preview_mode_discount", text),
    "image_models": ("accessible_image_models", names),
    "unlimited_image_models": ("unlimited_image_models", names),
    "fast_mode": ("allow_fast_mode", flag),
    "relaxed_mode": ("allow_relaxed_mode", flag),
    "private": ("allow_private_generate", flag),
    "no_watermark": ("remove_watermark", flag),
    "effects": ("allow_effect", flag),
    "veo_sora": ("veo_sora_models", flag),
}
"""Details of the plan by their stored name, with the page's field. A discount is a factor on the price."""

MODES = {
    "fast mode": "fast_mode",
    "relaxed mode": "relaxed_mode",
    "private": "private",
    "no watermark": "no_watermark",
    "effects": "effects",
    "Veo and Sora": "veo_sora",
}


class _Fields:
    """A page's fields. ``left_out`` are those without a value: absent or null (None), or the unreadable value."""

    def __init__(self, page: Mapping[str, object]) -> None:
        self._page = page
        self.left_out: dict[str, str | None] = {}

    def take(self, name: str, read: Callable[[object], T]) -> T:
        """A field's value; one that is not there, or not to be understood, is noted."""
        value = self._page.get(name)
        if value is None:
            self.left_out[name] = None
        try:
            return read(value)
        except UnreadableFieldError as error:
            said = str(error)
            self.left_out[name] = f"{name} is {said if _LIKE_A_TIME.fullmatch(said) else error_text.one_line(said)}"
            return read(None)
        except ValueError as error:
            raise SourceError(FailureKind.GARBLED, f"{name} {error}") from error


def parse_features(page: object, taken_at: datetime) -> Reading:
    """The reading of a decoded page. Raises ``SourceError`` (garbled) if it is none, or its credits are not numbers.

    A set ``cancel_updated_at`` means cancelled: its documentation says that it is the zero time otherwise.
    """
    fields = _Fields(object_of(page))
    take = fields.take
    plan_type, next_type = take("current_plan_type", whole), take("next_plan_type", whole)
    expired = take("expired_member", state)
    reading = Reading(
        taken_at=taken_at,
        credits=Credits(
            monthly=take("credit_monthly", needed_bucket),
            daily=take("credit_daily", bucket),
            package=take("credit_package", bucket),
            monthly_allowance=take("credit_monthly_gift", allowance),
            daily_allowance=take("credit_daily_gift", allowance),
            refresh_at=take("credits_refresh_time", moment),
            daily_refresh_at=take("daily_credits_refresh_time", moment),
        ),
        plan=Plan(
            name=take("plan_name", text),
            next_name=take("next_plan_name", text),
            free=None if plan_type is None else plan_type == 0,
            ends_at=take("expired_date", moment),
            cancelled_at=take("cancel_updated_at", moment),
            renewal_at=take("billing_renewal_date", moment),
            price=take("price", text),
            renewal_price=take("renewal_price", text),
            expired=None if expired is None else expired != 0,
            next_free=None if next_type is None else next_type == 0,
        ),
        details=_details(fields),
    )
    left_out = (LeftOut(ours, fields.left_out[name]) for name, ours in DECIDING.items() if name in fields.left_out)
    return replace(reading, left_out=tuple(left_out))


def _details(fields: _Fields) -> dict[str, Any]:
    """The known details of the plan; a mode that is off has no discount."""
    off = {
        name
        for name, mode in (("off_peak_discount", "off_peak"), ("preview_discount", "preview_mode"))
        if fields.take(mode, flag) is False
    }
    found = {ours: fields.take(name, read) for ours, (name, read) in DETAILS.items() if ours not in off}
    return {name: value for name, value in found.items() if value not in (None, [])}


def details(known: Mapping[str, Any]) -> list[list[str]]:
    """The plan's limits, discounts and features, for people."""
    jobs, models = known.get("jobs_at_once"), known.get("image_models", ())
    unlimited = len(known.get("unlimited_image_models", ()))
    some = f", {unlimited:,} unlimited" if unlimited else ""
    permits = [
        f"{jobs:,} {'job' if jobs == 1 else 'jobs'} at once" if jobs is not None else "",
        _best(known.get("qualities", ())),
        *(
            f"{kind} price × {known[name]}"
            for kind, name in (("off-peak", "off_peak_discount"), ("preview", "preview_discount"))
            if name in known
        ),
        f"{len(models):,} image {'model' if len(models) == 1 else 'models'}{some}" if models else "",
    ]
    return [permits, [", ".join(mode for mode, name in MODES.items() if known.get(name))]]


def _best(qualities: Sequence[str]) -> str:
    """The finest quality, by its number of lines."""
    return max(qualities, key=lambda name: int("0" + "".join(re.findall("[0-9]", name[:16]))), default="")


def parse_accounts(page: object) -> tuple[Listed, ...]:
    """The decoded list of accounts, an object keyed by email; each email once, in any case of letters.

    Entries without an email are dropped. Raises ``SourceError`` (garbled) if the page is none, and if it has entries
    but no account: that must not pass for an empty list.
    """
    return listed(object_of(page), _email_of, _pending_error)


def _email_of(key: str, entry: object) -> str | None:
    return _email(entry.get("email") if isinstance(entry, dict) else None) or _email(key)


def _email(value: object) -> str | None:
    email = value.strip() if isinstance(value, str) else ""
    fits = len(email) <= _LONGEST_EMAIL and email.isprintable() and _EMAIL.fullmatch(email)
    return email if fits else None


def _pending_error(entry: object) -> str | None:
    """The error that the list reports for an account; None without one.

    The field's name is not documented: ``error`` on sister services, so any name with that word counts, if its value is
    not empty; or ``health``, if that is not "OK". A failed refresh of the session, which can pass, is left to the
    checks of the account itself, which are counted.
    """
    if not isinstance(entry, dict):
        return None
    errors = [value for key, value in entry.items() if "error" in key.lower() and value]
    return trouble([*errors, *signs_of({"health": entry.get("health")})])


PIXVERSE = Service(
    name="pixverse",
    title="PixVerse",
    account_path="/pixverse/features/",
    list_path="/pixverse/accounts",
    read_account=parse_features,
    read_list=parse_accounts,
    details=details,
    account_name="PixVerse API",
    website="https://app.pixverse.ai",
    linking="https://useapi.net/docs/api-pixverse-v2/post-pixverse-accounts-email",
    statistics="pixverse",
    slots_path="/pixverse/scheduler/available/",
)
