"""Actions of a visitor on the demo's world, by name, from any view."""

from collections.abc import Callable, Sequence

from bot.demo.world import Stage

MOST_CREDITS = 10**7

Deed = Callable[[Stage, Sequence[str]], str]
"""Acts on the world and returns what happened; ValueError for wrong arguments."""


def do(stage: Stage, name: str, words: Sequence[str]) -> None:
    """Acts, and reports that in every view. ValueError: wrong arguments; UnknownName: no such account."""
    stage.narrate(DEEDS[name](stage, words))


def whole(text: str) -> int:
    """A number of credits as people type it."""
    credits = int(text.replace(",", ""))
    if not 0 < credits <= MOST_CREDITS:
        raise ValueError(text)
    return credits


def on_account(verb: str, told: str) -> Deed:
    def act(stage: Stage, words: Sequence[str]) -> str:
        (name,) = words
        getattr(stage, verb)(name)
        return f"{stage.find(name).name} {told}"

    return act


def with_credits(verb: str, told: str) -> Deed:
    """An action on one account, with an amount of credits."""

    def act(stage: Stage, words: Sequence[str]) -> str:
        name, text = words
        credits = whole(text)
        getattr(stage, verb)(name, credits)
        return f"{stage.find(name).name} {told} {credits:,} credits."

    return act


def on_telegram(verb: str, told: str) -> Deed:
    def act(stage: Stage, words: Sequence[str]) -> str:
        () = words
        getattr(stage, verb)()
        return told

    return act


DEEDS: dict[str, Deed] = {
    "spend": with_credits("spend", "spends"),
    "refill": on_account("refill", "gets its monthly credits."),
    "buy": with_credits("top_up", "buys"),
    "break": on_account("break_session", "breaks: useapi.net can no longer read it."),
    "mend": on_account("mend_session", "was added again at useapi.net."),
    "cancel": on_account("cancel", "cancels its plan."),
    "renew": on_account("subscribe", "is subscribed again."),
    "away": on_telegram("leave", "Telegram is away. The bot goes on watching."),
    "back": on_telegram("come_back", "Telegram is back. The bot finds out within half a minute."),
}
