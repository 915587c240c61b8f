"""``make screenshots`` makes the pictures of the README anew, in docs/pictures.

Needs Chromium; they are prettiest with Debian's fonts-inter and fonts-noto-color-emoji.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import week
from tests.support.chromium import Browser, Page, browser, found
from tests.support.running import demo

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
LARGEST = 200_000
NEWEST = "document.querySelector('#messages').lastElementChild"
AROUND = """(({{ x, y, width, height }}) => ({{ x: x - 8, y: y - 8, width: width + 16, height: height + 16 }}))(
  {}.getBoundingClientRect()
)"""


async def click(page: Page, selector: str) -> None:
    """Clicks, and waits until what follows has been drawn."""
    await page.run(f"document.querySelector({selector!r}).click()")
    await asyncio.sleep(0.3)


async def says(page: Page, words: str) -> None:
    """Waits until the chat shows something."""
    await page.until(f"document.querySelector('#messages').innerText.includes({words!r})", 60)
    await asyncio.sleep(1)


async def ask(page: Page, command: str, answer: str) -> None:
    """Types a command, and waits for its answer."""
    await page.run("document.querySelector('#say').focus()")
    await page.type(command)
    await page.press("Escape")
    await page.press("Enter")
    await says(page, answer)


async def light(page: Page) -> None:
    """An alert has just come: in the chat, and on the lock screen."""
    await page.size(1180, 860)
    await page.until("!document.querySelector('#banner').hidden", 60)
    await asyncio.sleep(1)


async def alert(page: Page) -> None:
    """The alert alone, close up."""
    await page.size(420, 860, scale=2)
    await says(page, "credits left")
    await click(page, "#banner-close")


async def dark(page: Page) -> None:
    """Telegram was away while two thresholds were crossed: one late message."""
    await page.size(1180, 860)
    await page.prefer(prefers_color_scheme="dark")
    await says(page, "credits left")
    await click(page, "#telegram")
    await click(page, "input[value=Main]")
    for credits in ("10500", "1300"):
        await page.run(f"document.querySelector('#credits').value = '{credits}'")
        await click(page, "[data-do=spend]")
        await asyncio.sleep(3)
    await click(page, "#telegram")
    await says(page, "delayed")


async def phone(page: Page) -> None:
    """On a phone, with an answer and the command menu."""
    await page.size(390, 780, scale=1.5, phone=True)
    await says(page, "credits left")
    await click(page, "#story")
    await click(page, "#banner-close")
    await ask(page, "/credits studio", "studio@example.com")
    await page.type("/")
    await page.until("!document.querySelector('#menu').hidden")


async def shot(chromium: Browser, name: str, scene: Callable[[Page], Awaitable[None]], part: str | None = None) -> None:
    """Plays a scene in a demo of its own, and keeps a picture of it, or of a part."""
    with TemporaryDirectory() as folder:
        async with demo(Path(folder)) as running, chromium.tab(await running.address()) as page:
            await scene(page)
            clip = await page.run(AROUND.format(part)) if part else None
            picture = await page.picture(clip)
    keep(name, picture)


def keep(name: str, picture: bytes) -> None:
    """Writes a picture, if it is small enough for a repository."""
    if len(picture) > LARGEST:
        raise SystemExit(f"{name} is too large: {len(picture):,} bytes.")
    (FOLDER / f"{name}.png").write_bytes(picture)
    print(f"docs/pictures/{name}.png  {len(picture):,} bytes")


async def main() -> None:
    """All of them, one after the other."""
    program = found()
    if program is None:
        raise SystemExit("There is no Chromium here: apt-get install chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    keep("history", await week.picture())
    async with browser(program) as chromium:
        await shot(chromium, "alert", alert, NEWEST)
        await shot(chromium, "page-light", light)
        await shot(chromium, "page-dark", dark)
        await shot(chromium, "page-phone", phone)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
