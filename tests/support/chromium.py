"""A headless Chromium, driven over its DevTools protocol: no more of it than the page's tests and pictures need."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
PATIENCE = 30.0
KEYS = {
    "Enter": (13, "\r"),
    "Tab": (9, ""),
    "Escape": (27, ""),
    "ArrowDown": (40, ""),
    "ArrowUp": (38, ""),
    " ": (32, " "),
}


def found() -> str | None:
    """Where a Chromium is installed."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.complaints: list[str] = []
        """What the page has said to its console, and what it has thrown."""

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Asks the browser for something; returns its answer."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE):
            while (answer := await self._socket.receive_json()).get("id") != number:
                self._note(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(event["params"]))

    async def open(self, address: str) -> None:
        """Goes to an address."""
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=address)
        await self.until("location.href !== 'about:blank' && document.readyState === 'complete'")

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def until(self, script: str, seconds: float = PATIENCE) -> Any:
        """Waits until an expression is true, and returns its value."""
        try:
            async with asyncio.timeout(seconds):
                while not (value := await self.run(script)):  # noqa: ASYNC110 - a page is asked, it does not tell
                    await asyncio.sleep(0.05)
        except TimeoutError:
            shown = await self.run("document.body.innerText")
            raise AssertionError(f"not within {seconds} s: {script}\n{shown}\n{self.complaints}") from None
        return value

    async def type(self, text: str) -> None:
        """Types a text, as a keyboard would, where the focus is."""
        for char in text:
            await self.call("Input.dispatchKeyEvent", type="char", text=char)

    async def press(self, key: str, *, shift: bool = False) -> None:
        """Presses a key by its name."""
        code, text = KEYS[key]
        params = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **params)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **params)

    async def size(self, width: int, height: int, *, scale: float = 1, phone: bool = False) -> None:
        """Makes the window so large."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone}
        await self.call("Emulation.setDeviceMetricsOverride", **metrics)

    async def prefer(self, **features: str) -> None:
        """Sets what the user prefers: ``prefers_color_scheme="dark"``."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        await self.call("Emulation.setEmulatedMedia", features=wanted)

    async def picture(self, clip: dict[str, float] | None = None) -> bytes:
        """A PNG of what is seen, or of a part."""
        part = {"clip": clip | {"scale": 1}} if clip else {}
        return base64.b64decode((await self.call("Page.captureScreenshot", format="png", **part))["data"])


@contextmanager
def launched(program: str) -> Iterator[int]:
    """Runs Chromium with a profile of its own, until closed; gives the port where it is asked."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        quiet, env = subprocess.DEVNULL, os.environ | {"HOME": folder}
        flags = (*FLAGS, f"--user-data-dir={folder}", "about:blank")
        with subprocess.Popen([program, *flags], stdout=quiet, stderr=quiet, env=env) as process:
            try:
                yield _port(Path(folder))
            finally:
                process.terminate()


@asynccontextmanager
async def browser(program: str) -> AsyncIterator["Browser"]:
    """A Chromium of its own, until closed."""
    with launched(program) as port:
        async with aiohttp.ClientSession() as session:
            yield Browser(session, port)


class Browser:
    """A running Chromium."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._port = port

    @asynccontextmanager
    async def tab(self, address: str) -> AsyncIterator[Page]:
        """Opens an address in a tab of its own."""
        base = f"http://127.0.0.1:{self._port}/json"
        async with self._session.put(f"{base}/new?about:blank") as answer:
            target = await answer.json()
        try:
            async with self._session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                await page.call("Emulation.setFocusEmulationEnabled", enabled=True)
                await page.open(address)
                yield page
        finally:
            async with self._session.get(f"{base}/close/{target['id']}"):
                pass


def _port(folder: Path) -> int:
    """The port that Chromium has chosen, as soon as it has."""
    written, deadline = folder / "DevToolsActivePort", time.monotonic() + PATIENCE
    while not (written.exists() and "\n" in written.read_text()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Chromium has not said within {PATIENCE:.0f} s where it listens")
        time.sleep(0.05)
    return int(written.read_text().split()[0])
