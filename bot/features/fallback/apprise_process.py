"""Sends one message through Apprise: an address, a title and a body as JSON on standard input. Then it ends.

With an address alone it sends nothing: the exit code says whether Apprise could.

The only module that imports Apprise. The exit code is its only output, because Apprise's own can hold the address.
"""

import json
import sys

TAKEN, NOT_TAKEN, NO_ADDRESS, NO_LIBRARY = 0, 1, 65, 69


def send(address: str, title: str | None = None, body: str = "") -> int:
    """Sends one message to one address, or none without a title; returns the exit code."""
    try:
        import apprise  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - an optional extra
    except ImportError:
        return NO_LIBRARY
    channel = apprise.Apprise()
    if not channel.add(address):
        return NO_ADDRESS
    if title is None:
        return TAKEN
    return TAKEN if channel.notify(title=title, body=body, body_format="text") else NOT_TAKEN


if __name__ == "__main__":
    sys.exit(send(**json.load(sys.stdin)))
