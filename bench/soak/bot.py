"""The bot of the soak: the real one, on the fast clock; a line about itself on standard output every second.

All but the clock, the tick and how long delivered messages stay is as ``credit-bot run`` has it, settings from the
environment included.
"""

import asyncio
import json
import os
import sys
from datetime import timedelta

from bench.delays import report
from bench.soak.clock import FastClock
from bench.soak.growth import Growth
from bot.app import App
from bot.cli.main import until_told
from bot.config.load import load_settings
from bot.domain.retention import RetentionPolicy
from bot.support.logs import set_up_logging

TICK = timedelta(seconds=0.25)
KEEP_DELIVERED = timedelta(days=1)
"""In place of 30 days, so that this ends inside the soak, too."""


async def work(bot: App, stop: asyncio.Event, growth: Growth) -> None:
    """Runs until told to stop."""
    async with bot as app:
        print(json.dumps({"port": app.pages.port}), flush=True)
        reporting = asyncio.create_task(report())
        watching = asyncio.create_task(growth.watch())
        try:
            await app.run(stop)
        finally:
            reporting.cancel()
            watching.cancel()
        growth.tell()


def main() -> None:
    """``python -m bench.soak.bot ZERO SPEED``."""
    zero, speed = map(float, sys.argv[1:3])
    clock = FastClock(zero, speed)
    growth = Growth(float(os.environ.get("SOAK_TRACE_AFTER") or 0))
    settings = load_settings()
    bot = App(settings, clock, TICK, RetentionPolicy(keep_delivered=KEEP_DELIVERED, settle=timedelta(0)))
    set_up_logging(settings.log_level, settings.log_format, bot.secrets)
    asyncio.run(until_told(lambda stop: work(bot, stop, growth)))


if __name__ == "__main__":
    main()
