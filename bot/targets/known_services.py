"""The services that useapi.net showed last, by the database."""

from sqlalchemy.exc import DatabaseError

from bot.sources.registry import SERVICES
from bot.storage import accounts
from bot.storage.connection import Connection
from bot.storage.database import glance
from bot.targets.services import shown


async def last_known(connection: Connection) -> list[str] | None:
    """The services by the newest stored answer, and those with watched accounts; None if there is neither.

    A service that is no longer shown goes once its own list has said so; one of which a check changes something is
    never among them, because a setting has to name it.
    """
    pages = [(await accounts.source(connection, name)).subscription for name in SERVICES]
    answers = [(one.answered_at, one.page.services) for one in pages if one and one.answered_at]
    known = [(at, services) for at, services in answers if services is not None]
    _, listed = max(known, key=lambda one: one[0], default=(None, ()))
    watched = {one.source for one in await accounts.known(connection) if one.watched}
    found = shown(listed)
    held = [name for name, one in SERVICES.items() if name in found or (name in watched and not one.acts)]
    return held if known else held or None


async def last_known_in(path: str) -> list[str] | None:
    """The same for a command beside the bot; None if its database cannot be read."""
    try:
        async with glance(path) as connection:
            return await last_known(connection)
    except DatabaseError:
        return None
