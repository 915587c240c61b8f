"""The worlds of the end-to-end tests, for tests that need the whole bot."""

from tests.system.end_to_end.conftest import _in_a_folder_of_its_own, new_world, world

__all__ = ["_in_a_folder_of_its_own", "new_world", "world"]
