"""What is told where nobody has named a zone: each time of day says that it is UTC."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.domain.alerts import NotifyReason, Severity
from bot.domain.notifications import Facts, NotificationKind
from bot.features.board.text import board_message
from bot.outbox.batching import Batch, PendingAlert
from bot.telegram.text.account_list import account_card, alerts_page, credits_page
from bot.telegram.text.messages import render
from tests.golden import shown
from tests.golden.fleet import FLEET, LOOP, MAIN, OUT, STUDIO, account
from tests.support import given
from tests.support.given import NOW, ago, low, note, sent

UTC = ZoneInfo("UTC")


def zones() -> Mapping[str, str]:
    """One of each place where times stand."""
    late = ago(minutes=43)
    off = note(
        NotificationKind.DOWNTIME, Facts(since=NOW.replace(hour=2, minute=10), until=NOW.replace(hour=7, minute=45))
    )
    old = account("Old", at=ago(minutes=40))
    return {
        "low, with a forecast": told(PendingAlert((sent(low(foretold=OUT)),))),
        "reminded": told(PendingAlert((sent(low(NotifyReason.REMINDED, Severity.CRITICAL, since=ago(days=2))),))),
        "late": told(PendingAlert((sent(low(), late, late),))),
        "a plan": told(PendingAlert((sent(given.plan()),))),
        "nobody was watching": told(PendingAlert((sent(off),))),
        "/credits": shown.message(credits_page((STUDIO, MAIN, LOOP, old), 0, NOW, UTC)),
        "/credits studio": shown.message(account_card(STUDIO, NOW, UTC)),
        "/alerts": shown.message(alerts_page(FLEET, (), (), 0, NOW, UTC)),
        "the board": shown.message(board_message((STUDIO, MAIN, LOOP, old), NOW, UTC)),
    }


def told(story: PendingAlert) -> str:
    """A message in that zone."""
    return shown.message(render(Batch((story,)), NOW, UTC).message)
