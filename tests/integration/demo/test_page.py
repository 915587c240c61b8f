"""The demo's page as a server: what it serves, to whom, what it tells, and which wishes it fulfils."""

import asyncio
import json
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import aiohttp
import pytest

from bot.demo.browser import Browser, somebody_looks
from bot.demo.chats import KIM, NORA, ROBIN, SHOWN, TEAM, TOPIC
from bot.demo.clock import USUAL
from bot.demo.page_server import FOLDER, KINDS
from bot.demo.script import SCRIPT
from bot.support.errors import StartError
from tests.support.paged import World

PICTURE = b"\x89PNG\r\n\x1a\nand so on"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A page that is being served."""
    made = World()
    async with made.page.opened("the addresses"):
        yield made


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody who asks for pages."""
    async with aiohttp.ClientSession() as session:
        yield session


class Tab:
    """An open page, as its script sees it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def event(self, kind: str) -> dict[str, Any]:
        """The next event of a kind."""
        async with asyncio.timeout(10):
            while (event := await self._socket.receive_json())["kind"] != kind:
                pass
        found: dict[str, Any] = event
        return found

    async def wish(self, kind: str, **content: Any) -> None:
        """Wish for something."""
        await self._socket.send_str(json.dumps({"kind": kind, **content}))

    async def refusal(self, kind: str, **content: Any) -> str:
        """Wish for something, and return why not."""
        await self.wish(kind, **content)
        return str((await self.event("refused"))["text"])


@pytest.fixture
async def tab(world: World, client: aiohttp.ClientSession) -> AsyncIterator[Tab]:
    """An open page."""
    async with client.ws_connect(f"{world.address}/events", origin=world.address) as socket:
        yield Tab(socket)


async def test_every_part_is_served_and_none_comes_from_elsewhere(world: World, client: aiohttp.ClientSession) -> None:
    """The page and its parts, each with its type and a strict policy; no inline script, style or foreign address."""
    for path in sorted(FOLDER.iterdir()):
        name = "" if path.name == "index.html" else path.name
        async with client.get(f"{world.address}/{name}") as answer:
            text = await answer.text()
            assert answer.status == 200
            assert answer.content_type == KINDS[path.suffix]
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "://" not in text.replace("http://www.w3.org/2000/svg", "").replace("ws://${location.host}", "")
        assert "<style" not in text
        assert "innerHTML" not in text
        assert " style=" not in text


async def test_the_page_is_in_the_package_and_small() -> None:
    """No build step and nothing fetched: what is served is what lies in the folder, a few dozen kilobytes."""
    assert {"index.html", "style.css", "app.js"} <= {path.name for path in FOLDER.iterdir()}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 60_000


@pytest.mark.parametrize("path", ["/settings.env", "/../stage.py", "/%2e%2e/stage.py", "/pictures/7:1", "/page"])
async def test_nothing_else_of_this_machine_is_served(world: World, client: aiohttp.ClientSession, path: str) -> None:
    """Only the page's own files: any other path is 404, with the same strict policy."""
    async with client.get(world.address + path) as answer:
        assert answer.status == 404
        assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1.evil.example:{port}"]
)
async def test_a_foreign_name_for_this_machine_is_refused(
    world: World, client: aiohttp.ClientSession, host: str
) -> None:
    """DNS rebinding: a website whose name leads to 127.0.0.1 gets neither the page nor the socket."""
    port = world.address.rpartition(":")[2]
    for path in ("/", "/events"):
        async with client.get(world.address + path, headers={"Host": host.format(port=port)}) as answer:
            assert answer.status == 421
            assert "<html" not in await answer.text()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", None])
