"""Every service that can be watched. A new one is one file beside the others, and one row here. Pure."""

from bot.sources.base import Service
from bot.sources.useapi.dreamina import DREAMINA
from bot.sources.useapi.flow_music import FLOW_MUSIC
from bot.sources.useapi.google_flow import GOOGLE_FLOW
from bot.sources.useapi.google_vids import GOOGLE_VIDS
from bot.sources.useapi.kling import KLING
from bot.sources.useapi.minimax import MINIMAX
from bot.sources.useapi.mureka import MUREKA
from bot.sources.useapi.muse import MUSE
from bot.sources.useapi.pixverse import PIXVERSE
from bot.sources.useapi.runway import RUNWAY

SERVICES = {
    service.name: service
    for service in (
        PIXVERSE,
        KLING,
        RUNWAY,
        MUREKA,
        MINIMAX,
        DREAMINA,
        GOOGLE_FLOW,
        FLOW_MUSIC,
        GOOGLE_VIDS,
        MUSE,
    )
}
"""By the name that begins keys."""

DEFAULT = PIXVERSE.name
"""The service of a source whose settings name none."""


def service_of(key: str | None) -> Service | None:
    """The service of a source's or an account's key, such as ``NAME/studio:alice@example.com``; None if unknown."""
    return SERVICES.get((key or "").partition(":")[0].partition("/")[0])


def title_of(key: str | None) -> str:
    """That service's name for people; the key itself for an unknown one, and PixVerse for none."""
    service = service_of(key)
    return service.title if service else key or PIXVERSE.title
