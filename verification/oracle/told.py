"""The chats as they show themselves: what people read, taken apart with expressions of its own."""

import re
from dataclasses import dataclass, field
from math import inf

SIGNS = {"🔴": "critical", "🟠": "warning", "🔵": "info", "🟢": "resolved", "⚪": "note"}
GOOD = ("resolved", "eased", "note")
ESCALATED = r"Escalated: nobody has acknowledged (it|them) since .+(?: ago|, just now)\.$"
NUMBER = r"-?[\d,]+(?:\.\d+)?"


@dataclass(frozen=True, slots=True)
class Message:
    """One message that Telegram accepted. ``lost``: its answer never reached the bot, so a repeat is no fault."""

    chat: str
    at: float
    text: str
    silent: bool = False
    id: int = 0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """What a message says of one account (``who`` None: of the service as a whole, or of nobody).

    ``measure``: credits, plan, failures, runway, spike, listing, broken, or greeting, downtime, paused, resumed, gone,
    lapse.
    ``state``: critical, warning, info, resolved, eased (it still fires, and jobs run again) or note. ``still`` whether
    it says so; None where the words leave it open. ``number`` are the credits it tells, ``rung`` the line it names,
    ``untold`` whether it tells of what it overtook.
    """

    who: str | None
    measure: str
    state: str
    still: bool | None = False
    number: float | None = None
    rung: str | None = None
    untold: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A message as it was read. ``delayed`` are the seconds that it says it is late.

    ``escalated``: it says that nobody acknowledged what it tells.
    """

    message: Message
    tellings: tuple[Telling, ...] = ()
    delayed: float = 0.0
    many: bool = False
    escalated: bool = False


@dataclass
class Board:
    """A message that is edited: what it said from which moment on, since when it is pinned, and when it was gone."""

    chat: str
    id: int
    texts: list[tuple[float, str]] = field(default_factory=list)
    pinned_at: float = inf
    gone_at: float = inf

    def is_shown(self, at: float) -> bool:
        """Whether people saw it on top of their chat."""
        return self.pinned_at <= at < self.gone_at

    def text(self, at: float) -> str:
        """What it said."""
        return next((text for since, text in reversed(self.texts) if since <= at), "")


class Unreadable(Exception):
    """The message is nothing that anyone could make sense of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the bot said of itself when it was asked: ``/status`` in a chat, or ``/healthz`` with its ``code``.

    ``since``: when it was asked, where the answer, at ``at``, took a while.
    """

    at: float
    text: str
    chat: str = ""
    code: int = 0
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """One attempt to give an event to the webhook's receiver, and whether it took it."""

    at: float
    id: str
    body: str
    taken: bool


@dataclass
class Told:
    """Everything that Telegram took, in order; and what was answered to whoever asked how the bot is.

    ``posted`` are the attempts at the webhook's receiver. At the end ``firing`` are the alerts that fire, as events
    mark them, and ``events_left`` the events that still wait.
    """

    messages: list[Message] = field(default_factory=list)
    boards: list[Board] = field(default_factory=list)
    statuses: list[Asked] = field(default_factory=list)
    healths: list[Asked] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    firing: set[str] = field(default_factory=set)
    events_left: int = 0


def read(message: Message) -> Read:
    """A message, understood. Raises Unreadable."""
    head, *body = message.text.split("\n")
    escalated = bool(body) and re.match(ESCALATED, body[0]) is not None
    body = body[1:] if escalated else body
    head = re.sub(" · (some )?perhaps sent before$", "", head)
    head, _, late = head.partition(" · delayed ")
    sign, _, words = head.partition(" ")
    state = SIGNS.get(sign)
    if state is None:
        raise Unreadable(message.text)
    noted = of_greeting(words, body) or of_note(words)
    tellings = noted or of_source(words, state, body) or of_many(words, state, body) or of_one(words, state, body)
    many = bool(re.match(r"[\d,]+ (account|plan|alert)s? ", words))
    return Read(message, tuple(tellings), seconds(late), many, escalated)


