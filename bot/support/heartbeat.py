"""Pings HEARTBEAT_URL, where an outside service reports a bot that fell silent."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import ClientError, ClientTimeout
from pydantic import SecretStr

from bot.domain.health import Vitals, unreached_for
from bot.support.proxies import Proxy, ProxyError, open_client
from bot.support.tls import tls_reason

log = logging.getLogger(__name__)

TIMEOUT_S = 10


class Heartbeat:
    """One ping for each round in which every account was read."""

    def __init__(
        self,
        url: SecretStr,
        proxy: Proxy | None,
        vitals: Callable[[], Awaitable[Vitals]],
        clock: Callable[[], datetime],
    ) -> None:
        """``vitals`` says whether a firing alert reached nobody."""
        self._url = url
        self._proxy = proxy
        self._vitals = vitals
        self._clock = clock

    async def ping(self) -> None:
        """Pings the address, unless a firing alert reached nobody."""
        if unreached_for(await self._vitals(), self._clock()) is not None:
            log.warning("No heartbeat: an alert has reached nobody")
            return
        try:
            async with (
                open_client(self._proxy, 1) as client,
                client.get(self._url.get_secret_value(), timeout=ClientTimeout(total=TIMEOUT_S)) as response,
            ):
                if response.status >= 400:
                    log.warning("HEARTBEAT_URL answers %d, so no beat was counted: check the address", response.status)
        except ProxyError as error:
            log.warning("HEARTBEAT_URL cannot be reached: %s", error)
        except (ClientError, TimeoutError) as error:
            log.warning("HEARTBEAT_URL cannot be reached: %s", tls_reason(error) or type(error).__name__)
