"""Pure work on many items, done in a thread, so that the event loop goes on meanwhile."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MANY = 500
"""From so many items on: for fewer a thread costs more than it saves."""


async def aside(count: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Returns the result of ``work`` on ``count`` items.

    Only for what reads its arguments and changes nothing. The threads share one core's worth of Python, but the loop
    gets its turn within milliseconds. Raises what ``work`` raises.
    """
    if count < MANY:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
