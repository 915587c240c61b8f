"""The services that are watched where ``SERVICES=all`` stands and useapi.net does not say which these are."""

from collections.abc import Sequence

from bot.telegram.text.formatting import joined

UNSAID = "useapi.net does not say which services you have"
NAME_THEM = "or name them, such as SERVICES=pixverse,kling"
_LONGEST = 200


def in_their_place(titles: Sequence[str], *, remembered: bool) -> str:
    """The services that stand for all: "only PixVerse", "those known last: PixVerse, Kling"."""
    names = joined(titles, _LONGEST)
    return f"those known last: {names}" if remembered else f"only {names}"


def watched_note(titles: Sequence[str], *, remembered: bool) -> str:
    """The same of a running bot, as one sentence."""
    watched = in_their_place(titles, remembered=remembered)
    return f"SERVICES=all: {UNSAID}. The bot watches {watched}, and asks again each round"
