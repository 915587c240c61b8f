"""Where accounts are read: the outside world becomes samples.

A new service is one file here and one line in ``SERVICES``, with a recorded sample for the tests.
"""

from collections.abc import Callable

from bot.sources.base import Clock, Source
from bot.sources.useapi.client import Client
from bot.sources.useapi.pixverse import PixVerse

SERVICES: dict[str, Callable[[Client, Clock], Source]] = {
    "pixverse": PixVerse,
}
"""Every service that can be watched, by the name that stands in account keys."""
