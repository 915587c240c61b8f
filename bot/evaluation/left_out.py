"""What an answer left out, filled in with what was told last: a missing value is not the opposite of the one before."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.accounts import LeftOut, Reading

OF_PLAN = frozenset(["name", "next_name", "free", "expired", "ends_at", "renewal_at", "cancelled_at"])
OF_PERIOD = frozenset(["next_name", "cancelled_at"])
"""What was said of one period of a plan says nothing of the next."""

NEW_PERIOD = timedelta(days=1)


def completed(reading: Reading, before: Reading | None) -> Reading:
    """The reading with each field that it left out as it was told last, and when that was.

    Nothing is kept of another plan, nor of a plan's period that is over. A free account has no end to be told.
    """
    if not reading.left_out:
        return reading
    left_out = {one.name: replace(one, known_at=None) for one in reading.left_out}
    kept = dict[str, Any]()
    for name in sorted(left_out, key=lambda one: one not in ("free", "name")):  # what plan it is comes first
        if before and may_keep(name, filled(reading, kept), before, left_out):
            known_at = told_at(before, name)
            if known_at:
                kept[name] = value_of(before, name)
                left_out[name] = replace(left_out[name], known_at=known_at)
    whole = filled(reading, kept)
    if whole.plan.free:
        left_out = {name: one for name, one in left_out.items() if name not in OF_PLAN - {"name", "free"}}
    return replace(whole, left_out=tuple(left_out.values()))


def may_keep(name: str, reading: Reading, before: Reading, left_out: dict[str, LeftOut]) -> bool:
    """Whether a field may be as the reading before had it."""
    if name not in OF_PLAN or name == "free":
        return name != "monthly_allowance" or not has_become_free(before, reading)
    now, then = reading.plan, before.plan
    if now.free is not then.free or (name != "name" and None not in (now.name, then.name) and now.name != then.name):
        return False
    if name in OF_PERIOD and "ends_at" not in left_out and now.ends_at and then.ends_at:
        return now.ends_at - then.ends_at <= NEW_PERIOD
    return True


def has_become_free(before: Reading | None, after: Reading) -> bool:
    """Whether a paid plan is now a free account, of which the allowance of that plan says nothing."""
    return after.plan.free is True and before is not None and before.plan.free is False


def filled(reading: Reading, kept: dict[str, Any]) -> Reading:
    """The reading with these fields of its plan and credits."""
    if not kept:
        return reading
    plan = {name: value for name, value in kept.items() if name in OF_PLAN}
    credits = {name: value for name, value in kept.items() if name not in OF_PLAN}
    return replace(reading, plan=replace(reading.plan, **plan), credits=replace(reading.credits, **credits))


def value_of(reading: Reading, name: str) -> Any:
    """A field's value, by its name."""
    return getattr(reading.plan if name in OF_PLAN else reading.credits, name)


def is_told(reading: Reading, name: str) -> bool:
    """Whether an answer itself told a field."""
    return all(one.name != name for one in reading.left_out)


def told_at(reading: Reading, name: str) -> datetime | None:
    """When a field was told last: with this reading, earlier, or (None) never."""
    found = next((one for one in reading.left_out if one.name == name), None)
    return found.known_at if found else reading.taken_at


def trusted_end(reading: Reading, now: datetime) -> datetime | None:
    """The plan's end, unless it has passed unconfirmed: the plan may have been renewed since it was told.

    Of a plan that nobody knows to be a paid one, an end that has passed says nothing either.
    """
    end, sure = reading.plan.ends_at, is_told(reading, "ends_at") and reading.plan.free is not None
    return end if end is None or end > now or sure else None


def newly_unreadable(before: Reading | None, after: Reading) -> list[str]:
    """What the answer before did not hold and this one does: values that cannot be understood, in words."""
    known = {one.name for one in before.left_out if one.unreadable} if before else set()
    return [one.unreadable for one in after.left_out if one.unreadable and one.name not in known]