async def test_only_the_page_itself_may_open_the_socket(
    world: World, client: aiohttp.ClientSession, origin: str | None
) -> None:
    """Another page in the same browser can open sockets anywhere, so where it comes from is asked."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect(f"{world.address}/events", origin=origin)
    assert refused.value.status == 403


async def test_localhost_is_as_good_a_name(world: World, client: aiohttp.ClientSession) -> None:
    """People type it."""
    port = world.address.rpartition(":")[2]
    headers = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}
    async with client.ws_connect(f"{world.address}/events", headers=headers) as socket:
        assert (await socket.receive_json())["kind"] == "everything"


async def test_the_page_listens_on_this_machine_only(world: World) -> None:
    """Nobody else in the network can open it."""
    assert world.address.startswith("http://127.0.0.1:")


async def test_a_new_page_is_told_everything_and_then_what_changes(world: World, tab: Tab) -> None:
    """A message, its edit and its end, with what a phone shows of it: entities, buttons, silence, the edit."""
    first = await tab.event("everything")
    assert [place["key"] for place in first["places"]] == [place.key for place in SHOWN]
    assert first["messages"] == []
    bold = [{"type": "bold", "offset": 0, "length": 5}]
    message = world.message("Hello", entities=bold, buttons=[[("Ack", "ack:1")]], silent=True)
    shown = (await tab.event("message"))["message"]
    assert (shown["text"], shown["entities"], shown["buttons"]) == ("Hello", bold, [[["Ack", "ack:1"]]])
    assert (shown["place"], shown["silent"], shown["edits"], shown["at"]) == ("kim", True, 0, "09:00")
    message.deleted = True
    world.page.bot_said(message)
    gone = (await tab.event("message"))["message"]
    assert gone["deleted"]
    assert "Hello" not in json.dumps(gone)


async def test_good_news_shows_what_it_answers(world: World, tab: Tab) -> None:
    """The first line of that message, and its place in the chat; in each chat its own."""
    await tab.event("everything")
    world.message("Out of credits\nTop up", number=8)
    world.message("Something else\nTop up", chat_id=NORA, number=8)
    world.message("Well again", chat_id=NORA, number=9, reply_to=8)
    _, _, shown = [(await tab.event("message"))["message"] for _ in range(3)]
    assert (shown["place"], shown["answers"]) == ("oncall", {"key": f"{NORA}:8", "text": "Something else"})
    world.message("No answer", number=10, reply_to=77)
    assert (await tab.event("message"))["message"]["answers"] is None


async def test_every_tab_shows_the_same(world: World, tab: Tab, client: aiohttp.ClientSession) -> None:
    """What is done in one tab is seen in the others, and a tab opened later shows what has been."""
    await tab.event("everything")
    await tab.wish("say", place="kim", text="/credits", user=KIM)
    assert (await tab.event("message"))["message"]["text"] == "/credits"
    async with client.ws_connect(f"{world.address}/events", origin=world.address) as socket:
        later = await Tab(socket).event("everything")
        assert [one["text"] for one in later["messages"]] == ["/credits"]
        await Tab(socket).wish("do", name="spend", words=["Studio", "1,000"])
        line = (await tab.event("happened"))["line"]
        assert line["text"] == "Studio spends 1,000 credits."


async def test_pictures_are_shown_as_they_are_sent(world: World, tab: Tab, client: aiohttp.ClientSession) -> None:
    """A photo message names where its picture is, and an edit names another place, so that no old one is shown."""
    await tab.event("everything")
    world.message("A caption", photo=PICTURE)
    shown = (await tab.event("message"))["message"]
    assert (shown["text"], shown["picture"]) == ("A caption", f"/pictures/{KIM}:1?edit=0")
    async with client.get(world.address + shown["picture"]) as answer:
        assert answer.content_type == "image/png"
        assert await answer.read() == PICTURE


async def test_people_write_and_tap_in_every_chat(world: World, tab: Tab) -> None:
    """In the private chat and in the group's topic, as whoever may be there; buttons go with their data."""
    world.message("Low", buttons=[[("Ack", "ack:1")]], number=9)
    world.message("Low", chat_id=TEAM, thread_id=45, buttons=[[("Ack", "ack:2")]], number=9)
    await tab.wish("say", place="team", text="/alerts", user=ROBIN)
    await tab.wish("tap", key=f"{TEAM}:9", data="ack:2", user=ROBIN)
    await tab.wish("tap", key=f"{KIM}:9", data="ack:1", user=KIM)
    assert "no such wish" in await tab.refusal("nothing")
    said, in_team, in_private = world.stage.telegram.pending_updates
    assert said["message"]["from"]["first_name"] == "Robin"
    assert said["message"]["message_thread_id"] == TOPIC.thread_id
    assert in_team["callback_query"]["data"] == "ack:2"
    assert in_private["callback_query"]["from"]["first_name"] == "Kim"


