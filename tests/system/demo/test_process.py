"""The whole demo as people start it, as a process of its own."""

import asyncio
import signal
import socket
from pathlib import Path

import aiohttp
import pytest

from tests.support.running import demo


def left_in(folder: Path) -> list[Path]:
    """What a demo has left behind."""
    return list(folder.iterdir())


async def test_the_demo_shows_an_alert_answers_pauses_and_ends_tidily(tmp_path: Path) -> None:
    """The real bot over real HTTP: an alert by itself, /credits and a tap answered, exit 0 on Ctrl-C, nothing left.

    What is spent in a pause shows when checks go on; until then the account is shown as paused.
    """
    async with demo(tmp_path, "--terminal") as running:
        await running.until("/healthz")
        place = await running.until("credits left")
        assert "🟠 Studio" in running.shown
        running.type("2")
        place = await running.until("Snoozed by Kim", place)
        running.type("/credits")
        place = await running.until("6 accounts", place)
        running.type("/pause north 3h")
        place = await running.until("North is paused until", place)
        running.type("spend north 9999")
        running.type("/credits north")
        place = await running.until("Paused until", place)
        assert "North: out of credits" not in running.shown
        running.type("/resume north")
        place = await running.until("Checks of North go on now", place)
        await running.until("North: out of credits", place)
        assert "delayed" not in running.shown
        running.process.send_signal(signal.SIGINT)
        assert await running.end() == 0
    assert "Traceback" not in running.shown
    assert "The demo has ended" in running.shown
    assert not left_in(tmp_path)


@pytest.mark.parametrize("end", ["quit", "SIGTERM"])
async def test_the_demo_ends_as_it_is_told(tmp_path: Path, end: str) -> None:
    """By `quit` and by SIGTERM: exit 0, and no database left."""
    async with demo(tmp_path, "--terminal") as running:
        await running.until("watches 6 accounts")
        if end == "quit":
            running.type("quit")
        elif end == "SIGTERM":
            running.process.terminate()
        assert await running.end() == 0
    assert not left_in(tmp_path)


async def test_the_demo_needs_no_keyboard(tmp_path: Path) -> None:
    """Without an input, or at its end, the demo goes on and neither ends nor spins; it ends after so many seconds."""
    async with demo(tmp_path, "--terminal", "--seconds", "4", stdin=asyncio.subprocess.DEVNULL) as running:
        await running.until("credits left")
        assert await running.end() == 0
    async with demo(tmp_path, "--terminal", "--seconds", "4") as running:
        assert running.process.stdin
        running.process.stdin.close()
        await running.until("credits left")
        assert await running.end() == 0
    assert not left_in(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_without_a_terminal_the_page_is_served_and_its_address_printed(
    tmp_path: Path, number: signal.Signals
) -> None:
    """In CI, in a pipe, with no input: the page is there all the same; Ctrl-C ends it with 0, nothing is left."""
    async with demo(tmp_path, stdin=asyncio.subprocess.DEVNULL) as running:
        address = await running.address()
        async with aiohttp.ClientSession() as session, session.get(address) as page:
            assert "credit-bot demo" in await page.text()
        running.process.send_signal(number)
        assert await running.end() == 0
    assert "The demo has ended" in running.shown
    assert not left_in(tmp_path)


async def test_the_page_listens_where_it_is_told(tmp_path: Path) -> None:
    """`--port N`; one that is taken ends with 69 and says so in words."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with demo(tmp_path, "--port", str(port)) as running:
            assert await running.end() == 69
            assert f"cannot listen on port {port}" in running.shown
    async with demo(tmp_path, "--port", str(port), "--no-browser", "--seconds", "1") as running:
        assert await running.address() == f"http://127.0.0.1:{port}/"
        assert await running.end() == 0
