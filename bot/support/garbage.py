"""Python's search for garbage, so rare that no alert waits for it."""

import gc

YOUNG_OBJECTS = 10_000
"""New objects after which garbage is looked for among them; Python's 700 are fewer than one page of a list takes."""


def spare_garbage_collection() -> None:
    """Lets the search pass over what the libraries made at their import, which stays.

    Else a full search stops everything for tens of milliseconds, a few times in each large answer.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
