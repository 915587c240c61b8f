"""The least that an answer costs: python-telegram-bot alone, which says one text to whoever says anything.

``python -m bench.echo TELEGRAM_URL TOKEN TEXT``, a process of its own.
"""

import asyncio
import sys

from telegram import Bot


async def main(telegram: str, token: str, text: str) -> None:
    """Answers until it is ended."""
    offset = None
    async with Bot(token, base_url=f"{telegram}/bot") as bot:
        while True:
            for update in await bot.get_updates(offset=offset, timeout=20, read_timeout=30):
                offset = update.update_id + 1
                if update.message:
                    await bot.send_message(update.message.chat_id, text)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
