"""Tests the second channel: each address gets a test message."""

from bot.cli.doctor.findings import Finding, fail, ok
from bot.config.settings import Settings
from bot.features.fallback.sender import try_addresses


async def examine_fallback(settings: Settings) -> list[Finding]:
    """A line for each address, without the address; none without a second channel."""
    if not settings.fallback_addresses:
        return []
    tried = await try_addresses(settings.fallback_addresses)
    return [ok("FALLBACK_URLS", words) if taken else fail("FALLBACK_URLS", words) for taken, words in tried]
