# ruff: noqa: ASYNC240 - nothing else runs while it writes the settings
"""Runs an installed credit-bot against simulated services until its alert arrives; its own Python runs this file.

``python fresh_run.py PROGRAM``, in an empty folder. Ends with 0, or with 1 and the bot's log.
"""

import asyncio
import sys
from pathlib import Path

from bot.simulator.accounts import SimulatedAccount
from bot.simulator.pixverse import SimulatedPixVerse
from bot.simulator.telegram.service import SimulatedChat, SimulatedTelegram

USEAPI_TOKEN, TELEGRAM_TOKEN, CHAT = "user:1-fresh-machine", "7654321098:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x", 7
PATIENCE_S = 60.0


async def main(program: str) -> int:
    """An account without credits, one chat, and the bot with real settings."""
    pixverse, telegram = SimulatedPixVerse(USEAPI_TOKEN), SimulatedTelegram(TELEGRAM_TOKEN)
    telegram.add_chat(SimulatedChat(CHAT, title="Kim"))
    pixverse.add(SimulatedAccount("alice@example.com", monthly=0))
    async with pixverse, telegram:
        settings = {
            "USEAPI_TOKEN": USEAPI_TOKEN,
            "TELEGRAM_BOT_TOKEN": TELEGRAM_TOKEN,
            "TELEGRAM_CHAT_IDS": str(CHAT),
            "USEAPI_URL": pixverse.url,
            "TELEGRAM_API_URL": telegram.url,
            "HTTP_LISTEN": "127.0.0.1:0",
        }
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        Path("settings.env").write_text(lines, encoding="utf-8")
        process = await asyncio.create_subprocess_exec(program, "run", stderr=asyncio.subprocess.PIPE)
        try:
            await telegram.wait_for("out of credits", PATIENCE_S, CHAT)
            process.terminate()
        except TimeoutError:
            process.kill()
        _, said = await process.communicate()
        if process.returncode:
            print(said.decode()[-2000:], file=sys.stderr)
        return 1 if process.returncode else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
