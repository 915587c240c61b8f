"""Text with entities, and foreign names inside it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.text.layout import LONGEST_MESSAGE, Message, Span, Text, bold, with_note
from bot.telegram.text.sanitize import clean, shorten, utf16_len
from tests.support.given import UNHURRIED

anything = st.text(st.characters(), max_size=300)


def shown(message: Message) -> list[str]:
    """What each entity covers, cut out as Telegram does it."""
    units = message.text.encode("utf-16-le")
    return [units[2 * one.offset : 2 * one.end].decode("utf-16-le") for one in message.entities]


def test_entities_count_utf16_units() -> None:
    """A bold name behind an emoji is bold itself, and not its neighbours."""
    message = Text().line("🔴 ", bold("Studio 🎬"), ": low").line("next ", Span("code", "code")).message()
    assert message.text == "🔴 Studio 🎬: low\nnext code"
    assert shown(message) == ["Studio 🎬", "code"]
    assert [one.kind for one in message.entities] == ["bold", "code"]


def test_long_text_is_cut_between_lines() -> None:
    """A text beyond Telegram's limit ends with a whole line, and says that it was cut."""
    text = Text()
    for number in range(1000):
        text.line(bold(f"line {number}"))
    message = text.message()
    lines = message.text.split("\n")
    assert utf16_len(message.text) <= LONGEST_MESSAGE
    assert lines[-1] == "…"
    assert lines[:-1] == [f"line {number}" for number in range(len(lines) - 1)]
    assert len(lines) > 400


def test_text_of_exactly_the_limit_is_whole() -> None:
    """Nothing is cut that Telegram would take."""
    assert Text().line("x" * 4096).message().text == "x" * 4096
    assert Text().line("x" * 4000).line("y" * 95).message().text.endswith("y")


def test_one_endless_line_is_shortened() -> None:
    """A single line beyond the limit ends with "…", in the middle of no character."""
    message = Text().line("a", "😀" * 3000).message()
    assert message.text.endswith("😀…")
    assert LONGEST_MESSAGE - 2 <= utf16_len(message.text) <= LONGEST_MESSAGE


def test_no_entity_is_split() -> None:
    """What would be bold only in its half is left out with its text."""
    message = Text().line("a" * 4000, bold("b" * 200)).message()
    assert message.text == "a" * 4000 + "…"
    assert message.entities == ()


@UNHURRIED
@given(st.lists(st.lists(st.one_of(anything, anything.map(bold)), max_size=4), max_size=30), st.integers(10, 400))
def test_any_text_is_fit_to_send(lines: list[list[str | Span]], limit: int) -> None:
    """Whatever the pieces, the text keeps to the limit, and each entity lies inside it and on whole characters."""
    cleaned = [
        [clean(piece) if isinstance(piece, str) else bold(clean(piece.text)) for piece in line] for line in lines
    ]
    message = Text().lines(cleaned).message(limit=limit)
    assert utf16_len(message.text) <= limit
    assert all(0 <= one.offset < one.end <= utf16_len(message.text) for one in message.entities)
    assert all(shown(message))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Studio", "Studio"),
        ("  two\n lines\t\r\u2028here ", "two lines here"),
        ("*bold* <b>_x_</b> [a](b)", "*bold* <b>_x_</b> [a](b)"),
        ("\u202eevil\u2066\u200b\ufeff", "evil"),
        ("\ud800broken\udfff", "broken"),
        ("", "unnamed"),
        ("\u200b\u3164 \u2060", "unnamed"),
        ("\u200d\u200d", "unnamed"),
        ("שלם", "\u2068שלם\u2069"),
        ("a שלם b", "\u2068a שלם b\u2069"),
        ("👨\u200d👩\u200d👧 family", "👨\u200d👩\u200d👧 family"),
        ("x" * 5000, "x" * 63 + "…"),
        ("😀" * 5000, "😀" * 31 + "…"),
    ],
)
def test_names_of_any_content_become_one_safe_line(name: str, said: str) -> None:
    """A name stays readable, on its line, and leaves what follows it in order."""
    assert clean(name) == said


@UNHURRIED
@given(anything, st.integers(1, 100))
def test_clean_never_leaves_harm(name: str, limit: int) -> None:
    """No control, no line break, no surrogate, no unbalanced isolate, nothing longer than asked, nothing empty."""
    said = clean(name, limit, empty="-")
    inside = said.removeprefix("\u2068").removesuffix("\u2069")
    assert said
    assert utf16_len(inside) <= limit
    assert said in (inside, f"\u2068{inside}\u2069")
    assert not {unicodedata.category(char) for char in inside if char not in "\u200c\u200d"} & {
        "Cc",
        "Cf",
        "Cs",
        "Zl",
        "Zp",
    }
    said.encode("utf-8")


def test_cleaning_twice_changes_nothing_more() -> None:
    """A name may pass through more than one hand."""
    for name in ("Studio", "שלם", "x" * 5000, ""):
        assert clean(clean(name)) == clean(name)


@UNHURRIED
@given(anything, st.integers(1, 50))
def test_shorten_keeps_the_beginning(text: str, limit: int) -> None:
    """What is shortened is a beginning and "…", within the limit; what fits is untouched."""
    said = shorten(text, limit)
    assert utf16_len(said) <= limit
    assert said == text or text.startswith(said[:-1])


def test_a_note_goes_below_a_message() -> None:
    """Who acknowledged an alert is said below it, and its buttons go."""
    message = Text().line(bold("Studio")).message(silent=True)
    noted = with_note(message, "Acknowledged by Ann.")
    assert noted.text == "Studio\nAcknowledged by Ann."
    assert shown(noted) == ["Studio"]
    assert noted.buttons == ()


def test_a_note_finds_room_below_a_full_message() -> None:
    """Even a message that fills Telegram's limit can be noted on."""
    noted = with_note(Text().line(bold("a"), "x" * 4095).message(), "Acknowledged by Ann.")
    assert noted.text.endswith("…\nAcknowledged by Ann.")
    assert utf16_len(noted.text) <= LONGEST_MESSAGE
    assert shown(noted) == ["a"]
