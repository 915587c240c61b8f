"""The services that useapi.net showed last, by the database."""

from bot.sources.registry import SERVICES
from bot.storage import accounts
from bot.storage.connection import Connection
from bot.targets.services import shown


async def last_known(connection: Connection) -> list[str] | None:
    """The services by the newest stored answer, and those with watched accounts; None if there never was an answer.

    A service that is no longer shown goes once its own list has said so.
    """
    pages = [(await accounts.source(connection, name)).subscription for name in SERVICES]
    answers = [(one.answered_at, one.page.services) for one in pages if one and one.answered_at]
    known = [(at, services) for at, services in answers if services is not None]
    if not known:
        return None
    _, listed = max(known, key=lambda one: one[0])
    watched = {one.source for one in await accounts.known(connection) if one.watched}
    found = shown(listed)
    return [name for name in SERVICES if name in found or name in watched]
