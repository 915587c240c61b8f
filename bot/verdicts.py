"""From looks to what has to be said: each batch is noted, decided and put into the outbox in one transaction."""

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.context import Context
from bot.core.foresee import is_overtaken
from bot.core.left_out import newly_unreadable
from bot.core.looks import (
    Alerts,
    Outcome,
    account_facts,
    decide_account,
    decide_plan,
    decide_source,
    growth,
    is_changed,
    judge,
    noted,
    outcome,
    source_facts,
)
from bot.core.model import (
    Account,
    Alert,
    Chat,
    Facts,
    Health,
    Measure,
    Notice,
    Outage,
    OutageKind,
    Reason,
    Rules,
    Sample,
    Severity,
    Silence,
    SilenceKind,
    Topic,
    Unchanged,
)
from bot.core.spread import next_look
from bot.core.steady import plan_steady_until, steady_until
from bot.store import accounts, alerts, chats, history, outbox, readings
from bot.store.connection import Connection

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """A look that has ended: the account's key, and what was seen."""

    key: str
    sample: Sample | Unchanged


@dataclass(frozen=True, slots=True)
class Change:
    """What a look made of an account."""

    before: Account
    after: Account

    @property
    def tells_new(self) -> bool:
        """Whether there is a reading, and it says something that the one before did not."""
        reading = self.after.reading
        return self.after.outage is None and reading is not None and is_changed(self.before.reading, reading)

    @property
    def overtakes_forecast(self) -> bool:
        """Whether the forecast no longer starts from what there is: credits were added, or far more are gone."""
        reading, foretold = self.after.reading, self.after.foretold
        if not self.tells_new or reading is None:
            return False
        grown = growth(self.before.reading, reading) is not None
        return grown or (foretold is not None and is_overtaken(foretold, reading.credits.total, reading.taken_at))


@dataclass(frozen=True, slots=True)
class Steady:
    """An account whose page decides nothing new from ``since`` to ``until``, as long as it stays the very same."""

    source: str
    page: int
    since: datetime
    until: datetime

    def holds(self, now: datetime) -> bool:
        """Whether that is so now; a clock set back may have gone before it."""
        return self.since <= now < self.until


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a batch: the accounts that changed or were decided anew, and those that saw nothing new."""

    changes: Sequence[Change]
    unchanged: Sequence[str]

    @property
    def results(self) -> Iterator[tuple[str, OutageKind | None]]:
        """Each account's key, and the kind of its outage if it could not be read."""
        for change in self.changes:
            yield change.after.key, change.after.outage.kind if change.after.outage else None
        for key in self.unchanged:
            yield key, None


