"""Secrets that are planted everywhere, and the search for them, in every dress, in every byte that was written.

The search knows nothing of the bot's own redaction: the two must not have the same blind spot.
"""

import json
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

USEAPI = "user:4711-MARKED1useapi0123456789"
STUDIO = "user:4712-MARKED2studio0123456789"
TELEGRAM = "4242424242:AAMARKED3telegram-abcdefghijklmnopqrs"
BEAT = "MARKED4beat/with-0123456789"
BEAT_KEY = "MARKED5key&more-0123456789"
MAIL = "MARKED6mail'w\"ord"
TOPIC = "MARKED7topic0123456789"
API = "MARKED8api+pass/word"
PROXY = "MARKED9proxy"
PASSWORD = "MARKED10password"
SESSION = "eyJhbGciOiJIUzI1NiJ9.TUFSS0VEMTFzZXNzaW9u.MARKED11session-abc"
INVOICE = "MARKED12-invoice"
BILL = "MARKED13-bill"
HOOK = "MARKED14hook0123456789"
WHSEC = "whsec_MARKED15hookSecret0123456789abcd"

PLANTED = {
    "the token of a file": USEAPI,
    "the token of a variable": STUDIO,
    "the bot's token": TELEGRAM,
    "the heartbeat's path": BEAT,
    "the heartbeat's key": BEAT_KEY,
    "the second channel's password": MAIL,
    "the second channel's topic": TOPIC,
    "the password of TELEGRAM_API_URL": API,
    "the proxy's password": PROXY,
    "an account's password": PASSWORD,
    "a session's token": SESSION,
    "an invoice's link": INVOICE,
    "a bill's link": BILL,
    "the webhook's path": HOOK,
    "the webhook's secret": WHSEC,
}
_MARK = re.compile(r"MARKED\d+\w*")
_GAPS = re.compile(rb"\\n|\\r|[\s'\"\\]")


def marks_of(secret: str) -> Iterator[bytes]:
    """What gives a secret away: its marked part, plain and as libraries may write it."""
    mark = _MARK.search(secret)
    assert mark, secret
    for text in (mark[0], secret):
        yield text.encode()
        yield quote(text, safe="").encode()
        yield json.dumps(text)[1:-1].encode()
        yield repr(text)[1:-1].encode()
    yield from in_base64(mark[0])


def in_base64(text: str) -> Iterator[bytes]:
    """What stays the same of a text's Base64 wherever in a longer text it begins."""
    for before in range(3):
        encoded = b64encode(b"x" * before + text.encode()).rstrip(b"=")
        yield encoded[4 if before else 0 : -3]


def found_in(content: bytes) -> list[str]:
    """Every secret that these bytes hold, with what stands around it; also one that was split over lines."""
    joined = _GAPS.sub(b"", content)
    told = []
    for what, secret in PLANTED.items():
        for mark in marks_of(secret):
            for text in (content, joined):
                place = text.find(mark)
                if place >= 0:
                    told.append(f"{what}: …{text[max(place - 200, 0) : place + 60]!r}…")
    return told


def search(folder: Path, **texts: str) -> None:
    """Look through every file that was written into the folder, and these texts."""
    written = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for name, content in (written | {name: text.encode() for name, text in texts.items()}).items():
        assert not found_in(content), f"{name}: {found_in(content)[0]}"


@dataclass
class ProcessList:
    """Looks at the machine's list of processes again and again: what others see of the bot and of its children."""

    parent: int
    seen: dict[str, bytes] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "ProcessList":
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            for pid in family(self.parent):
                self._look(pid)

    def _look(self, pid: int) -> None:
        """Its arguments, and of a child also the environment: the bot's own is given to it by its owner.

        The second channel's child talks to the network, and so gets the proxy.
        """
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
            environment = b"" if pid == self.parent else Path(f"/proc/{pid}/environ").read_bytes()
            if b"bot.features.fallback.apprise_process" in arguments:
                environment = re.sub(rb"\bHTTPS_PROXY=[^\0]*", b"", environment)
        except OSError:
            return
        if pid == self.parent or b"-P\0-m\0" in arguments:  # between fork and exec a child still looks like the bot
            self.seen[arguments.replace(b"\0", b" ").decode()] = arguments + environment

    def has(self, words: str) -> bool:
        """Whether a process with these words among its arguments was seen."""
        return any(words in arguments for arguments in list(self.seen))


def family(parent: int) -> Iterator[int]:
    """A process and its children."""
    yield parent
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            yield from map(int, task.read_text().split())
        except OSError:
            continue
