"""Simulated PixVerse accounts, in the shape in which useapi.net shows them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

PRIVATE_LINK = "https://stripe.pay.pixverse.ai/PRIVATE-LINK"
"""The start of every payment link of a simulated account. It must never be found in a log, a message or a database."""

GO_ZERO_TIME = "0001-01-01T00:00:00Z"
"""How the API writes a time that is not set."""

_SAMPLE = """
{ "user_id": 11223344, "member_id": 5566778899, "product_id": 9988776655,
"plan_name": "Premium - Monthly", "next_plan_name": "Premium - Monthly", "next_plan_type": 2, "current_plan_type": 2,
"type": 0, "credit_daily": 0, "credit_daily_gift": 60, "initial_credit_gift": 0, "credit_monthly": 12450,
"credit_monthly_gift": 15000, "credit_package": 0, "expired_date": "2026-07-23T00:48:50Z", "price": "60",
"billing_period": 1, "next_billing_period": 1, "billing_renewal_date": "2026-07-23T00:48:50Z", "payment": 1,
"invoice_url": "https://stripe.pay.pixverse.ai/...", "stripe_bill_url": "https://stripe.pay.pixverse.ai/...",
"gen_simultaneously": 5, "allow_fast_mode": 1, "allow_relaxed_mode": 1, "allow_use_new_feat": 1,
"allow_private_generate": 1, "remove_watermark": 1, "allow_purchase_credit": 1, "sub_order_in_progress": 0,
"allow_effect": 1, "last_plan_name": "", "last_plan_type": 0, "last_product_id": 0, "expired_member": 0,
"credits_more": 30, "album_num": 1000, "batch_generation": 1, "off_peak": 1, "off_peak_discount": "0.7",
"qualities": ["360p", "480p", "540p", "720p", "1080p", "2160p"], "cancel_updated_at": "0001-01-01T00:00:00Z",
"renewal_retention": 0, "renewal_price": "60", "preview_mode": 1, "preview_mode_discount": "0.8",
"remaining_days": 30, "credits_refresh_time": "2026-07-23T00:48:56Z",
"daily_credits_refresh_time": "2026-06-25T00:00:00Z", "is_gift_card": false, "veo_sora_models": 1,
"unlimited_image_models": ["qwen-image"], "accessible_image_models": ["qwen-image", "gemini-2.5-flash",
"seedream-4.0", "seedream-4.5", "seedream-5.0-lite", "gemini-3.0", "gpt-image-1.5", "gpt-image-2.0",
"gemini-3.1-flash", "kling-image-o3", "kling-image-v3"], "has_purchased_credits": true }
"""


def sample_body() -> dict[str, Any]:
    """Return the example answer of useapi.net's page on `GET /pixverse/features`, field for field; a fresh copy."""
    body: dict[str, Any] = json.loads(_SAMPLE)
    return body


def utc_now() -> datetime:
    """Read this machine's clock, in UTC."""
    return datetime.now(UTC)


def next_midnight(now: datetime) -> datetime:
    """Find the first 00:00 UTC after `now`: when the daily credits come back."""
    return (now.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def iso_time(moment: datetime | None) -> str:
    """Write a time as the API does, to the second in UTC; None as its "not set"."""
    return GO_ZERO_TIME if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_twenty_days() -> datetime:
    return (utc_now() + timedelta(days=20)).replace(microsecond=0)


@dataclass
class SimulatedAccount:
    """One PixVerse account, free to be changed at any time; at its defaults a healthy one with 20 days of plan left.

    `overrides` replaces fields of the body by anything, also by what the API would never say; `omit` leaves fields out.
    """

    email: str
    monthly: int = 12450
    daily: int = 0
    package: int = 0
    monthly_allowance: int = 15000
    daily_allowance: int = 60
    plan_name: str = "Premium - Monthly"
    next_plan_name: str | None = None
    """None: the same plan goes on."""
    plan_type: int = 2
    """Only 0, free, is agreed between sources."""
    ends_at: datetime | None = field(default_factory=_in_twenty_days)
    """When the paid period ends, whether or not another follows; None is shown as "not set"."""
    cancelled_at: datetime | None = None
    refresh_at: datetime | None = None
    """When the monthly credits come back; None: six seconds after `ends_at`, as in the sample."""
    daily_refresh_at: datetime | None = None
    """None: the next 00:00 UTC."""
    price: str = "60"
    max_jobs: int = 5
    listed_error: str | None = None
    """The pending error with which the accounts page shows this account; None: none."""
    overrides: dict[str, Any] = field(default_factory=dict)
    omit: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.refresh_at is None and self.ends_at is not None:
            self.refresh_at = self.ends_at + timedelta(seconds=6)

    def body(self, now: datetime | None = None) -> dict[str, Any]:
        """Answer `GET /pixverse/features`: all fields of the sample, with this account's values.

        `remaining_days` stays the sample's 30, whatever the dates say: the real one is no more reliable.
        """
        fields = sample_body() | self._credits() | self._plan() | self._times(now or utc_now()) | self.overrides
        return {name: value for name, value in fields.items() if name not in self.omit}

    def listing(self) -> dict[str, Any]:
        """Describe this account as `GET /pixverse/accounts` does."""
        session_ends = utc_now() + timedelta(days=30)
        entry: dict[str, Any] = {
            "email": self.email,
            "maxJobs": self.max_jobs,
            "password": "******",
            "jwt": {
                "AccountId": 11223344,
                "ExpireTime": int(session_ends.timestamp()),
                "ExpireTimeUTC": iso_time(session_ends),
                "Username": self.email.partition("@")[0],
                "token": "******",
            },
        }
        return entry if self.listed_error is None else entry | {"error": self.listed_error}

    def _credits(self) -> dict[str, Any]:
        return {
            "credit_daily": self.daily,
            "credit_daily_gift": self.daily_allowance,
            "credit_monthly": self.monthly,
            "credit_monthly_gift": self.monthly_allowance,
            "credit_package": self.package,
            "has_purchased_credits": self.package > 0,
        }

    def _plan(self) -> dict[str, Any]:
        return {
            "plan_name": self.plan_name,
            "next_plan_name": self.plan_name if self.next_plan_name is None else self.next_plan_name,
            "current_plan_type": self.plan_type,
            "next_plan_type": self.plan_type,
            "price": self.price,
            "renewal_price": self.price,
            "invoice_url": f"{PRIVATE_LINK}-invoice-{self.email}",
            "stripe_bill_url": f"{PRIVATE_LINK}-bill-{self.email}",
            "gen_simultaneously": self.max_jobs,
        }

    def _times(self, now: datetime) -> dict[str, Any]:
        return {
            "expired_date": iso_time(self.ends_at),
            "billing_renewal_date": iso_time(None if self.cancelled_at else self.ends_at),
            "cancel_updated_at": iso_time(self.cancelled_at),
            "credits_refresh_time": iso_time(self.refresh_at),
            "daily_credits_refresh_time": iso_time(self.daily_refresh_at or next_midnight(now)),
        }
