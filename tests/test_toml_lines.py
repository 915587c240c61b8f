"""Where in a TOML text each thing stands."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.accounts_file.toml_lines import Place, lines_of, nearest_line

TEXT = '''# accounts of the studio
[[source]]
name = "studio"   # with a comment
chats = [
    "1",  # ]
    '-2/3',
]
[[source.account]]
email = "x]#@example.com"
label = """
a "label"
"""
"low_credits" . deep = 1.5
[[source.account]]
email = 'y'

[[source]]
inline = { name = "a", list = [ [ 1 ], "]" ] }
when = 2026-07-23T00:48:00.5Z
[plain.table]
key = \'\'\'it's''\'\'\'
'''
EXPECTED: dict[Place, int] = {
    ("source", 0): 2,
    ("source", 0, "name"): 3,
    ("source", 0, "chats"): 4,
    ("source", 0, "chats", 0): 5,
    ("source", 0, "chats", 1): 6,
    ("source", 0, "account", 0): 8,
    ("source", 0, "account", 0, "email"): 9,
    ("source", 0, "account", 0, "label"): 10,
    ("source", 0, "account", 0, "low_credits", "deep"): 13,
    ("source", 0, "account", 1): 14,
    ("source", 0, "account", 1, "email"): 15,
    ("source", 1): 17,
    ("source", 1, "inline", "list", 1): 18,
    ("source", 1, "when"): 19,
    ("plain", "table"): 20,
    ("plain", "table", "key"): 21,
}


def in_lines(items: list[str]) -> str:
    """A list over several lines, with comments."""
    return "[\n" + ", # c ]\n".join(items) + "\n]"


KEYS = st.sampled_from(["a", "b", "source", '"with space"', "'q'"])
TEXTS = st.text(st.characters(exclude_characters="'\"\\\n\r", exclude_categories=("Cs", "Cc")), max_size=8)
SCALARS = st.one_of(
    st.integers(-99, 99).map(str),
    st.sampled_from(["true", "1.5", "2026-07-23", '"""\n a"b\n"""', "'''\n]'''", '"\\"]"']),
    TEXTS.map(lambda text: f"'{text}'"),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3).map(in_lines), max_leaves=6)


@pytest.mark.parametrize(("place", "line"), EXPECTED.items(), ids=str)
def test_each_thing_has_its_line(place: Place, line: int) -> None:
    """Tables, keys and items, in every form that TOML knows, are found on their line."""
    assert lines_of(TEXT)[place] == line


def test_what_has_no_line_has_that_of_what_is_around_it() -> None:
    """A key that is missing is told with the line of its table; where nothing is known, there is none."""
    assert nearest_line(lines_of(TEXT), ("source", 1, "name", 7)) == 17
    assert nearest_line({}, ("source",)) is None


@given(st.lists(st.tuples(KEYS, VALUES), max_size=6, unique_by=lambda pair: pair[0].strip("\"'")))
def test_every_value_of_any_text_has_a_line(pairs: list[tuple[str, str]]) -> None:
    """Whatever tomllib reads, each value in it has a line, and a later key a later one."""
    text = "[[source]]\n" + "\n".join(f"{key} = {value}" for key, value in pairs)
    lines = lines_of(text)
    table = tomllib.loads(text)["source"][0]
    assert set(places(table, ("source", 0))) <= lines.keys()
    own = [lines["source", 0, key] for key in table]
    assert own == sorted(set(own))


def places(value: Any, place: Place) -> list[Place]:
    """The place of everything inside a value."""
    if isinstance(value, dict):
        return [place, *(found for key, item in value.items() for found in places(item, (*place, key)))]
    if isinstance(value, list):
        return [place, *(found for number, item in enumerate(value) for found in places(item, (*place, number)))]
    return [place]


@given(st.text())
def test_no_text_holds_the_reader(text: str) -> None:
    """It ends, without an error, on what is no TOML at all."""
    assert all(line >= 1 for line in lines_of(text).values())


def test_nesting_beyond_reason_is_no_error() -> None:
    """The outer part is found."""
    assert lines_of("a = 1\nb = " + "[" * 100_000)[("b",)] == 2
