"""The real bot, and a line a second about its event loop on standard output. It trusts the clock at once."""

import asyncio
from datetime import timedelta

from bench.delays import report
from bot.app import App
from bot.cli.main import until_told
from bot.config.load import load_settings
from bot.domain.retention import RetentionPolicy
from bot.support.garbage import searched_when_quiet
from bot.support.logs import set_up_logging


async def work(bot: App, stop: asyncio.Event) -> None:
    """Runs until told to stop."""
    async with bot as app:
        reporting = asyncio.create_task(report())
        try:
            async with searched_when_quiet():
                await app.run(stop)
        finally:
            reporting.cancel()


def main() -> None:
    """Settings come from the environment, as ``credit-bot run`` has them."""
    settings = load_settings()
    bot = App(settings, retention=RetentionPolicy(settle=timedelta(0)))
    set_up_logging(settings.log_level, settings.log_format, bot.secrets)
    asyncio.run(until_told(lambda stop: work(bot, stop)))


if __name__ == "__main__":
    main()
