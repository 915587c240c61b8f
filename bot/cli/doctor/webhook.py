"""Tests the webhook: its receiver gets a test notice."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from bot.cli.doctor.findings import Finding, fail, ok, warn
from bot.config.settings import Settings
from bot.features.webhook.payload import doctor_body
from bot.features.webhook.receiver import NotTaken, Receiver

URL, SECRET = "WEBHOOK_URL", "WEBHOOK_SECRET"


async def examine_webhook(settings: Settings, clock: Callable[[], datetime]) -> list[Finding]:
    """A line each about the receiver and the signature; nothing without a webhook."""
    if settings.webhook_url is None:
        return []
    receiver = Receiver(settings.webhook_url, settings.webhook_secret, settings.way_to_webhook, clock)
    async with receiver.connected() as post:
        failed = await post.take(f"msg_{uuid4().hex}", doctor_body(clock()))
    return findings(failed, signed=settings.webhook_secret is not None)


def findings(failed: NotTaken | None, *, signed: bool) -> list[Finding]:
    """A line about the receiver, and one if anybody could write in the bot's name."""
    taken = "a test notice was taken" + (", signed" if signed else "")
    found = [fail(URL, failed.why) if failed else ok(URL, taken)]
    return found if signed else [*found, warn(SECRET, UNSIGNED)]


UNSIGNED = "is empty: events go out unsigned, and the receiver cannot tell who sent them; whsec_ and base64, also there"
