"""What each look meant for one alert, with every way in which it may have been taken.

A look has more than one way where the truth itself leaves it open: the bot died before it can have stored the answer
for sure; a rung was crossed between the answer and its storing; other accounts of the source were looked at in the
same moment, so that their outage may have counted as shared, or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.oracle.rungs import NEW_PERIOD, Standing, on_credits, on_plan, on_plan_as_known
from tests.oracle.truth import Answer, Plan, Truth

SOURCE = "source"
"""The subject of the alert about the service as a whole."""

CERTAIN, ANY_OUTAGE = ("missing", "broken"), 2
REFUSED = ("unauthorized", "lapsed")
READABLE = "ok"


@dataclass(frozen=True, slots=True)
class Look:
    """One look, and where it may have put an alert; a way of None changes nothing."""

    at: float
    stored_by: float
    ways: tuple[Standing | None, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer that reached the bot; ``sure`` unless it may have died before storing it."""

    answer: Answer
    stored_by: float
    sure: bool


def seen_by_the_bot(truth: Truth, account: str) -> list[Seen]:
    """The answers that came while the bot was up."""
    found = []
    for answer in truth.seen_as(account):
        stored_by = answer.stored_by or truth.in_time(answer.at, truth.slack.save, sorted(truth.trouble))
        ends = [end for since, end in truth.up if since <= answer.at <= end]
        if ends:
            found.append(Seen(answer, stored_by, max(ends) > stored_by and not answer.maybe))
    return found


def number_looks(truth: Truth, seen: list[Seen], measure: str) -> Iterator[Look]:
    """Looks at credits, or at the plan: what could not be read says nothing of them."""
    allowance = daily = None
    before: list[Plan | None] = [None]
    for one in seen:
        answer, moments = one.answer, (one.answer.at, one.stored_by)
        if answer.outage:
            continue
        allowance = answer.allowance if answer.allowance is not None else allowance
        daily = answer.daily_allowance if answer.daily_allowance is not None else daily
        rules = truth.rules_at(answer.at)
        if measure == "credits":
            ways: list[Standing | None] = [on_credits(answer, rules, allowance, daily)]
        else:
            ways = [
                on_plan_as_known(plan, rules, clock)
                if answer.plan is None
                else on_plan(whole(answer.plan, plan), plan, rules, clock)
                for plan in before
                for at in moments
                for clock in truth.clocks(at)
            ]
        yield Look(answer.at, one.stored_by, distinct(ways, sure=one.sure))
        if answer.plan is not None:
            told = [whole(answer.plan, plan) for plan in before]
            before = list(dict.fromkeys(told if one.sure else [*before, *told]))


def whole(plan: Plan, before: Plan | None) -> Plan:
    """A plan whose answer left out whether it renews: as it was told last of this period, else by itself."""
    if plan.renews is not None:
        return plan
    moved = (plan.ends_at or 0) - (before.ends_at or 0) if before and plan.ends_at and before.ends_at else 0
    same = before is not None and before.free is plan.free and moved <= NEW_PERIOD
    return replace(plan, renews=before.renews if before and same else True)


def distinct(ways: list[Standing | None], *, sure: bool) -> tuple[Standing | None, ...]:
    """Each way once; what may not have been stored may have changed nothing."""
    return tuple(dict.fromkeys(ways if sure else [*ways, None]))


@dataclass(frozen=True, slots=True)
class State:
    """What the last look at an account said, and how many in a row had failed then, as far as both are certain."""

    kinds: frozenset[str]
    counts: frozenset[int]


NEVER = State(frozenset({"never"}), frozenset({0}))


def states(seen: list[Seen]) -> list[State]:
    """An account's state after each of its looks."""
    found, state = [], NEVER
    for one in seen:
        kind = one.answer.outage or READABLE
        counts = {0} if kind == READABLE else {count + 1 for count in state.counts}
        kinds = {kind}
        if not one.sure:
            counts, kinds = counts | state.counts, kinds | state.kinds
        state = State(frozenset(kinds), frozenset(counts))
        found.append(state)
    return found


