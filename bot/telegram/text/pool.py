"""The fleet in one line for each service: credits, when they would be gone, and the next refill. Names nobody."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import Account, Unit
from bot.domain.notifications import Watched
from bot.evaluation.forecast.pool import Gone, Pool, Refill, pool_of
from bot.evaluation.forecast.run_out import FAR
from bot.sources.registry import title_of
from bot.telegram.text.dates import format_short
from bot.telegram.text.forecast import SURE, format_between
from bot.telegram.text.formatting import format_count, format_jobs, format_number, in_brackets
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import Spans

Between = Callable[[datetime, datetime | None], str]
"""Formats a range; None is open."""


def pool_lines(watched: Sequence[Watched], now: datetime, zone: ZoneInfo) -> list[Spans]:
    """A line for each service, for an answer: its times are near ones."""
    return lines_of(
        watched, now, lambda at: format_short(at, now, zone), lambda early, late: format_between(early, late, now, zone)
    )


def lines_of(
    watched: Sequence[Watched], now: datetime, moment: Callable[[datetime], str], between: Between
) -> list[Spans]:
    """A line for each service, its name before it if there are several; none where no service has several accounts.

    The service with the most accounts comes first.

    A service of which no account can be read has no sum: the accounts below say why. Nor has one that counts in seconds
    or percent: several accounts can share what they have.
    """
    groups: dict[str, list[Account]] = {}
    for one in watched:
        groups.setdefault(title_of(one.account.source), []).append(one.account)
    if all(len(accounts) < 2 for accounts in groups.values()):
        return []
    summed = [(title, accounts) for title, accounts in groups.items() if all(map(has_credits, accounts))]
    pools = {
        title: pool_of(accounts, now) for title, accounts in sorted(summed, key=lambda one: (-len(one[1]), one[0]))
    }
    lines = (pool_line(pool, f"{title}: " if len(groups) > 1 else "", moment, between) for title, pool in pools.items())
    return [line for line in lines if line]


def has_credits(account: Account) -> bool:
    """True unless it counts in another unit; one that was never read counts as the others of its service."""
    return account.reading is None or account.reading.credits.unit is Unit.CREDITS


def pool_line(pool: Pool, head: str, moment: Callable[[datetime], str], between: Between) -> Spans:
    """One sum: "61,450 credits (about 1,755 jobs) in 10 of 12 accounts · without refills gone 26 Jul to 4 Aug · …".

    Empty if nothing is known.
    """
    if not pool.known:
        return ()
    amount = f"{'at least ' if pool.partial else ''}{format_number(pool.total)}"
    some = f" in {pool.known:,} of {format_count(pool.accounts, 'account')}" if pool.known < pool.accounts else ""
    words = [gone_text(pool.gone, pool.refill, between), refill_text(pool.refill, moment)]
    rest = "".join(f" · {said}" for said in words if said)
    jobs = in_brackets(None if pool.jobs is None else format_jobs(pool.jobs))
    return (head, bold(f"{amount} {'credit' if pool.total == 1 else 'credits'}"), f"{jobs}{some}{rest}")


def gone_text(gone: Gone | None, refill: Refill | None, between: Between) -> str:
    """When all of it would be gone, and how sure that is."""
    if gone is None:
        return ""
    if gone.earliest is None:
        return f"at this pace enough for over {FAR} days"
    unless = "without refills" if refill and not refill.daily else "at this pace"
    sure = f" ({SURE})" if gone.latest else ""
    return f"{unless} gone {between(gone.earliest, gone.latest)}{sure}"


def refill_text(refill: Refill | None, moment: Callable[[datetime], str]) -> str:
    """When the next refill comes, and with how much."""
    if refill is None:
        return ""
    much = f" with {format_number(refill.amount)}" if refill.amount else ""
    return f"next {'daily ' if refill.daily else ''}refill {moment(refill.at)}{much}"