def seconds(words: str) -> float:
    """A length of time as people read it: "3 d 4 h"."""
    units = {"s": 1, "min": 60, "h": 3600, "d": 86400}
    return float(sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+) (min|s|h|d)\b", words)))


def of_greeting(words: str, body: list[str]) -> list[Telling]:
    """What fires as a chat joins: a line an alert, or, of many, a line a group under a heading that counts them.

    What somebody is at already is only mentioned.
    """
    if not re.match(r"(credit-bot |This chat is paired|Also firing now)", words):
        return []
    found = [Telling(None, "greeting", "note")] if not words.startswith("Also") else []
    groups = dict[str, list[str]]()
    for line in body:
        sign, _, rest = line.partition(" ")
        if re.match(r"[\d,]+ (account|plan)s? .*:$", line):
            groups[line.removesuffix(":")] = []
        elif sign not in SIGNS:
            continue
        elif groups:
            groups[[*groups][-1]].append(line)
        elif ", acknowledged by " not in rest:
            found += of_source(rest, SIGNS[sign], []) or of_one(rest, SIGNS[sign], [])
    for heading, lines in groups.items():
        found += [one for label, one in grouped(heading, "", lines) if ", acknowledged by " not in label]
    return found


def of_note(words: str) -> list[Telling]:
    """A time in which nobody watched, or who is at an alert in another chat."""
    acked = re.match(r"(?:useapi\.net(?: \([^)]*\))?|(.+)): acknowledged by .+ \([a-z ]+\)$", words)
    if acked:
        return [Telling(acked[1], "ack", "note")]
    muted = re.match(r"(.+): muted in every chat by ", words)
    if muted:
        return [Telling(None if muted[1] == "Everything" else muted[1], "mute", "note")]
    if words.startswith("Nobody was watching"):
        return [Telling(None, "downtime", "note")]
    if re.match(r".+ paused the checks of ", words):
        return [Telling(None, "paused", "note")]
    if re.match(r"Checks of .+ go on", words):
        return [Telling(None, "resumed", "note")]
    return []


ACKED = r"(?:acknowledged by .+? (?:yesterday|today|on \w+ \d+ \w+), )?"
"""What stands before a reminder that follows on an ack."""

SOURCE = (
    (rf"{ACKED}(still )?refuses the API token", "failures"),
    (rf"{ACKED}subscription (is still|has) lapsed", "failures"),
    (rf"{ACKED}(still )?cannot be read", "failures"),
    (r"can be read again", "failures"),
    (r"subscription works again", "failures"),
    (r"counts .*broken PixVerse account", "broken"),
    (r"lists no PixVerse account", "listing"),
    (r"lists .*now watched", "listing"),
)


def of_source(words: str, state: str, body: list[str]) -> list[Telling]:
    """The service as a whole."""
    found = re.match(r"useapi\.net(?: \([^)]*\))?:? (.*)", words)
    for pattern, measure in SOURCE if found else ():
        if found and re.match(pattern, found[1]):
            return [Telling(None, measure, state, "still" in found[1], untold=is_untold(body))]
    return []


ONE = (
    (r"(?P<still>still )?out of credits", "credits"),
    (rf"(?P<still>still )?(?:at least )?(?P<number>{NUMBER}) credits?(?: left| again)?(?: \(.*\))?$", "credits"),
    (r"(?P<still>still )?cannot be read", "failures"),
    (r"can be read again", "failures"),
    (rf"(?P<eased>jobs run again), (?:at least )?(?P<number>{NUMBER}) credits?(?: \(.*\))?$", "credits"),
    (r"jobs are (?P<still>still )?refused, too few credits", "jobs"),
    (r"jobs run again$", "jobs"),
    (
        (
            r"plan (?P<still>still )?"
            r"(renews|was cancelled|ends|becomes|ended|has ended|was not renewed|not renewed|renewed|goes on)"
        ),
        "plan",
    ),
    (r"plan is (gone|now) ?", "plan"),
    (r"(?P<still>still )?without a paid plan", "plan"),
    (r"(runs|may run) out ", "runway"),
    (r"credits last again", "runway"),
    (r"spends .* the usual pace", "spike"),
    (r"back to the usual pace", "spike"),
    (rf"about (?P<number>{NUMBER}) credits? lapses? (today|tomorrow|on \w+ \d+ \w+) at this pace$", "lapse"),
    (rf"(?P<number>{NUMBER}) credits? lapses? (today|tomorrow|on \w+ \d+ \w+) unless used$", "lapse"),
    (r"no longer listed", "gone"),
)


