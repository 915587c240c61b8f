"""``credit-bot health``: asks the running bot's /healthz."""

import http.client
import json

from bot.config.listen import load_listen

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what to ask where the bot listens everywhere
TIMEOUT_SECONDS = 5.0


def ask_health(env_file: str | None) -> tuple[str, int]:
    """The bot's report on itself, and 0 if it is well, else 1. Raises SettingsError."""
    listen = load_listen(env_file)
    if listen is None:
        return "HTTP_LISTEN is empty, so the bot cannot be asked. Set it, for example to 127.0.0.1:8080.", 1
    host = WILDCARDS.get(listen.host, listen.host)
    connection = http.client.HTTPConnection(host, listen.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return words_of(answer.read()), 0 if answer.status == 200 else 1
    except (OSError, http.client.HTTPException) as error:
        return f"The bot does not answer at {host}:{listen.port} ({error}). Is it running?", 1
    finally:
        connection.close()


def words_of(body: bytes) -> str:
    """The page's verdict on one line."""
    try:
        page = json.loads(body)
        return ": ".join([page["status"], *(["; ".join(page["problems"])] if page["problems"] else [])])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "The answer is not a health page of credit-bot: is something else listening at HTTP_LISTEN?"
