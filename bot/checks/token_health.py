"""The health by which a source's alerts are decided, where several sources share a token.

A refused token, a subscription that is over, and an outage of all their accounts are one alert: that of the first.
"""

from dataclasses import dataclass

from bot.config.targets import Targets
from bot.domain.accounts import Health, SourceState
from bot.domain.alerts import Alert
from bot.evaluation.measurements import REFUSED
from bot.storage import accounts
from bot.storage.connection import Connection


@dataclass(frozen=True, slots=True)
class TokenHealth:
    """The health of a source alone (``own``), for its alert about failures, and for its accounts.

    ``of_token``: that alert is about the token. ``left_to_first``: the first source tells of the trouble.
    """

    own: Health
    failures: Health
    of_accounts: Health
    of_token: bool = False
    left_to_first: bool = False


async def token_health(
    connection: Connection, targets: Targets, state: SourceState, failing: Alert | None
) -> TokenHealth:
    """The health of a source, with that of those that share its token; ``failing`` is its alert about failures."""
    own, together = await accounts.health(connection, state.key), targets.together(state.key)
    if len(together) < 2:
        return TokenHealth(own, own, own)
    whole = await accounts.health(connection, *together)
    shut = bool(whole.refused or whole.shared)
    of_accounts = whole if whole.shared else own
    if together[0] != state.key:
        refused = state.outage is not None and state.outage.kind.refused
        return TokenHealth(own, own, of_accounts, left_to_first=shut or refused)
    lapsed = state.subscription is not None and state.subscription.active is False
    was_refused = failing is not None and failing.level == REFUSED  # its end is that of the token too
    of_token = shut or lapsed or was_refused or bool(state.outage and state.outage.kind.refused)
    return TokenHealth(own, whole if of_token else own, of_accounts, of_token)
