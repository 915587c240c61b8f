"""What each look meant for one alert, with every way in which it may have been taken.

A look has more than one way where the truth itself leaves it open: the bot died before it can have stored the answer
for sure; a rung was crossed between the answer and its storing; other accounts of the source were looked at in the
same moment, so that their outage may have counted as shared, or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from verification.oracle.pauses import LAST_LOOK, Paused
from verification.oracle.rungs import NEW_PERIOD, Standing, on_credits, on_plan, on_plan_as_known, on_plan_unseen
from verification.oracle.truth import Answer, Plan, Span, Truth

SOURCE = "source"
"""The subject of the alert about the service as a whole."""

CERTAIN, ANY_OUTAGE = {"missing": 2, "broken": 3}, 3
"""Outages that one look proves, each with its rung; and the deepest rung of all."""

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


def seen_by_the_bot(truth: Truth, account: str, paused: Paused) -> list[Seen]:
    """The answers that came while the bot was up. One that failed in a pause may not have counted."""
    found = []
    for answer in truth.seen_as(account):
        stored_by = answer.stored_by or truth.in_time(answer.at, truth.slack.save, sorted(truth.trouble))
        ends = [end for since, end in truth.up if since <= answer.at <= end]
        if ends:
            void = bool(answer.outage) and paused.maybe(account, answer.at, stored_by)
            found.append(Seen(answer, stored_by, max(ends) > stored_by and not answer.maybe and not void))
    return found


def number_looks(truth: Truth, seen: list[Seen], measure: str) -> Iterator[Look]:
    """Looks at credits, or at the plan: what could not be read says nothing of them."""
    allowance = daily = None
    before: list[Plan | None] = [None]
    last: list[Answer | None] = [None]
    for one in seen:
        answer, moments = one.answer, (one.answer.at, one.stored_by)
        if answer.outage:
            continue
        if answer.plan is not None and answer.plan.free and any(plan and not plan.free for plan in before):
            allowance = answer.allowance  # that of a paid plan says nothing of a free account
        allowance = answer.allowance if answer.allowance is not None else allowance
        daily = answer.daily_allowance if answer.daily_allowance is not None else daily
        rules = truth.rules_at(answer.at)
        if measure == "credits":
            as_known = answer if answer.plan is not None else replace(answer, plan=before[-1])
            ways: list[Standing | None] = [on_credits(as_known, one, rules, allowance, daily) for one in last]
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
        last = [answer] if one.sure else [*last, answer]
        if answer.plan is not None:
            told = [whole(answer.plan, plan) for plan in before]
            before = list(dict.fromkeys(told if one.sure else [*before, *told]))


def plan_looks(truth: Truth, seen: list[Seen], paused: list[Span]) -> Iterator[Look]:
    """What time alone does to a plan of which nobody looks: its end is known from the last answer."""
    for since, until in paused:
        for at in turns(truth, seen, since, until):
            plans = known_plans(seen, at)
            stored_by = truth.in_time(at, truth.slack.tick + truth.slack.save, truth.troubles())
            rules = truth.rules_at(at)
            ways = [
                on_plan_unseen(plan, rules, clock) if plan and told else on_plan_as_known(plan, rules, clock)
                for plan, told in plans
                for clock in (*truth.clocks(at), *truth.clocks(stored_by))
            ]
            yield Look(at, stored_by, distinct(ways, sure=stored_by < until))


def turns(truth: Truth, seen: list[Seen], since: float, until: float) -> list[float]:
    """The moments in a pause at which a plan may be told of anew: its begin, a start, other rules, a rung, the end."""
    moments = {since, *(at for at, _ in truth.up), *(at for at, _ in truth.rules), *(at for at, _ in truth.jumps)}
    for plan, _ in known_plans(seen, since + LAST_LOOK):
        for rung in {0.0, *(rung for _, rules in truth.rules for rung in rules.plan_ends_within)}:
            if plan and plan.ends_at is not None:
                moments |= {plan.ends_at - rung - by for by in offsets(truth)}
    return sorted(at for at in moments if since <= at < min(until, truth.ended_at))


def offsets(truth: Truth) -> set[float]:
    """By how much the clock was ever wrong."""
    return {0.0, *(truth.offset(at) for at, _ in truth.jumps)}


def known_plans(seen: list[Seen], at: float) -> set[tuple[Plan | None, bool]]:
    """The plans that may be known of an account at a moment, and whether the last answer told of them."""
    before: list[tuple[Plan | None, bool]] = [(None, False)]
    for one in seen:
        if one.answer.at > at or one.answer.outage:
            continue
        answer = one.answer.plan
        told = [(plan, False) if answer is None else (whole(answer, plan), True) for plan, _ in before]
        before = list(dict.fromkeys(told if one.sure else [*before, *told]))
    return set(before)


def whole(plan: Plan, before: Plan | None) -> Plan:
    """A plan whose answer left out whether it renews: as it was told last of this period, else it ends."""
    if plan.renews is not None:
        return plan
    moved = (plan.ends_at or 0) - (before.ends_at or 0) if before and plan.ends_at and before.ends_at else 0
    same = before is not None and before.free is plan.free and moved <= NEW_PERIOD
    if before is None or not same:
        return replace(plan, renews=False)
    return replace(plan, renews=before.renews, cancelled=before.cancelled)


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
    paused: Paused

    @classmethod
    def of(cls, truth: Truth) -> "Fleet":
        """The fleet of a history."""
        paused = Paused.of(truth)
        seen = {key: seen_by_the_bot(truth, key, paused) for key in truth.accounts}
        return cls(truth, seen, {key: states(looks) for key, looks in seen.items()}, paused)

    def around(self, account: str, since: float, until: float) -> State:
        """The states that an account may have been in for a decision between two moments, as one."""
        possible = [NEVER]
        for one, state in zip(self.seen[account], self.states[account], strict=True):
            if one.answer.at > until:
                break
            possible = [*possible, state] if one.answer.at > since else [state]
        kinds = frozenset().union(*(state.kinds for state in possible))
        return State(kinds, frozenset().union(*(state.counts for state in possible)))

    def healths(self, look: Seen, own: State | None = None) -> list[dict[str, State]]:
        """Every account as it may have stood when a look was decided on; ``own`` is that of the account itself.

        Who is paused counts only where the others all share the outage that it began with.
        """
        at, by, account = look.answer.at, look.stored_by, look.answer.account
        everyone = {key: self.around(key, at - self.truth.slack.mixed, by) for key in self.truth.accounts}
        everyone |= {account: own} if own else {}
        paused = {key for key in everyone if key != account and self.paused.maybe(key, at, by)}
        if not paused:
            return [everyone]
        checked = {key: state for key, state in everyone.items() if key not in paused}
        common = frozenset.intersection(*(state.kinds for state in checked.values()))
        company = {key: everyone[key] for key in paused if everyone[key].kinds & common}
        return [everyone, checked, checked | company]

    def has_answered_since(self, look: Seen) -> bool:
        """Whether the source may have answered somebody since it refused anybody last."""
        ended = [[one for one in seen if one.answer.at <= look.stored_by] for seen in self.seen.values()]
        refused = [one[-1].answer.at for one in ended if one and one[-1].answer.outage in REFUSED]
        answered = [one.answer.at for seen in ended for one in seen if one.answer.outage is None]
        return bool(refused and answered) and max(refused) < max(answered)

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
    looks = list(number_looks(fleet.truth, fleet.seen[subject], measure))
    if measure == "plan":
        looks += plan_looks(fleet.truth, fleet.seen[subject], fleet.paused.spans[subject])
    return sorted(looks, key=lambda look: look.at)


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
            healths = fleet.healths(one, State(frozenset({kind}), state.counts))
            found_shared = [shared(health) if kind not in CERTAIN else (False, False) for health in healths]
            may, must = any(may for may, _ in found_shared), all(must for _, must in found_shared)
            after = truth.rules_at(one.answer.at).unreadable_after
            depths = {CERTAIN.get(kind, int(count >= after)) for count in state.counts}
            ways = [unreadable(depth, ANY_OUTAGE, "warning") for depth in depths]
            ways = [None] if must else [*ways, None] if may else ways
        found.append(Look(one.answer.at, one.stored_by, distinct(ways, sure=one.sure)))
    return found


def unreadable(reached: int, held: int, severity: str) -> Standing:
    """An account or the source as a whole, readable (0) or not."""
    return Standing(reached, held, (severity,) * ANY_OUTAGE, nags_from=CERTAIN["broken"])


def source_looks(fleet: Fleet) -> list[Look]:
    """Looks at any account for whether the source as a whole can be read."""
    truth, found = fleet.truth, []
    looks = sorted((one for seen in fleet.seen.values() for one in seen), key=lambda one: one.answer.at)
    for one in looks:
        after = truth.rules_at(one.answer.at).unreadable_after
        waits, stale = fleet.waits(one), fleet.has_answered_since(one)
        ways = [way for health in fleet.healths(one) for way in source_ways(health, after, waits=waits, stale=stale)]
        found.append(Look(one.answer.at, one.stored_by, distinct(ways, sure=one.sure)))
    return found


def source_ways(health: dict[str, State], after: int, *, waits: bool, stale: bool) -> list[Standing | None]:
    """Where the source may stand; ``waits``: it may hold what was told until all were looked at since it answers.

    ``stale``: it has answered somebody since it refused anybody, so that refusal says nothing any more.
    """
    refused = [state.kinds & frozenset(REFUSED) for state in health.values()]
    held: list[Standing | None] = [unreadable(0, 2, "critical")] if waits else []
    surely = any(refusal == state.kinds for refusal, state in zip(refused, health.values(), strict=True) if refusal)
    if surely and not stale:
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
