import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.useapi import error_text


@pytest.mark.parametrize(
    ("private", "secret"),
    [
        ("https://stripe.pay.pixverse.ai/invoice?id=1", "stripe"),
        ("stripe.pay.pixverse.ai/bill", "stripe"),
        ("www.example.com/private", "private"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "eyJ"),
        ("user:4711-0a1b2c3d4e5f6a7b8c9d", "4711"),
        ("password=hunter2", "hunter2"),
        ("password: hunter2", "hunter2"),
        ("access_token=abc123", "abc123"),
        ("authorization: Bearer s3cr3t", "s3cr3t"),
        ("Bearer s3cr3t", "s3cr3t"),
        ("apiKey=abcdef", "abcdef"),
    ],
)
def test_nothing_private_is_repeated(private: str, secret: str) -> None:
    """Links, passwords and tokens in a server's words are left out, and the words around them stay."""
    line = error_text.one_line(f"Login failed ( {private} ) for alice@example.com")
    assert secret not in line
    assert line.startswith("Login failed (")
    assert line.endswith(") for alice@example.com")


@pytest.mark.parametrize(
    "plain",
    [
        "Account alice.in.wonderland.1999@example.com not found",
        "Invalid API token",
        "Only 3 of 8 jobs are free; try again in 30 seconds",
        "password incorrect",
        "Configuration not found. To create configuration use POST /accounts/email.",
        "Konto gesperrt – bitte später",
        "アカウントが見つかりません。1234567890をご確認ください。もう一度お試しください",
    ],
)
def test_plain_words_stay_as_they_are(plain: str) -> None:
    """What holds nothing private is repeated word for word, emails and other scripts included."""
    assert error_text.one_line(plain) == plain


def test_direction_and_control_characters_go() -> None:
    """No foreign text can break the line, or turn the reading direction of what stands around it."""
    assert error_text.one_line("a\u202eb\r\nc\x00\u2066d\u2028e\ud800\u200bf") == "ab c d ef"


def test_a_long_text_is_cut_visibly() -> None:
    """At most 160 characters are repeated, and a cut is shown as one."""
    line = error_text.one_line("word " * 5000)
    assert len(line) <= error_text.LONGEST
    assert line.endswith("…")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"error": "Unauthorized", "code": 401}, "Unauthorized"),
        ({"error": {"code": 1, "message": "Broken session"}}, "Broken session"),
        ({"error": {"error": {"message": "deep"}}}, "deep"),
        ({"error": None, "message": "Busy"}, "Busy"),
        ({"message": ["first", "second"]}, "first"),
        ("Not found", "Not found"),
        ({"error": [[[{"message": "too deep"}]]]}, None),
        ({"error": {"code": 1}}, None),
        ({"error": " \n"}, None),
        ({"error": "https://example.com/x"}, None),
        ({"error": 5}, None),
        ([], None),
        (None, None),
    ],
)
def test_words_are_found_in_every_shape_of_error(value: object, said: str | None) -> None:
    """useapi.net's error bodies vary; the words are found in each, and none are made up."""
    assert error_text.of_error(value) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html><head><title>502 Bad&nbsp;Gateway</title></head></html>", "502 Bad Gateway"),
        ("<h1>Down for <b>maintenance</b></h1>", "Down for maintenance"),
        ("<Error><Code>Denied</Code></Error>", None),
        ("Busy, come again", "Busy, come again"),
        ('{"error": "cut o', None),
        ("", None),
    ],
)
def test_of_a_web_page_only_the_heading_is_said(text: str, said: str | None) -> None:
    """No markup and no cut JSON is shown to a person."""
    assert error_text.of_text(text) == said


@pytest.mark.parametrize(
    ("status", "said"),
    [(503, "Service Unavailable"), (596, "broken"), (302, "not followed"), (799, "Status 799")],
)
def test_every_status_has_a_name(status: int, said: str) -> None:
    """Where the server says nothing, its status is put into words, also those that Python does not know."""
    assert said in error_text.of_status(status)


@given(st.text() | st.text(alphabet="a1/:=.@ \n<>\u202e\ud800", max_size=5000))
def test_any_text_becomes_one_clean_line(text: str) -> None:
    """Whatever a server says is one short line that prints and can be encoded."""
    line = error_text.one_line(text)
    assert len(line) <= error_text.LONGEST
    assert line.isprintable()
    assert "://" not in line
    line.encode()
    error_text.of_text(text)


ERRORS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "message", "code"]), inner),
    max_leaves=8,
)


@given(ERRORS)
def test_any_error_body_is_survived(value: object) -> None:
    """An error body of any shape gives words or none, never an exception."""
    said = error_text.of_error(value)
    assert said is None or any(map(str.isalnum, said))