async def test_the_panel_drives_the_world_and_stops_the_story(world: World, tab: Tab) -> None:
    """Every verb does what it says, the page sees it within a second, and the story waits so as not to interfere."""
    assert world.teller.playing
    before = (await tab.event("everything"))["world"]
    assert (before["away"], before["playing"], before["speed"]) == (False, True, before["speeds"][USUAL])
    for name, *words in (
        ("spend", "Studio", "1000"),
        ("buy", "Ads", "500"),
        ("break", "Loop"),
        ("cancel", "North"),
        ("away",),
    ):
        await tab.wish("do", name=name, words=words)
    await tab.wish("speed", minutes=40)
    while (now := (await tab.event("world"))["world"])["speed"] != 40:
        pass
    accounts = {one["name"]: one for one in now["accounts"]}
    assert (accounts["Studio"]["credits"], accounts["Ads"]["credits"]) == (3_150, 10_320)
    assert (accounts["Loop"]["broken"], accounts["North"]["cancelled"]) == (True, True)
    assert (now["away"], now["playing"]) == (True, False)
    for name, *words in (("mend", "Loop"), ("renew", "North"), ("refill", "Studio"), ("back",)):
        await tab.wish("do", name=name, words=words)
    await tab.wish("story", playing=True)
    while not (now := (await tab.event("world"))["world"])["playing"]:
        pass
    accounts = {one["name"]: one for one in now["accounts"]}
    assert not any((accounts["Loop"]["broken"], accounts["North"]["cancelled"], now["away"]))
    assert accounts["Studio"]["credits"] == 15_000


async def test_the_panel_shows_the_account_of_kling_too(world: World, tab: Tab) -> None:
    """Its service, its lots and when one lapses; it is spent, filled and broken like the others, but has no plan."""
    (film,) = [one for one in (await tab.event("everything"))["world"]["accounts"] if one["service"] == "Kling"]
    assert (film["name"], film["credits"], film["allowance"]) == ("Film", 710, 660)
    assert (film["plan"], film["cancelled"]) == ("560 lapse Wed 22 Jul, 150 bought", None)
    for name, *words in (("spend", "Film", "600"), ("buy", "Film", "90"), ("break", "Film")):
        await tab.wish("do", name=name, words=words)
    while not film["broken"]:
        film = (await tab.event("world"))["world"]["accounts"][-1]
    assert (film["credits"], film["plan"]) == (200, "110 bought, 90 bought")
    assert world.stage.pixverse.has_fault("film@example.com")
    for name in ("mend", "refill"):
        await tab.wish("do", name=name, words=["Film"])
    while film["credits"] == 200:
        film = (await tab.event("world"))["world"]["accounts"][-1]
    assert (film["plan"], film["broken"]) == ("660 lapse Thu 20 Aug, 110 bought, 90 bought", False)
    assert "Film is a Kling account" in await tab.refusal("do", name="cancel", words=["Film"])


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"kind": "say", "place": "kim", "text": "  ", "user": KIM}, "between 1 and 4,096"),
        ({"kind": "say", "place": "kim", "text": "x" * 4097, "user": KIM}, "between 1 and 4,096"),
        ({"kind": "say", "place": "elsewhere", "text": "x", "user": KIM}, "no such chat"),
        ({"kind": "say", "place": "kim", "text": "x", "user": ROBIN}, "not in this chat"),
        ({"kind": "say", "place": "kim", "text": 7, "user": KIM}, "lacks its text"),
        ({"kind": "tap", "key": "7:99", "data": "ack:1", "user": KIM}, "no longer there"),
        ({"kind": "do", "name": "explode", "words": []}, "no such deed"),
        ({"kind": "do", "name": "spend", "words": ["Studio", "many"]}, "whole number"),
        ({"kind": "do", "name": "spend", "words": ["Studio", "-5"]}, "whole number"),
        ({"kind": "do", "name": "spend", "words": ["Nobody", "5"]}, "One of: Studio"),
        ({"kind": "speed", "minutes": 7}, "that speed"),
        ({"kind": ["say"]}, "no such wish"),
        ([1, 2], "is an object"),
    ],
)
async def test_wrong_wishes_are_answered_in_words(world: World, tab: Tab, wish: Any, why: str) -> None:
    """Whatever comes over the socket: the page is told why not, nothing happens, and the story goes on."""
    await tab._socket.send_str(json.dumps(wish))
    assert why in (await tab.event("refused"))["text"]
    assert world.stage.telegram.pending_updates == []
    assert world.teller.playing