@dataclass(frozen=True)
class Fleet:
    """All accounts' looks and states."""

    truth: Truth
    seen: dict[str, list[Seen]]
    states: dict[str, list[State]]

    @classmethod
    def of(cls, truth: Truth) -> "Fleet":
        """The fleet of a history."""
        seen = {key: seen_by_the_bot(truth, key) for key in truth.accounts}
        return cls(truth, seen, {key: states(looks) for key, looks in seen.items()})

    def around(self, account: str, since: float, until: float) -> State:
        """The states that an account may have been in for a decision between two moments, as one."""
        possible = [NEVER]
        for one, state in zip(self.seen[account], self.states[account], strict=True):
            if one.answer.at > until:
                break
            possible = [*possible, state] if one.answer.at > since else [state]
        kinds = frozenset().union(*(state.kinds for state in possible))
        return State(kinds, frozenset().union(*(state.counts for state in possible)))

    def health(self, look: Seen) -> dict[str, State]:
        """Every account as it may have stood when a look was decided on."""
        since = look.answer.at - self.truth.slack.mixed
        return {key: self.around(key, since, look.stored_by) for key in self.truth.accounts}

    def waits(self, look: Seen) -> bool:
        """Whether some account that may fail was not looked at since another one could be read again."""
        failed, answered = [], []
        for key in self.truth.accounts:
            ended = [one for one in self.seen[key] if one.answer.at <= look.stored_by]
            if not ended:
                continue
            if ended[-1].answer.outage or not ended[-1].sure:
                failed.append(ended[-1].answer.at)
            if ended[-1].answer.outage is None or not ended[-1].sure:
                answered.append(ended[-1].answer.at)
        return bool(failed and answered) and min(failed) < max(answered)


def looks_at(fleet: Fleet, subject: str, measure: str) -> list[Look]:
    """Every look that concerns an alert, in order."""
    if subject == SOURCE:
        return source_looks(fleet)
    if measure == "failures":
        return failure_looks(fleet, subject)
    return list(number_looks(fleet.truth, fleet.seen[subject], measure))


def shared(health: dict[str, State]) -> tuple[bool, bool]:
    """Whether one outage of all accounts may be, and must be, meant."""
    kinds = [state.kinds for state in health.values()]
    alone = {READABLE, "never", *CERTAIN, *REFUSED}
    common = frozenset.intersection(*kinds) - alone if len(kinds) > 1 else frozenset[str]()
    return bool(common), bool(common) and all(len(kind) == 1 for kind in kinds)


def failure_looks(fleet: Fleet, account: str) -> list[Look]:
    """Looks at one account for whether it can be read; while the trouble is the source's, they change nothing."""
    truth, found = fleet.truth, []
    for one, state in zip(fleet.seen[account], fleet.states[account], strict=True):
        kind = one.answer.outage
        ways: list[Standing | None]
        if kind is None:
            ways = [unreadable(0, 0, "warning")]
        elif kind in REFUSED:
            ways = [None]
        else:
            health = fleet.health(one) | {account: State(frozenset({kind}), state.counts)}
            may, must = shared(health) if kind not in CERTAIN else (False, False)
            after = truth.rules_at(one.answer.at).unreadable_after
            depths = {2 if kind in CERTAIN else int(count >= after) for count in state.counts}
            ways = [unreadable(depth, ANY_OUTAGE, "warning") for depth in depths]
            ways = [None] if must else [*ways, None] if may else ways
        found.append(Look(one.answer.at, one.stored_by, distinct(ways, sure=one.sure)))
    return found


def unreadable(reached: int, held: int, severity: str) -> Standing:
    """An account or the source as a whole, readable (0) or not."""
    return Standing(reached, held, (severity, severity))


def source_looks(fleet: Fleet) -> list[Look]:
    """Looks at any account for whether the source as a whole can be read."""
    truth, found = fleet.truth, []
    looks = sorted((one for seen in fleet.seen.values() for one in seen), key=lambda one: one.answer.at)
    for one in looks:
        health = fleet.health(one)
        after = truth.rules_at(one.answer.at).unreadable_after
        ways = source_ways(health, after, waits=fleet.waits(one))
        found.append(Look(one.answer.at, one.stored_by, distinct(ways, sure=one.sure)))
    return found


def source_ways(health: dict[str, State], after: int, *, waits: bool) -> list[Standing | None]:
    """Where the source may stand; ``waits``: it may hold what was told until all were looked at since it answers."""
    refused = [state.kinds & frozenset(REFUSED) for state in health.values()]
    held: list[Standing | None] = [unreadable(0, 2, "critical")] if waits else []
    if any(refusal == state.kinds for refusal, state in zip(refused, health.values(), strict=True) if refusal):
        return [unreadable(2, 2, "critical"), *held, *([unreadable(0, 0, "critical")] if waits else [])]
    may, must = shared(health)
    lowest = min(min(state.counts) for state in health.values())
    highest = min(max(state.counts) for state in health.values())
    ways: list[Standing | None] = [unreadable(2, 2, "critical")] if any(refused) else []
    if may:
        ways += [unreadable(int(count >= after), 2, "critical") for count in {lowest, highest}]
        if lowest < after - 1 < highest:
            ways.append(unreadable(0, 2, "critical"))
    if not must:
        ways += [unreadable(0, 0, "critical"), *held]
    return ways
