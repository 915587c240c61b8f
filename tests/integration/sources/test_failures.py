"""What answers mean: those of the catalogue, which were seen in the real world, and random ones."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.domain.accounts import FailureKind
from bot.sources.useapi.failures import LONGEST_WAIT, Answer, decode
from bot.sources.useapi.pixverse import parse_accounts, parse_features
from bot.support.errors import SourceError
from tests.field.catalogue import USEAPI, FieldAnswer
from tests.integration.fuzz.shapes import JSON, TEXTS
from tests.integration.sources.helpers import NOW, SAMPLES

KINDS = {
    "unauthorized": FailureKind.UNAUTHORIZED,
    "lapsed": FailureKind.LAPSED,
    "missing": FailureKind.MISSING,
    "broken": FailureKind.BROKEN,
    "counted": FailureKind.UNREFRESHED,
    "throttled": FailureKind.THROTTLED,
    "garbled": FailureKind.GARBLED,
    "unavailable": FailureKind.UNAVAILABLE,
    "between": FailureKind.UNAVAILABLE,
    "none": FailureKind.MISSING,
}
BETWEEN = "Something between the bot and useapi.net answers"
BLAMES = ("token", "subscription", "account", "email")
ASKED = [(to, answer) for answer in USEAPI for to in ("features", "accounts") if answer.to in (to, "any")]


def failure(status: int, body: bytes | str = "", headers: dict[str, str] | None = None) -> SourceError:
    """What an answer that is no page means."""
    content = body.encode() if isinstance(body, str) else body
    with pytest.raises(SourceError) as caught:
        decode(Answer(status, CIMultiDict(headers or {}), content))
    return caught.value


def page_of(to: str, answer: FieldAnswer) -> Any:
    """What the answer to one question gives, if it is a page."""
    page = decode(Answer(answer.status, CIMultiDict(answer.headers), answer.body))
    return parse_features(page, NOW) if to == "features" else parse_accounts(page)


@pytest.mark.parametrize(("to", "answer"), ASKED, ids=str)
def test_what_was_seen_in_the_real_world(to: str, answer: FieldAnswer) -> None:
    """Each answer of the catalogue means what it should; what stands between blames nobody, and is named."""
    if answer.expect == "reading" or (answer.expect == "none" and answer.status == 200):
        assert (page_of(to, answer) == ()) == (to == "accounts")
        return
    with pytest.raises(SourceError) as caught:
        page_of(to, answer)
    error = caught.value
    assert error.kind is KINDS[answer.expect]
    assert error.kind is FailureKind.GARBLED or error.status == answer.status
    assert ("between" in error.said) == (answer.expect == "between")
    assert (answer.says or "") in error.said
    if answer.seconds:
        assert error.retry_after == timedelta(seconds=answer.seconds)
    if answer.expect == "between":
        assert not [word for word in BLAMES if word in error.said.lower()]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.MISSING),
        (401, FailureKind.UNAUTHORIZED),
        (402, FailureKind.LAPSED),
        (403, FailureKind.UNAUTHORIZED),
        (404, FailureKind.MISSING),
        (429, FailureKind.THROTTLED),
        (596, FailureKind.BROKEN),
        *((status, FailureKind.UNAVAILABLE) for status in (201, 204, 301, 302, 307, 408, 410, 412, 418, 422)),
        *((status, FailureKind.UNAVAILABLE) for status in (500, 501, 502, 503, 504, 520, 595, 599)),
    ],
)
def test_only_useapis_own_words_are_a_verdict(status: int, kind: FailureKind) -> None:
    """Under each status, an error of its own means what it says; whatever else comes is unavailable, but for 596."""
    owns = ('{"error": "said so"}', '{"error": "said so", "code": 7}', '{"error": {"code": 7, "message": "said so"}}')
    for body in owns:
        assert (failure(status, body).kind, failure(status, body).said) == (kind, "said so")
    others = ("", " \n", "<html>", "[" * 9999, '{"message": "Forbidden"}', '{"error": null}', '{"error": true}', "[1]")
    foreign = ('{"error": "Forbidden", "statusCode": 403}', '{"error": "Not Found", "timestamp": 1, "path": "/"}')
    for anything in (*others, *foreign, b"\xff\xfe\x00"):
        error = failure(status, anything)
        assert error.kind is (FailureKind.BROKEN if status == 596 else FailureKind.UNAVAILABLE)
        assert str(status) in error.said or status == 596


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (500, "Login failed: invalid credentials", FailureKind.BROKEN),
        (401, "Wrong username/password", FailureKind.BROKEN),
        (401, "This account has been suspended", FailureKind.BROKEN),
        (401, "Invalid credentials", FailureKind.UNAUTHORIZED),
        (500, "Internal Server Error", FailureKind.UNAVAILABLE),
        (596, "Failed to refresh session: 500 Internal Server Error", FailureKind.UNREFRESHED),
        (596, "Failed to refresh session: 503", FailureKind.UNREFRESHED),
        (596, "Failed to refresh session: 401 Unauthorized", FailureKind.BROKEN),
        (596, "Account a@example.com in error state: refresh token rejected", FailureKind.BROKEN),
        (402, "Subscription required", FailureKind.LAPSED),
        (402, "Insufficient credits", FailureKind.UNAVAILABLE),
        (402, "Your subscription has no credits", FailureKind.LAPSED),
    ],
)
def test_the_words_decide_where_the_status_is_ambiguous(status: int, said: str, kind: FailureKind) -> None:
    """A failed login is one account's trouble, a failed refresh may pass, and not each 402 is the subscription."""
    error = failure(status, f'{{"error": "{said}"}}')
    assert (error.kind, error.said) == (kind, said)


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("error_code.json", 401, "Unauthorized"),
        ("error_text.json", 404, "Account alice@example.com not found"),
        ("error_object.json", 596, "The session of the linked account is broken"),
        ("error_plain.txt", 404, "Configuration not found. To create configuration use POST /accounts/email."),
        (
            "error_message.json",
            429,
            f"{BETWEEN}: 429, a page that is not useapi.net's (Too many requests)",
        ),
        (
            "error_page.html",
            502,
            f"{BETWEEN}: 502, a page that is not useapi.net's (Bad Gateway)",
        ),
    ],
)
def test_every_recorded_error_is_put_into_words(name: str, status: int, said: str) -> None:
    """The cause is told in the words of whoever answered."""
    assert failure(status, (SAMPLES / name).read_bytes()).said == said


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (503, {}, "", "Something answers 503 without a word: useapi.net, or what stands between it and the bot"),
        (503, {"Server": "cloudflare"}, "", "answers: 503, a page of Cloudflare"),
        (404, {"server": "Caddy"}, "", "answers: 404, a page of Caddy"),
        (302, {"Location": "https://portal.example.net/login?token=x"}, "", "a redirect to portal.example.net, which"),
        (302, {"Location": "//["}, "", "answers: 302, a redirect, which is not followed"),
        (304, {}, "", "answers: 304, a redirect"),
        (200, {}, "<html><title>Sign in</title></html>", "answers: 200, a login page"),
        (200, {"Server": "nginx"}, "OK", "answers: 200, a page of nginx (OK)"),
        (403, {}, b"<title>Zugriff gesperrt \xfc</title>", "answers: 403, a page that is not useapi.net's"),
    ],
)
def test_who_answers_is_named_where_it_shows(
    status: int, headers: dict[str, str], body: str | bytes, said: str
) -> None:
    """A proxy, a portal or nobody: said in words, without the page's links."""
    error = failure(status, body, headers)
    assert error.kind is FailureKind.UNAVAILABLE
    assert said in error.said
    assert "token=x" not in error.said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The answer is empty"),
        (b" \n", "The answer is empty"),
        (b'{"credit_monthly": 12', "The answer is not JSON, or cut off"),
        (b"\xff\xfe\xfa", "The answer is not text"),
        (b"[" * 100_000, "The answer is not JSON, or cut off"),
        (b'{"a":' * 20_000, "The answer is not JSON, or cut off"),
        (b'{"credit_monthly": 1' + b"0" * 5000 + b"}", "The answer is not JSON, or cut off"),
    ],
)
def test_a_good_status_with_broken_json_is_garbled(body: bytes, said: str) -> None:
    """Empty, cut, nested or monstrous JSON is told as what it is."""
    error = failure(200, body)
    assert (error.kind, error.said) == (FailureKind.GARBLED, said)