class Verdicts:
    """Writes looks down, decides, and puts what is to be said into the outbox."""

    def __init__(self, context: Context) -> None:
        """Holds nothing but what it is handed."""
        self._store = context.store
        self._roster = context.roster
        self._every_of = context.every_of
        self._recipients = context.recipients
        self._clock = context.clock
        self._on_notices = context.on_notices
        self._steady: dict[str, Steady] = {}
        self._steady_under = context.roster.watchlist

    def page_of(self, key: str) -> int | None:
        """The page of an account's last reading, where seeing the very same again would decide nothing new."""
        steady = self._steady.get(key)
        return steady.page if steady else None

    def watch(self, keys: Collection[str]) -> None:
        """Who is watched from now on: what was decided of the others is no longer good for anything."""
        for key in self._steady.keys() - keys:
            del self._steady[key]

    async def save(self, batch: Sequence[Look], *, ends_round: bool = False) -> Saved:
        """One transaction for looks that ended together. An account gone meanwhile is left out.

        A database that cannot be written is waited for: what was seen is not lost. A round that ends with these looks
        is marked in the same transaction, for another one would stand in the way of the message.
        """
        ended = self._clock()

        async def work(connection: Connection) -> tuple[Saved, dict[str, Steady | None], list[Notice]]:
            now = self._clock()
            calm, rest = await self._sort(connection, batch, now)
            await accounts.note_unchanged(connection, calm.items())
            changes = await self._note(connection, rest, now)
            if ends_round:
                await chats.mark(connection, chats.ROUND, now)
            outcomes, steady = await self._decide(connection, changes, now)
            # What waited for the database says how late it is; a clock that was set back since dates nothing ahead.
            notices = await self.say(connection, outcomes, min(ended, now))
            return Saved(changes, list(calm)), steady, notices

        saved, steady, notices = await self._store.write_patiently(work)
        if notices:
            self._on_notices()
        for key, how in steady.items():
            if how:
                self._steady[key] = how
            else:
                self._steady.pop(key, None)
        return saved

    async def _sort(
        self, connection: Connection, batch: Sequence[Look], now: datetime
    ) -> tuple[dict[str, datetime], list[Look]]:
        """Parts the looks that can decide nothing new, by key with their moments, from those that may.

        While a source's own alert stirs, each look at its accounts may.
        """
        if self._steady_under is not self._roster.watchlist:  # other rules may hold
            self._steady_under, self._steady = self._roster.watchlist, {}
        calm: dict[str, datetime] = {}
        rest: list[Look] = []
        sources = {one.source for look in batch if (one := self._steady.get(look.key))}
        stirred = await alerts.stirred(connection, sources) if sources else set()
        for look in batch:
            one = self._steady.get(look.key)
            if isinstance(look.sample, Unchanged) and one and one.holds(now) and one.source not in stirred:
                calm[look.key] = look.sample.taken_at
            else:
                rest.append(look)
        return calm, rest

    async def catch_up(self) -> None:
        """Ends the silences whose time is over, and says what is still untold and no longer withheld."""
        async with self._store.write() as connection:
            now = self._clock()
            await alerts.end_silences(connection, now)
            silences = await alerts.active_silences(connection, now)
            outcomes = await self._untold(connection, silences, now)
            notices = await self.say(connection, outcomes, now)
        if notices:
            self._on_notices()

    async def catch_up_if_due(self) -> None:
        """The same, where a mute or a snooze has run out."""
        async with self._store.read() as connection:
            over = await alerts.silences_are_over(connection, self._clock())
        if over:
            await self.catch_up()

    async def say_pause(self, since: datetime, until: datetime) -> None:
        """Says from when to when nobody was watching, once, unless everything is muted."""
        log.warning("Nobody was watching from %s to %s", since.isoformat(), until.isoformat())
        notice = Notice(f"pause|{since.isoformat()}", Topic.PAUSE, Severity.INFO, facts=Facts(since=since, until=until))
        async with self._store.write() as connection:
            await history.note_pause(connection, since, until)
            silences = await alerts.active_silences(connection, until)
            if all(silence.kind is not SilenceKind.ALL for silence in silences):
                await self.put(connection, [notice], until)
        self._on_notices()

    async def _note(self, connection: Connection, batch: Sequence[Look], now: datetime) -> list[Change]:
        """Writes down what was seen, and when a server that asked for peace is looked at again."""
        if not batch:
            return []
        known = await accounts.load(connection, [look.key for look in batch])
        changes, waits = [], {}
        for look in batch:
            if look.key not in known:
                continue
            before = self._roster.named(known[look.key])
            sample = judge(seen(look.sample, before), before)
            if before.pause and isinstance(sample, Outage):
                continue  # it had begun before the pause: whoever works there may be why it failed
            changes.append(Change(before, noted(before, sample)))
            if isinstance(sample, Outage) and sample.retry_after:
                every = self._every_of(before.source, before.email)
                waits[before.key] = next_look(before.key, every, now, sample.retry_after)
        log_unreadable(changes)
        new = [change.after for change in changes if change.tells_new]
        await accounts.save(connection, new, [change.after for change in changes if not change.tells_new])
        await readings.append(connection, new)
        await accounts.forget_forecasts(connection, [one.after.key for one in changes if one.overtakes_forecast])
        await history.note_outages(connection, [(change.before, change.after) for change in changes])
        await accounts.plan_looks(connection, waits)
        return changes

    async def _decide(
        self, connection: Connection, changes: Sequence[Change], now: datetime
    ) -> tuple[list[Outcome], dict[str, Steady | None]]:
        """Decides for the accounts of a batch, and for the sources that they belong to; which of them are steady."""
        if not changes:
            return [], {}
        by_source: dict[str, list[Change]] = {}
        for change in changes:
            by_source.setdefault(change.after.source, []).append(change)
        remembered = await alerts.load(connection, [*by_source, *(change.after.key for change in changes)])
        silences = await alerts.active_silences(connection, now)
        outcomes: list[Outcome] = []
        steady: dict[str, Steady | None] = {}
        for source, looked in by_source.items():
            health = Health()
            if needs_health(looked, remembered[source].values()):
                health = await accounts.health(connection, source)
                state = self._roster.named_source(await accounts.source(connection, source))
                rules = self._roster.watchlist.rules_for(source)
                outcomes += decide_source(state, remembered[source], rules, health, silences, now)
            for one in looked:
                known, rules = remembered[one.after.key], self._roster.rules_of(one.after)
                decided = decide_account(one.before, one.after, known, rules, health, silences, now)
                left = {**known, **{each.alert.measure: each.alert for each in decided}}
                steady[one.after.key] = steadiness(one.after, left, rules, now)
                outcomes += decided
        told = [one for one in outcomes if one.alert != remembered[one.alert.subject].get(one.alert.measure)]
        return told, steady

    async def decide_plans(self, keys: Sequence[str], now: datetime) -> dict[str, datetime]:
        """Watches the plan's end of accounts that nobody looks at; gives until when time alone changes nothing."""
        until = {}
        async with self._store.write() as connection:
            known = await accounts.load(connection, keys)
            remembered = await alerts.load(connection, known)
            silences = await alerts.active_silences(connection, now)
            outcomes = []
            for key, account in known.items():
                rules = self._roster.rules_of(account)
                one = decide_plan(self._roster.named(account), remembered[key], rules, silences, now)
                until[key] = plan_steady_until(account, one.alert, rules, now)
                if one.alert != remembered[key].get(Measure.PLAN):
                    outcomes.append(one)
            notices = await self.say(connection, outcomes, now)
        if notices:
            self._on_notices()
        return until

    async def decide_source(self, connection: Connection, source: str, now: datetime) -> list[Notice]:
        """Decides for a source alone, after a look at its listing."""
        remembered = (await alerts.load(connection, [source]))[source]
        silences = await alerts.active_silences(connection, now)
        health = await accounts.health(connection, source)
        state = self._roster.named_source(await accounts.source(connection, source))
        rules = self._roster.watchlist.rules_for(source)
        outcomes = decide_source(state, remembered, rules, health, silences, now)
        return await self.say(
            connection, [one for one in outcomes if one.alert != remembered.get(one.alert.measure)], now
        )

    async def _untold(self, connection: Connection, silences: Sequence[Silence], now: datetime) -> list[Outcome]:
        """What no silence withholds any more, in the words of what is known now."""
        lagging = await alerts.untold(connection)
        known = await accounts.load(connection, [alert.subject for alert in lagging])
        outcomes = []
        for alert in lagging:
            account = known.get(alert.subject)
            if account:
                facts = account_facts(self._roster.named(account), alert, None)
            else:
                state = self._roster.named_source(await accounts.source(connection, alert.subject))
                facts = source_facts(state, await accounts.health(connection, alert.subject), alert)
            outcomes.append(outcome(alert, Reason.NONE, facts, silences, now))
        return outcomes

    async def say(self, connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> list[Notice]:
        """Remembers alerts and addresses what is to be said of them; one that never fired needs no memory."""
        await alerts.save(connection, [one.alert for one in outcomes if one.alert.episode])
        notices = [one.notice for one in outcomes if one.notice]
        await self.put(connection, notices, now)
        return notices

    async def put(self, connection: Connection, notices: Sequence[Notice], now: datetime) -> None:
        """Puts notices into the outbox, each for the chats that are told of its account."""
        if notices:
            await self._recipients.refresh(connection)
        by_chats: dict[tuple[Chat, ...], list[Notice]] = {}
        for notice in notices:
            by_chats.setdefault(self._recipients.of(notice), []).append(notice)
        for told, some in by_chats.items():
            await outbox.put(connection, some, told, now)


def log_unreadable(changes: Iterable[Change]) -> None:
    """Says once of each value that cannot be understood; what was stored of the look before holds over a restart."""
    for change in changes:
        after = change.after.reading
        for said in (
            newly_unreadable(change.before.reading, after) if after and after is not change.before.reading else ()
        ):
            log.warning(
                "%s: %s, which cannot be understood: what it decides stays as it was told last", change.after.key, said
            )


def seen(sample: Sample | Unchanged, account: Account) -> Sample:
    """What a look saw; the page of the look before is its reading, of this moment."""
    if not isinstance(sample, Unchanged):
        return sample
    if account.reading is None:
        return Outage(sample.taken_at, OutageKind.GARBLED, "The reading before is lost")
    return replace(account.reading, taken_at=sample.taken_at)


def steadiness(account: Account, known: Alerts, rules: Rules, now: datetime) -> Steady | None:
    """How long the page that was just read decides nothing new, if it was read, and known by its fingerprint."""
    page = account.reading.page if account.reading else None
    until = steady_until(account, known, rules, now) if page is not None else None
    return Steady(account.source, page, now, until) if page is not None and until else None


def needs_health(changes: Iterable[Change], of_source: Iterable[Alert]) -> bool:
    """Whether the state of the whole source can matter: something failed, or the source's own alert is not quiet."""
    failed = any(change.after.outage for change in changes)
    return failed or any(alert.level or alert.told_level for alert in of_source)
