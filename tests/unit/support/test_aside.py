"""Work that must not hold up the event loop."""

import threading

import pytest

from bot.support.aside import MANY, aside


def where() -> int:
    """The thread that works."""
    return threading.get_ident()


async def test_only_work_on_many_items_goes_to_a_thread() -> None:
    """A few are quicker at once."""
    assert await aside(MANY - 1, where) == where()
    assert await aside(MANY, where) != where()


@pytest.mark.parametrize("count", [1, MANY])
async def test_the_result_and_the_error_are_those_of_the_work(count: int) -> None:
    """Whoever does it, the caller gets what it returns or raises."""
    assert await aside(count, sorted, [3, 1, 2]) == [1, 2, 3]
    with pytest.raises(ValueError, match="invalid literal"):
        await aside(count, int, "x")