def test_a_body_that_breaks_off_is_no_verdict() -> None:
    """A refusal whose words never came is nobody's."""
    with pytest.raises(SourceError) as caught:
        decode(Answer(401, {}, b"", cut=True))
    assert (caught.value.kind, caught.value.said) == (
        FailureKind.UNAVAILABLE,
        "The answer breaks off after its status 401",
    )


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"Retry-After": "30"}, "{}", timedelta(seconds=30)),
        ({"retry-after": "0"}, "{}", timedelta(0)),
        ({"Retry-After": "1.5"}, "{}", timedelta(seconds=1.5)),
        ({"Retry-After": "86400"}, "{}", LONGEST_WAIT),
        ({"Retry-After": "9" * 300}, "{}", LONGEST_WAIT),
        ({"Retry-After": "-5"}, "{}", None),
        ({"Retry-After": "nan"}, "{}", None),
        ({"Retry-After": "inf"}, "{}", None),
        ({"Retry-After": "soon"}, "{}", None),
        ({"Retry-After": "soon"}, '{"retryAfter": 7}', timedelta(seconds=7)),
        ({}, '{"retryAfter": 12}', timedelta(seconds=12)),
        ({}, '{"retryAfter": "12"}', timedelta(seconds=12)),
        ({}, '{"retryAfter": true}', None),
        ({}, '{"retryAfter": {}}', None),
        ({}, '{"retryAfter": 1' + "0" * 400 + "}", None),
        ({}, "[]", None),
        ({}, "<html>", None),
        ({"Date": "Wed, 24 Jun 2026 14:03:00 GMT"}, '{"retryAt": "2026-06-24T14:05:00Z"}', timedelta(minutes=2)),
        ({"Date": "Wed, 24 Jun 2026 14:03:00 GMT"}, '{"retryAt": "soon"}', None),
        ({}, '{"retryAt": "2026-06-24T14:05:00Z"}', None),
        (
            {"Retry-After": "Wed, 24 Jun 2026 14:05:00 GMT", "Date": "Wed, 24 Jun 2026 14:03:00 GMT"},
            "{}",
            timedelta(minutes=2),
        ),
        (
            {"Retry-After": "Wed, 24 Jun 2026 14:05:00 GMT", "Date": "Wed, 24 Jun 2026 15:00:00 -0000"},
            "{}",
            timedelta(0),
        ),
        ({"Retry-After": "Wed, 24 Jun 2026 14:05:00 GMT"}, "{}", None),
        ({"Retry-After": "Wed, 99 Jun 99999 14:05:00 GMT", "Date": "Wed, 24 Jun 2026 15:00:00 GMT"}, "{}", None),
    ],
)
def test_the_wish_to_be_left_alone(headers: dict[str, str], body: str, wait: timedelta | None) -> None:
    """It is understood as seconds, as date or in the body, never beyond an hour; nonsense is ignored."""
    assert failure(429, body, headers).retry_after == wait
    assert failure(503, body, headers).retry_after == wait
    assert failure(401, body, headers).retry_after is None


@given(st.integers(201, 599), st.binary(max_size=200), st.dictionaries(st.sampled_from(["Server", "Location"]), TEXTS))
def test_any_answer_is_a_failure_in_words(status: int, body: bytes, headers: dict[str, str]) -> None:
    """Random bytes under any status are one outage, in one line that can be stored; never a verdict, but for 596."""
    error = failure(status, body, headers)
    assert error.kind is (FailureKind.BROKEN if status == 596 else FailureKind.UNAVAILABLE)
    assert error.said
    assert error.said.encode()
    assert "\n" not in error.said


@given(st.sampled_from([400, 401, 402, 403, 404, 429]), JSON)
def test_json_without_an_error_of_its_own_is_no_verdict(status: int, value: Any) -> None:
    """Whatever JSON comes, only an object with an ``error`` in words can be a verdict."""
    answer = Answer(status, {}, repr_json(value))
    with pytest.raises(SourceError) as caught:
        decode(answer)
    own = isinstance(value, dict) and isinstance(value.get("error"), str | dict) and bool(value["error"])
    assert own or caught.value.kind is FailureKind.UNAVAILABLE


def repr_json(value: Any) -> bytes:
    """A value as JSON."""
    return json.dumps(value).encode()