def of_one(words: str, state: str, body: list[str]) -> list[Telling]:
    """One account: its name, a colon, and what is the matter."""
    who, colon, what = words.rpartition(": ") if ": no longer listed" in words else words.partition(": ")
    for pattern, measure in ONE if colon else ():
        found = re.match(ACKED + pattern, what)
        if found:
            parts = found.groupdict()
            number = parts.get("number") or ("0" if measure == "credits" else None)
            rung = re.search(r"your (.+) line\.", "\n".join(body[:1]))
            still = True if parts.get("still") else None if measure == "plan" else False
            told = float(number.replace(",", "")) if number else None
            state = "eased" if parts.get("eased") else state
            return [Telling(who, measure, state, still, told, rung[1] if rung else None, is_untold(body))]
    raise Unreadable(words)


def is_untold(body: list[str]) -> bool:
    """Whether it tells of trouble that was over before it could be told."""
    return any(line.startswith("Not told in time") or "not told in time" in line for line in body)


MANY = (
    (r"acknowledged by", "ack"),
    (r"no longer listed", "gone"),
    (r"credits that lapse", "lapse"),
    (r"plans? ", "plan"),
    (r"(last again|may run out)", "runway"),
    (r"(usual pace|unusually fast)", "spike"),
    (r"(can|cannot) be read", "failures"),
    (r"(refused jobs|run jobs again$)", "jobs"),
    (r"(enough credits|low on credits|run jobs again)", "credits"),
)


def of_many(words: str, state: str, body: list[str]) -> list[Telling]:
    """Several accounts of one cause: a group a line."""
    return [one for _, one in grouped(words, state, body)]


def grouped(words: str, state: str, body: list[str]) -> list[tuple[str, Telling]]:
    """The same, each with the label of its group. Without a ``state`` of all, each label shows its own."""
    headed = re.match(r"([\d,]+) (?:account|plan|alert)s? ", words)
    if not headed:
        return []
    measure = next((name for pattern, name in MANY if re.search(pattern, words)), None)
    if measure is None:
        raise Unreadable(words)
    state = "eased" if "run jobs again, still low" in words else state
    found = list[tuple[str, Telling]]()
    for line in body:
        label, colon, names = line.partition(": ")
        group = SIGNS.get(label.partition(" ")[0]) or (state if state in GOOD or measure == "lapse" else None)
        if colon and group and not line.startswith("Read "):
            every = names.partition(". ")[0].split(", ")
            found += [(label, of_name(one, measure, group, label)) for one in every]
    follow = re.search(r", ([\d,]+) more follow$", words)
    if len(found) != int(headed[1].replace(",", "")):
        raise Unreadable(f"{words}: names {len(found)}, {follow and follow[1]} follow")
    return found


def of_name(words: str, measure: str, state: str, label: str) -> Telling:
    """One of many: its name, and perhaps its credits, or its pace, in brackets."""
    found = re.match(rf"(.*?)(?: \((?:at least |about )?({NUMBER})\)| \({NUMBER} × the usual\))?$", words)
    number = found[2] if found else None
    rung = re.search(r"below ([^,]+(?:,\d{3})*)", label)
    out = measure == "credits" and "out of credits" in label
    told = 0.0 if out else float(number.replace(",", "")) if number else None
    still = None if state not in GOOD else False
    return Telling(
        found[1] if found else words,
        measure,
        state,
        still,
        told,
        rung[1] if rung else None,
        "not told in time" in label,
    )
