"""Addresses of the second channel, as FALLBACK_URLS writes them."""

import re

_BETWEEN = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S+")

WAYS = {
    "discord": "Discord",
    "gotify": "Gotify",
    "json": "a webhook",
    "mailto": "mail",
    "matrix": "Matrix",
    "msteams": "Teams",
    "ntfy": "ntfy",
    "pbul": "Pushbullet",
    "pover": "Pushover",
    "signal": "Signal",
    "slack": "Slack",
    "sns": "SMS",
    "twilio": "SMS",
}
"""Names of the services behind Apprise's address schemes."""


def parse_addresses(text: str) -> tuple[str, ...]:
    """Reads ``mailto://…, ntfy://…``; commas inside an address stay. Errors never quote an address."""
    addresses = [address.strip(" ,\n\t") for address in _BETWEEN.split(text.strip(" ,\n\t")) if address.strip(" ,\n\t")]
    for number, address in enumerate(addresses, 1):
        if not _ADDRESS.fullmatch(address) or not address.isprintable():
            raise ValueError(f"has a {ordinal(number)} address that is not one of Apprise's: they begin like mailto://")
    return tuple(dict.fromkeys(addresses))


def ordinal(number: int) -> str:
    """A position in a list: "1st", "2nd", "11th"."""
    last = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{last}"


def way_of(address: str) -> str:
    """The service of an address, in a word that reveals nothing else: "mail", "ntfy"."""
    scheme = address.partition("://")[0].lower()
    return WAYS.get(scheme) or WAYS.get(scheme.removesuffix("s")) or scheme
