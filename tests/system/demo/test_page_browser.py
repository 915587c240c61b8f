"""The demo's page in a real browser: what a visitor sees, by keyboard, by ear, and on a phone too."""

import asyncio
import base64
import itertools
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.chromium import Browser, Page, found, launched
from tests.support.paged import World
from tests.support.running import Demo, demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        found() is None, reason="there is no Chromium here (apt-get install chromium), so the page is not tried in one"
    ),
]

MESSAGES = "document.querySelector('#messages').innerText"
LAST = "[...document.querySelectorAll('#messages .bots')].at(-1)"
FOCUSED = "document.activeElement"
WHERE = f"""((one) => [
  one === document.body ? "" : one.id || one.ariaLabel || one.textContent.trim() || one.value,
  getComputedStyle(one).outlineStyle !== "none" || one.type === "radio",
])({FOCUSED})"""
EVIL = "javascript:alert(1)"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WIDTHS = (320, 380, 600, 820, 1280)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a browser can be asked: one for all these tests, for each demo is another site to it."""
    with launched(found() or "") as asked_at:
        yield asked_at


@pytest.fixture
async def chromium(port: int) -> AsyncIterator[Browser]:
    """The browser."""
    async with aiohttp.ClientSession() as session:
        yield Browser(session, port)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Demo]:
    """The demo."""
    async with demo(tmp_path) as made:
        yield made


@pytest.fixture
async def page(running: Demo, chromium: Browser) -> AsyncIterator[Page]:
    """The demo's page, in a window of a usual size."""
    async with chromium.tab(await running.address()) as tab:
        await tab.size(1280, 900)
        yield tab
        assert tab.complaints == []


async def says(page: Page, words: str, seconds: float = 30) -> None:
    """Wait until the chat shows something."""
    await page.until(f"{MESSAGES}.includes({words!r})", seconds)


async def click(page: Page, selector: str) -> None:
    """Click on something."""
    await page.run(f"document.querySelector({selector!r}).click()")


async def spend(page: Page, name: str, credits: str) -> None:
    """Spend credits by the panel, and wait until the panel shows it."""
    await click(page, f"input[value={name}]")
    await page.run(f"document.querySelector('#credits').value = {credits!r}")
    await click(page, "[data-do=spend]")
    await page.until(f"document.querySelector('#happened').innerText.includes('{name} spends {int(credits):,}')")


async def test_an_alert_is_there_within_ten_seconds(tmp_path: Path, chromium: Browser) -> None:
    """From the printed address to an alert on the page, which rings, says so, and shows on the lock screen."""
    async with demo(tmp_path) as running:
        address, begun = await running.address(), time.monotonic()
        async with chromium.tab(address) as page:
            await sees_an_alert(page, begun)
            running.process.send_signal(signal.SIGINT)
            assert await running.end() == 0
            await page.until("!document.querySelector('#lost').hidden")


async def sees_an_alert(page: Page, begun: float) -> None:
    """Wait for the first alert, and look at it."""
    await says(page, "credits left")
    assert time.monotonic() - begun < 10
    await page.until("!document.querySelector('#banner').hidden")
    assert "credits left" in await page.run("document.querySelector('#banner-text').innerText")
    assert "rings" in await page.run(f"{LAST}.textContent")
    assert await page.run(f"{LAST}.querySelector('strong').textContent") == "Studio"


async def test_a_command_is_typed_from_the_menu_and_answered(page: Page) -> None:
    """`/` opens the menu that the bot has set, arrows choose, Enter sends: the focus is there from the beginning."""
    await page.until("document.querySelector('#time').innerText !== '--:--'")
    await asyncio.sleep(1)  # the bot sets its menu as it starts
    assert await page.run(f"{FOCUSED}.id") == "say"
    await page.type("/")
    await page.until("document.querySelectorAll('#menu [role=option]').length > 4")
    assert await page.run(f"{FOCUSED}.getAttribute('aria-expanded')") == "true"
    await page.press("ArrowDown")
    chosen = await page.run(f"document.getElementById({FOCUSED}.getAttribute('aria-activedescendant')).innerText")
    assert chosen.startswith("/history")
    await page.press("ArrowUp")
    await page.press("Enter")
    await says(page, "6 accounts")
    assert await page.run("document.querySelector('#menu').hidden")
    await page.type("/cre")
    await page.press("Tab")
    assert await page.run(f"{FOCUSED}.value") == "/credits "
    await page.type("ads")
    await page.press("Enter")
    await says(page, "ads@example.com")


