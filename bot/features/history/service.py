"""An account's stored past, thinned to what a picture shows."""

from datetime import datetime

from bot.features.history.chart import Downsampler, Series
from bot.storage import history
from bot.storage.connection import Connection


async def traced(connection: Connection, key: str, since: datetime, until: datetime, slots: int) -> Series:
    """One account's past within a span, in constant memory."""
    tracer = Downsampler(since.timestamp(), until.timestamp(), slots)
    async for point in history.points(connection, key, since):
        tracer.add(point)
    return tracer.trace()
