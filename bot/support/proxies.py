"""How a service is reached: directly, or through the proxy of a setting or of the environment.

The environment is read as curl reads it (https://curl.se/docs/manpage.html, "ENVIRONMENT"), in either case of letters,
lower first; a setting wins.
"""

import ipaddress
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from aiohttp import (
    ClientError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.connector import Connection
from yarl import URL

from bot.support.tls import tls_reason

DIRECT = "direct"
SETTINGS_SCHEMES = ("http", "socks5", "socks5h")
SCHEMES = (*SETTINGS_SCHEMES, "https", "socks")
"""Schemes in the environment: other programs share it, and curl accepts these."""

PORTS = {"http": 80, "https": 443}
SOCKS_PORT = 1080
UNUSABLE = "is not the address of a proxy, or holds a password with a sign that has to be percent-encoded"


class ProxyError(ClientError):
    """The proxy failed, not the service behind it. Its text is for people and holds no secret."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the setting or variable that names it. ``user`` and ``password`` are secrets."""

    named: str
    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def socks(self) -> bool:
        """True if it speaks SOCKS, not HTTP."""
        return self.scheme.startswith("socks")


def parse_proxy(text: str, named: str, schemes: tuple[str, ...] = SETTINGS_SCHEMES) -> Proxy:
    """Reads ``socks5://user:password@host:1080``; without a scheme it is ``http://``, as for curl.

    The ValueError never quotes the text: any part of it can belong to a password.
    """
    url = text.strip()
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(UNUSABLE) from None
    odd = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc.rpartition("@")[0]
    if odd or not parts.hostname or not url.isprintable() or " " in url:
        raise ValueError(UNUSABLE)
    if parts.scheme not in schemes:
        raise ValueError(f"has a scheme that is not one of {', '.join(f'{scheme}://' for scheme in schemes)}")
    scheme = "socks5" if parts.scheme.startswith("socks") else parts.scheme
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(named, scheme, parts.hostname, port or PORTS.get(scheme, SOCKS_PORT), user, password)


def proxy_for(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy of the environment for an address; None for a direct connection.

    Raises ValueError, without the text, if the deciding variable is invalid.
    """
    parts = urlsplit(url)
    found = next(
        (name for base in (f"{parts.scheme}_proxy", "all_proxy") for name in (base, base.upper()) if environ.get(name)),
        None,
    )
    if found is None or is_excepted(parts.hostname or "", parts.port, environ):
        return None
    try:
        return parse_proxy(environ[found], f"{found} in the environment", SCHEMES)
    except ValueError as error:
        raise ValueError(f"{found} in the environment {error}") from None


def is_excepted(host: str, port: int | None, environ: Mapping[str, str]) -> bool:
    """True if ``NO_PROXY`` names a host: by its name, a domain above it, its address, or a network; ``*`` is all."""
    listed = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return any(excepts(one.strip().lower(), host.lower(), port) for one in listed.replace(" ", ",").split(","))


def excepts(pattern: str, host: str, port: int | None) -> bool:
    """True if one item of ``NO_PROXY`` names a host; one with a port, that port alone."""
    if not pattern:
        return False
    if pattern == "*":
        return True
    address = address_of(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(pattern.strip("[]"), strict=False)
        except (ValueError, TypeError):
            pass
    name, _, wanted = pattern.rpartition(":") if pattern.count(":") == 1 else (pattern, "", "")
    if wanted and wanted != str(port):
        return False
    name = name.strip("[]").lstrip(".").rstrip(".")
    return bool(name) and (host.rstrip(".") == name or (address is None and host.rstrip(".").endswith(f".{name}")))


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The host as an address; None if it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def open_client(proxy: Proxy | None, connections: int, *, keepalive: float = 15.0, **more: Any) -> ClientSession:
    """A client that connects this way only; needs a running loop. It keeps no cookies.

    ``more`` goes to aiohttp. A failure of the proxy is a ``ProxyError``.
    """
    more.setdefault("timeout", ClientTimeout(total=None, sock_connect=None))
    kept: dict[str, Any] = {"limit": connections, "keepalive_timeout": keepalive}
    if proxy is None:
        return ClientSession(connector=TCPConnector(**kept), cookie_jar=DummyCookieJar(), **more)
    if proxy.socks:
        return ClientSession(connector=socks_connector(proxy, **kept), cookie_jar=DummyCookieJar(), **more)
    url = URL(str(proxy)).with_user(proxy.user or None).with_password(proxy.password or None)
    connector = HttpProxyConnector(proxy, **kept)
    return ClientSession(connector=connector, cookie_jar=DummyCookieJar(), proxy=url, **more)


class HttpProxyConnector(TCPConnector):
    """aiohttp's own connector, which reports failures of the proxy as such."""

    def __init__(self, proxy: Proxy, **more: Any) -> None:
        """``more`` goes to aiohttp."""
        super().__init__(**more)
        self._named = proxy

    async def connect(self, *asked: Any, **more: Any) -> Connection:
        """A connection. Raises ProxyError if the proxy fails."""
        try:
            return await super().connect(*asked, **more)
        except ClientHttpProxyError as error:
            raise ProxyError(refusal(self._named, error.status)) from None
        except ClientProxyConnectionError as error:
            raise ProxyError(unreachable(self._named, error.os_error)) from None


def socks_connector(proxy: Proxy, **more: Any) -> TCPConnector:
    """The same for SOCKS, whose library is imported only if needed. The proxy resolves the names."""
    from aiohttp_socks import (  # noqa: PLC0415
        ProxyConnectionError,
        ProxyConnector,
        ProxyTimeoutError,
        ProxyType,
    )
    from aiohttp_socks import ProxyError as SocksError  # noqa: PLC0415

    class SocksConnector(ProxyConnector):
        async def connect(self, *asked: Any, **more: Any) -> Connection:
            try:
                return await super().connect(*asked, **more)
            except ProxyTimeoutError:
                raise ProxyError(f"{at(proxy)} does not answer in time") from None
            except ProxyConnectionError as error:
                cause = error.__cause__ or error.__context__
                raise ProxyError(unreachable(proxy, cause if isinstance(cause, OSError) else error)) from None
            except SocksError as error:
                raise ProxyError(socks_refusal(proxy, str(error))) from None

    return SocksConnector(
        host=proxy.host,
        port=proxy.port,
        proxy_type=ProxyType.SOCKS5,
        username=proxy.user or None,
        password=proxy.password or None,
        rdns=True,
        **more,
    )


def at(proxy: Proxy) -> str:
    """A proxy by the setting that names it, in words."""
    return f"The proxy {proxy} ({proxy.named})"


def refusal(proxy: Proxy, status: int) -> str:
    """Why an HTTP proxy refuses."""
    if status == 407:
        return f"{at(proxy)} asks for a user and a password: write {proxy.scheme}://user:password@host:port"
    return f"{at(proxy)} refuses the connection ({status})"


def socks_refusal(proxy: Proxy, said: str) -> str:
    """Why a SOCKS proxy refuses; the library's words name no address."""
    if "auth" in said.lower():
        return f"{at(proxy)} refuses the user and the password: write {proxy.scheme}://user:password@host:port"
    return f"{at(proxy)} opens no way: {said[:80] or 'no reason given'}"


def unreachable(proxy: Proxy, error: BaseException) -> str:
    """Why a proxy cannot be reached; a TLS error or an unknown name has no strerror that says so."""
    if isinstance(error, socket.gaierror):
        return f"{at(proxy)} cannot be reached: its name cannot be found"
    if why := tls_reason(error):
        return f"{at(proxy)} cannot be reached: {why}"
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
    return f"{at(proxy)} cannot be reached: {reason}"
