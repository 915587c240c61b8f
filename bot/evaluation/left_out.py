"""Fields that an answer lacks keep their last values: a missing value is not the opposite of the last one."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.accounts import LeftOut, Reading

OF_PLAN = frozenset(["name", "next_name", "free", "expired", "ends_at", "renewal_at", "cancelled_at"])
OF_PERIOD = frozenset(["next_name", "cancelled_at"])
"""Fields of one period of a plan, which say nothing about the next."""

NEW_PERIOD = timedelta(days=1)


def completed(reading: Reading, before: Reading | None) -> Reading:
    """The reading with the last value of each field that it lacks, and the moment of that value.

    No value of another plan, or of a plan's last period, is kept. A free account has no end to keep.
    """
    if not reading.left_out:
        return reading
    left_out = {one.name: replace(one, known_at=None) for one in reading.left_out}
    kept = dict[str, Any]()
    # the plan's kind decides about the others
    for name in sorted(left_out, key=lambda one: one not in ("free", "name")):
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
    """True if a field can keep the last reading's value."""
    if name not in OF_PLAN or name == "free":
        return name != "monthly_allowance" or not has_become_free(before, reading)
    now, then = reading.plan, before.plan
    if now.free is not then.free or (name != "name" and None not in (now.name, then.name) and now.name != then.name):
        return False
    if name in OF_PERIOD and "ends_at" not in left_out and now.ends_at and then.ends_at:
        return now.ends_at - then.ends_at <= NEW_PERIOD
    return True


def has_become_free(before: Reading | None, after: Reading) -> bool:
    """True if a paid plan became a free account: that plan's allowance is then meaningless."""
    return after.plan.free is True and before is not None and before.plan.free is False


def filled(reading: Reading, kept: dict[str, Any]) -> Reading:
    if not kept:
        return reading
    plan = {name: value for name, value in kept.items() if name in OF_PLAN}
    credits = {name: value for name, value in kept.items() if name not in OF_PLAN}
    return replace(reading, plan=replace(reading.plan, **plan), credits=replace(reading.credits, **credits))


def value_of(reading: Reading, name: str) -> Any:
    return getattr(reading.plan if name in OF_PLAN else reading.credits, name)


def is_told(reading: Reading, name: str) -> bool:
    """True if the answer itself had a field."""
    return all(one.name != name for one in reading.left_out)


def told_at(reading: Reading, name: str) -> datetime | None:
    """When a field was read last: with this reading, earlier, or None, never."""
    found = next((one for one in reading.left_out if one.name == name), None)
    return found.known_at if found else reading.taken_at


def trusted_end(reading: Reading, now: datetime) -> datetime | None:
    """The plan's end, unless it has passed unconfirmed: the plan can have been renewed since.

    For a plan that is not known to be a paid one, an end that has passed counts as unknown, too.
    """
    end, sure = reading.plan.ends_at, is_told(reading, "ends_at") and reading.plan.free is not None
    return end if end is None or end > now or sure else None


def newly_unreadable(before: Reading | None, after: Reading) -> list[str]:
    """The unreadable values, in words, of this reading and not of the last one."""
    known = {one.name for one in before.left_out if one.unreadable} if before else set()
    return [one.unreadable for one in after.left_out if one.unreadable and one.name not in known]