async def test_a_tap_on_ack_edits_the_message(page: Page) -> None:
    """The button does at the real bot what it does on a phone; the message is changed in its place, for every chat."""
    await page.until(f"{LAST}?.innerText.includes('credits left') && {LAST}.innerText.includes('Ack')")
    await click(page, "#story")
    await page.run(f"{LAST}.querySelector('.key').click()")
    await says(page, "by Kim")
    assert "edited" in await page.run(f"{LAST}.innerText")
    assert await page.run(f"{MESSAGES}.match(/credits left/g).length") == 1


async def test_away_and_back_gives_one_late_message(page: Page) -> None:
    """Telegram away, two thresholds crossed, Telegram back: one message, for the worst rung, said to be late."""
    await says(page, "credits left")
    await click(page, "#telegram")
    await page.until("document.querySelector('#signal').innerText === 'No Telegram'")
    await spend(page, "Main", "10500")
    await asyncio.sleep(3)
    await spend(page, "Main", "1300")
    await asyncio.sleep(3)
    assert "Main" not in await page.run(MESSAGES)
    await click(page, "#telegram")
    await says(page, "delayed", 60)
    await asyncio.sleep(3)
    late = await page.run("[...document.querySelectorAll('#messages .text')].map((one) => one.innerText)")
    about = [text for text in late if "Main" in text.split("\n")[0]]
    assert len(about) == 1
    assert "below your 5 % line" in about[0]
    assert "Telegram did not take messages from" in about[0]


async def test_everything_can_be_done_by_keyboard(page: Page) -> None:
    """Tab reaches every control, each says what it is and shows the focus; a tap, a deed and another chat by keys."""
    await says(page, "credits left")
    await click(page, "#story")
    await page.run("document.activeElement.blur(), document.querySelector('.skip').focus()")
    seen: list[str] = []
    for _ in range(60):
        name, outlined = await page.run(WHERE)
        if not name:  # past the last
            break
        seen.append(name)
        assert outlined, name
        await page.press("Tab")
    wanted = [
        "sound",
        "theme",
        "messages",
        "Ack",
        "menu-open",
        "say",
        "credits",
        "Spend",
        "Refill",
        "telegram",
        "story",
    ]
    places = [seen.index(name) if name in seen else -1 for name in wanted]
    assert places == sorted(places), "|".join(seen)
    await page.run("document.querySelector('#places').children[1].focus()")
    await page.press("Enter")
    await page.until("document.querySelector('#places').children[1].getAttribute('aria-current')")
    await page.until("!document.querySelector('#person-label').hidden")
    await page.run("document.querySelector('#plan').focus()")
    await page.press(" ")
    await page.until("document.querySelector('#plan').innerText === 'Renew plan'")


async def test_who_listens_to_the_page_hears_what_comes(page: Page) -> None:
    """Landmarks with names, a name for every control, and a ringing message told at once, a silent one in turn."""
    await page.until("document.querySelector('#urgent').textContent.includes('credits left')")
    await page.until("document.querySelector('#polite').textContent !== ''")
    assert await page.run("document.querySelector('#urgent').getAttribute('aria-live')") == "assertive"
    assert await page.run("document.querySelector('#polite').getAttribute('aria-live')") == "polite"
    tree = (await page.call("Accessibility.getFullAXTree"))["nodes"]
    nodes = [(one["role"]["value"], one.get("name", {}).get("value", "")) for one in tree if not one.get("ignored")]
    roles = {role for role, name in nodes if name}
    assert {"main", "navigation", "complementary", "list", "combobox", "radio", "button", "textbox"} <= roles
    operable = ("button", "textbox", "combobox", "radio", "link", "main", "complementary", "navigation", "img", "image")
    assert [role for role, name in nodes if role in operable and not name] == []


async def test_every_text_stands_out_and_nothing_moves_for_who_wants_no_motion(page: Page) -> None:
    """Contrast of at least 4.5 (WCAG AA) for every text in light and dark; the toggle wins over the system's wish."""
    await page.prefer(prefers_color_scheme="light", prefers_reduced_motion="reduce")
    await says(page, "credits left")
    assert await page.run("document.getAnimations().length") == 0
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await page.run(ground)
    assert await page.run(CONTRASTS) == []
    await page.prefer(prefers_color_scheme="dark", prefers_reduced_motion="reduce")
    assert await page.run(ground) != light
    assert await page.run(CONTRASTS) == []
    await click(page, "#theme")
    assert await page.run(ground) == light


