"""Tells a Telegram chat when an account has few credits left, and when it has enough again; answers /credits.

Written for the comparison in bench/peers, as somebody who knows python-telegram-bot would write it in half an hour:
its JobQueue, a state file, errors caught and logged. Where two ways are usual, the more careful one was taken.
"""

import json
import logging
import os
from pathlib import Path

import httpx
from telegram import Update
from telegram.ext import Application, CommandHandler, ContextTypes

# As in the library's own examples; httpx is silenced there too, for its lines hold the bot's token.
logging.basicConfig(format="%(asctime)s - %(name)s - %(levelname)s - %(message)s", level=logging.INFO)
logging.getLogger("httpx").setLevel(logging.WARNING)
logger = logging.getLogger(__name__)

USEAPI_URL = os.environ.get("USEAPI_URL", "https://api.useapi.net/v2")
TELEGRAM_API_URL = os.environ.get("TELEGRAM_API_URL", "https://api.telegram.org")
HEADERS = {"Authorization": f"Bearer {os.environ['USEAPI_TOKEN']}"}
CHAT_ID = int(os.environ["TELEGRAM_CHAT_ID"])
ACCOUNTS = os.environ["ACCOUNTS"].split()
THRESHOLD = int(os.environ.get("THRESHOLD", "3000"))
INTERVAL = float(os.environ.get("INTERVAL", "900"))
STATE_FILE = Path(os.environ.get("STATE_FILE", "state.json"))


def load_state() -> dict[str, bool]:
    """Who is known to be low; in a file, so that a restart tells nothing twice."""
    return dict(json.loads(STATE_FILE.read_text())) if STATE_FILE.exists() else {}


def save_state(state: dict[str, bool]) -> None:
    STATE_FILE.write_text(json.dumps(state))


async def fetch_credits(client: httpx.AsyncClient, email: str) -> int:
    response = await client.get(f"{USEAPI_URL}/pixverse/features/", params={"email": email})
    response.raise_for_status()
    data = response.json()
    # The page documents every field as optional, and an account without a package may have none: hence the zeros.
    return int(data.get("credit_daily", 0) + data.get("credit_monthly", 0) + data.get("credit_package", 0))


async def check(context: ContextTypes.DEFAULT_TYPE) -> None:
    state = load_state()
    async with httpx.AsyncClient(headers=HEADERS, timeout=10) as client:
        for email in ACCOUNTS:
            # One account in trouble must not keep the others from being looked at, nor end the job. Telling the chat
            # of every exception is as easily written, but then every short trouble is told every time.
            try:
                credits = await fetch_credits(client, email)
                was_low = state.get(email, False)
                if credits < THRESHOLD and not was_low:
                    await context.bot.send_message(CHAT_ID, f"⚠️ {email}: only {credits} credits left")
                elif credits >= THRESHOLD and was_low:
                    await context.bot.send_message(CHAT_ID, f"✅ {email}: {credits} credits again")
                # After the message and not before it: what could not be sent is tried again at the next check.
                if was_low != (credits < THRESHOLD):
                    state[email] = credits < THRESHOLD
                    save_state(state)
            except Exception:
                logger.exception("Could not check %s", email)


async def credits_command(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    if update.effective_chat is None or update.effective_chat.id != CHAT_ID or update.message is None:
        return
    async with httpx.AsyncClient(headers=HEADERS, timeout=10) as client:
        lines = [f"{email}: {await fetch_credits(client, email)}" for email in ACCOUNTS]
    await update.message.reply_text("\n".join(lines))


def main() -> None:
    builder = Application.builder().token(os.environ["TELEGRAM_BOT_TOKEN"]).base_url(f"{TELEGRAM_API_URL}/bot")
    application = builder.build()
    application.add_handler(CommandHandler("credits", credits_command))
    assert application.job_queue
    application.job_queue.run_repeating(check, interval=INTERVAL, first=1)
    application.run_polling()


if __name__ == "__main__":
    main()