async def test_what_is_no_json_is_answered_too(tab: Tab) -> None:
    """And the socket stays open."""
    await tab._socket.send_str("{")
    assert "no JSON" in (await tab.event("refused"))["text"]
    assert "no such wish" in await tab.refusal("nothing")


async def test_the_menu_is_the_one_that_the_bot_has_set(world: World, tab: Tab) -> None:
    """Telegram's own rule: a chat's own menu, else the default one."""
    await tab.event("everything")
    mine, default = [{"command": "credits", "description": "x"}], [{"command": "help", "description": "y"}]
    world.stage.telegram.commands['{"chat_id": 7, "type": "chat"}', ""] = mine
    world.stage.telegram.commands['{"type": "default"}', ""] = default
    while not (menus := (await tab.event("world"))["world"]["menus"])["kim"]:
        pass
    assert menus == {"kim": mine, "team": default, "oncall": default}


async def test_a_page_that_does_not_keep_up_is_let_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tab that sleeps must not make the demo's memory grow; when it wakes it comes again and is told everything."""
    monkeypatch.setattr("bot.demo.page_state.MOST_WAITING", 3)
    events = world.page.events()
    await anext(events)
    for number in range(9):
        world.page.narrated(f"{number}")
    assert [event async for event in events] == []
    assert not world.page._pages


async def test_an_old_message_is_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo may run for days: the page keeps so many messages and pictures and no more."""
    monkeypatch.setattr("bot.demo.page_state.MOST_MESSAGES", 3)
    for number in range(1, 6):
        world.message("Hello", number=number, photo=PICTURE)
    assert world.page.picture("7:2") is None
    assert world.page.picture("7:5") == PICTURE


async def test_a_port_in_use_is_said_in_words(world: World) -> None:
    """Exit code 69, with what to do about it."""
    taken = int(world.address.rpartition(":")[2])
    second = Browser(world.stage, world.teller, port=taken, out=StringIO())
    with pytest.raises(StartError, match=f"port {taken}.*Try another --port"):
        async with second.opened(""):
            pass


async def test_the_address_is_printed(world: World) -> None:
    """Where nobody has a browser to open it in, one can still copy it; a closed output ends nothing."""
    assert f"Open  {world.address}/" in world.out.getvalue()
    assert "the addresses" in world.out.getvalue()
    world.out.close()
    world.page.write("Hello")


@pytest.mark.parametrize(
    ("env", "platform", "tty", "looks"),
    [
        ({"DISPLAY": ":0"}, "linux", True, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True, True),
        ({}, "darwin", True, True),
        ({}, "linux", True, False),
        ({"DISPLAY": ":0"}, "linux", False, False),
        ({"DISPLAY": ":0", "CI": "true"}, "linux", True, False),
        ({"DISPLAY": ":10", "SSH_CONNECTION": "1 2 3 4"}, "linux", True, False),
    ],
)
def test_a_browser_is_opened_only_where_somebody_looks(
    env: dict[str, str], platform: str, tty: bool, looks: bool
) -> None:
    """On a terminal within a graphical session of this machine: not in CI, not in a pipe, not far away."""

    class Out(StringIO):
        def isatty(self) -> bool:
            return tty

    assert somebody_looks(Out(), env, platform) is looks
    assert not somebody_looks(None, env, platform)


async def test_the_story_waits_while_it_is_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has stopped it is alone with the world; it goes on where it was."""
    monkeypatch.setattr("bot.demo.player.STEP", 0.005)
    monkeypatch.setattr("bot.demo.player.scenes", lambda _: ((0.0, scene) for scene in SCRIPT[:2]))
    world = World()
    world.teller.pause()
    telling = asyncio.create_task(world.teller.tell())
    await asyncio.sleep(0.05)
    assert world.stage.account("Studio").monthly == 4_150
    world.teller.resume()
    await telling
    assert world.stage.account("Studio").monthly == 550
    assert world.stage.account("Ads").cancelled_at