async def test_what_the_bot_says_is_text_and_never_markup(chromium: Browser) -> None:
    """A name may hold anything: it is shown as it is. Entities count in UTF-16 units; only web links become links."""
    world = World()
    async with world.page.opened(""), chromium.tab(world.address) as page:
        said = "🟠 <img src=x onerror=alert(1)> link click /credits"
        links = [{"offset": 32, "length": 4, "url": "https://example.com/"}, {"offset": 37, "length": 5, "url": EVIL}]
        entities = [{"type": "bold", "offset": 3, "length": 4}, *({"type": "text_link"} | link for link in links)]
        tap = [("Go", "https://example.com/"), ("Tap", EVIL)]
        world.message(said, number=9, photo=PICTURE, entities=entities, buttons=[tap])
        await says(page, said)
        assert await page.run(f"{LAST}.querySelector('strong').textContent") == "<img"
        assert await page.run(f"[...{LAST}.querySelectorAll('.text a')].map((one) => one.textContent)") == ["link"]
        assert await page.run(f"{LAST}.querySelectorAll('img').length") == 1
        await page.until(f"{LAST}.querySelector('img').naturalWidth === 1")
        await page.run(f"{LAST}.querySelector('.command').click()")
        await page.until("document.querySelector('#messages .mine') !== null")
        assert world.stage.telegram.pending_updates[0]["message"]["text"] == "/credits"
        assert page.complaints == []


async def test_good_news_leads_back_to_what_it_answers(chromium: Browser) -> None:
    """A line above the text names the alert; a tap brings it into view."""
    world = World()
    async with world.page.opened(""), chromium.tab(world.address) as page:
        await page.size(390, 700, phone=True)
        world.message("🔴 Studio: out of credits\nTop up", number=1)
        for number in range(2, 30):
            world.message(f"Something else {number}", number=number)
        world.message("🟢 Studio: 15,000 credits again", number=30, reply_to=1)
        await says(page, "credits again")
        first = "document.querySelector('#messages .message').getBoundingClientRect()"
        assert await page.run(f"{LAST}.querySelector('.quote').textContent") == "Replies to: 🔴 Studio: out of credits"
        assert await page.run(f"{first}.bottom") < 0
        await page.run(f"{LAST}.querySelector('.quote').click()")
        await page.until(f"{first}.top > 0")
        assert await page.run(CONTRASTS) == []
        assert page.complaints == []


async def test_no_width_scrolls_sideways(page: Page) -> None:
    """From a small phone to a desk, with a long message: the chat fits, and on a phone the world is one tap away."""
    await says(page, "credits left")
    await click(page, "#story")
    await page.type("x" * 300)
    await page.press("Enter")
    await says(page, "x" * 300)
    for width, view in itertools.product(WIDTHS, ("chat", "world")):
        await page.size(width, 760, phone=width < 700)
        await click(page, f".views [data-view={view}]")
        assert await page.run("document.documentElement.scrollWidth") <= width
        assert await page.run("document.querySelector('#messages').scrollWidth <= innerWidth")
        shown = "#say" if view == "chat" else "#telegram"
        assert await page.run(f"document.querySelector('{shown}').offsetParent !== null")


async def test_two_tabs_show_the_same(page: Page, running: Demo, chromium: Browser) -> None:
    """What is done in one is seen in the other."""
    await says(page, "credits left")
    await click(page, "#story")
    async with chromium.tab(await running.address()) as second:
        await says(second, "credits left")
        await page.type("/status")
        await page.press("Escape")
        await page.press("Enter")
        await says(second, "/status")
        assert await second.run("document.querySelector('#story').innerText") == "Go on with it"


CONTRASTS = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const over = (colors) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = (node) => node ? [...grounds(node.parentElement), getComputedStyle(node).backgroundColor] : [];
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest(".hidden, option")) continue;
    const ground = grounds(node);
    const [a, b] = [light(over(ground)), light(over([...ground, getComputedStyle(node).color]))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${node.textContent.trim().slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return faint;
})()"""
