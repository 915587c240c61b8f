"""The key of an account: its earlier one, else the plain one, unless another account has that."""

from collections.abc import Iterable

from bot.config.targets import TargetSource
from bot.domain.accounts import KnownAccount


def account_key(service: str, email: str) -> str:
    """An account's key: ``SERVICE:alice@example.com``."""
    return f"{service}:{email}"


class AccountKeys:
    """The keys of all accounts that were ever watched."""

    def __init__(self, known: Iterable[KnownAccount] = ()) -> None:
        """``known`` are the accounts with keys; ``watched`` of each says whether it still needs its own."""
        self._own: dict[tuple[str, str], str] = {}
        self._holders: dict[str, KnownAccount] = {}
        for one in known:
            self._note(one)

    def key_of(self, source: TargetSource, email: str) -> str:
        """The key of a source's account, which keeps it from now on.

        A key whose holder is no longer watched goes to the next account with that email: it is the same account at the
        service, read another way, and its history goes on.
        """
        own = self._own.get((source.key, email.lower()))
        if own is not None:
            return own
        holder = self._holders.get(account_key(source.service, email).lower())
        key = holder.key if holder else account_key(source.service, email)
        if holder and holder.watched:
            key = account_key(f"{source.service}/{source.name or ''}", email)
        elif holder:
            self._own.pop((holder.source, holder.email.lower()), None)
        self._note(KnownAccount(key, source.key, email))
        return key

    def _note(self, one: KnownAccount) -> None:
        self._own[one.source, one.email.lower()] = one.key
        self._holders[one.key.lower()] = one
