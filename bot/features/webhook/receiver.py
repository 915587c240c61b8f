"""One POST to the webhook's receiver, signed as Standard Webhooks says."""

import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout
from pydantic import SecretStr
from standardwebhooks import Webhook

from bot import __version__
from bot.support.proxies import Proxy, ProxyError, open_client
from bot.support.tls import tls_reason

TIMEOUT_S = 20.0
HEADERS = {"Content-Type": "application/json", "User-Agent": f"credit-bot/{__version__}"}


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why the receiver did not take an event, without its address, and for how long it asks to be left alone."""

    why: str
    retry_after: float = 0.0


class Receiver:
    """The receiver at WEBHOOK_URL. ``secret`` None: nothing is signed."""

    def __init__(
        self,
        url: SecretStr,
        secret: SecretStr | None,
        proxy: Proxy | None,
        clock: Callable[[], datetime],
        timeout: float = TIMEOUT_S,
    ) -> None:
        """``clock`` returns aware UTC: a receiver refuses an attempt that seems old."""
        self._url = url
        self._webhook = Webhook(secret.get_secret_value()) if secret else None
        self._proxy = proxy
        self._clock = clock
        self._timeout = timeout

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Connected"]:
        """Keeps one connection for several events."""
        async with open_client(self._proxy, 1) as client:
            yield Connected(client, self)

    async def take(self, client: ClientSession, webhook_id: str, body: str) -> NotTaken | None:
        """Sends an event; None if the receiver took it. Raises nothing."""
        timeout = ClientTimeout(total=self._timeout)
        sent = {"headers": self.headers(webhook_id, body), "data": body.encode(), "timeout": timeout}
        try:
            async with client.post(self._url.get_secret_value(), allow_redirects=False, **sent) as answer:  # type: ignore[arg-type]
                if 200 <= answer.status < 300:
                    return None
                return NotTaken(refusal(answer.status), seconds(answer.headers.get("Retry-After", "")))
        except ProxyError as error:
            return NotTaken(str(error))
        except TimeoutError:
            return NotTaken(f"does not answer within {self._timeout:.0f} s")
        except (ClientError, OSError, ValueError) as error:
            return NotTaken(f"cannot be reached: {reason(error)}")

    def headers(self, webhook_id: str, body: str) -> dict[str, str]:
        """The headers of one attempt: the id stays, the time and with it the signature are new."""
        now = self._clock()
        found = {**HEADERS, "webhook-id": webhook_id, "webhook-timestamp": str(int(now.timestamp()))}
        if self._webhook:
            found["webhook-signature"] = self._webhook.sign(webhook_id, now, body)
        return found


@dataclass(frozen=True, slots=True)
class Connected:
    """An open connection to the receiver."""

    client: ClientSession
    receiver: Receiver

    async def take(self, webhook_id: str, body: str) -> NotTaken | None:
        """Sends an event; None if the receiver took it."""
        return await self.receiver.take(self.client, webhook_id, body)


def refusal(status: int) -> str:
    """The meaning of an answer that is not 2xx."""
    if 300 <= status < 400:
        return f"answers {status}, a redirect, which is not followed: put the final address into WEBHOOK_URL"
    if status in (401, 403):
        return f"answers {status}: compare WEBHOOK_SECRET with the receiver's"
    return f"answers {status}"


def seconds(header: str) -> float:
    """The seconds of a Retry-After; 0 for a date, or anything else."""
    return float(header) if header.isascii() and header.isdigit() and len(header) < 9 else 0.0


def reason(error: Exception) -> str:
    """Why there was no answer, in words without the address."""
    if why := tls_reason(error):
        return why
    cause = error.os_error if isinstance(error, ClientConnectorError) else error
    if isinstance(cause, socket.gaierror):
        return "its name cannot be found"
    return os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else type(error).__name__
