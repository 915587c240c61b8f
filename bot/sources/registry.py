"""Every service that can be watched. A new one is one file beside the others, and one row here. Pure."""

from bot.sources.base import Service
from bot.sources.useapi.pixverse import PIXVERSE

SERVICES = {service.name: service for service in (PIXVERSE,)}
"""By the name that begins keys."""

DEFAULT = PIXVERSE.name
"""The service of a source whose settings name none."""


def service_of(key: str | None) -> Service | None:
    """The service of a source's or an account's key, such as ``NAME/studio:alice@example.com``; None if unknown."""
    return SERVICES.get((key or "").partition(":")[0].partition("/")[0])


def title_of(key: str | None = None) -> str:
    """That service's name for people; all names for an unknown service."""
    service = service_of(key)
    return service.title if service else " or ".join(one.title for one in SERVICES.values())
