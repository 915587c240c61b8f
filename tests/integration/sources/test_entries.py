"""Large pages, decoded entry by entry: the same as in one go, off the event loop, and wrong in the same words."""

import json
import threading
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import CheckFailure
from bot.domain.jobs import Statistics
from bot.sources.conditional import ConditionalSource
from bot.sources.registry import SERVICES
from bot.sources.useapi.client import Client
from bot.sources.useapi.entries import entries_of
from bot.sources.useapi.failures import Answer
from tests.integration.sources.helpers import NOW, client

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(), some, max_size=4),
    max_leaves=12,
)
ROW = {"timestamp": "2026-06-24T13:58:00Z", "config": "a@example.com", "endpoint": "post-videos", "code": "412"}
MANY = 25_000
"""Rows that make more than two megabytes."""


@given(st.dictionaries(st.text(), VALUES, max_size=3), st.lists(VALUES), st.sampled_from([None, 1]))
def test_each_entry_is_what_it_is_in_one_go(page: dict[str, Any], entries: list[Any], indent: int | None) -> None:
    """Whatever stands around the list and in it, with white space and without."""
    text = json.dumps({**page, "data": entries}, indent=indent)
    assert list(entries_of(text, "data")) == entries


@given(VALUES | st.text(), st.integers(0, 200))
def test_what_is_no_such_page_is_an_error(value: Any, cut: int) -> None:
    """Cut off anywhere, or without the list."""
    whole = json.dumps({"x": value, "data": [value, value]})
    for text in (whole[: min(cut, len(whole) - 1)], json.dumps({"x": value}), json.dumps(value), whole + "}"):
        with pytest.raises((ValueError, RecursionError)):
            list(entries_of(text, "data"))


@pytest.mark.parametrize(
    "text", ['{"data":[1],"data":[2]}', '{"data":[1 2]}', '{"data":[1,]}', '{"data":[1]"x":2}', '{1:2,"data":[]}', "{}"]
)
def test_a_list_twice_and_broken_signs_are_errors(text: str) -> None:
    """The whole page is then decoded in one go, which knows what to do."""
    with pytest.raises(ValueError, match=r"\w"):
        list(entries_of(text, "data"))


def test_the_rest_is_not_touched_before_an_entry_is_given() -> None:
    """Each entry is a step of its own, so that other threads get their turns in between."""
    found = entries_of('{"a":[0],"data":[1,{"b":2},nonsense', "data")
    assert [next(found), next(found)] == [1, {"b": 2}]
    with pytest.raises(ValueError, match=r"\w"):
        next(found)


class Piecewise(Client):
    """A client that decodes nothing in one go."""

    def decoded(self, answer: Answer) -> Any:
        """Fails the test."""
        raise AssertionError(f"{len(answer.body)} bytes in one go")


async def asked(
    body: bytes, status: int = 200, kind: type[Client] = Client
) -> tuple[Statistics | CheckFailure, set[int]]:
    """What becomes of an answer with the statistics, and the threads that worked on it."""
    threads = set[int]()

    def clock() -> datetime:
        threads.add(threading.get_ident())
        return NOW

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, content_type="application/json")

    app = web.Application()
    app.router.add_get("/account/stats", answer)
    async with TestServer(app) as server, client(str(server.make_url("")).rstrip("/")) as to:
        of_kind = kind(to.session, to.base_url, to.token)
        return await ConditionalSource(SERVICES["pixverse"], of_kind, clock).statistics(50_000), threads


def page(*rows: object, **more: object) -> bytes:
    """A page with many rows that say nothing, and these."""
    return json.dumps({**more, "data": [*rows, *[{"jobid": "x" * 80}] * MANY]}).encode()


async def test_a_large_page_is_read_off_the_loop_and_as_a_small_one() -> None:
    """A code as text, the limit's count, another day's row."""
    rows = ROW, {**ROW, "timestamp": "2026-06-20T13:58:00Z"}
    large, threads = await asked(page(*rows, bot="pixverse", summary={"by_code": {"412": 2}}), kind=Piecewise)
    small, _ = await asked(json.dumps({"data": rows}).encode())
    assert isinstance(large, Statistics)
    assert isinstance(small, Statistics)
    assert large == replace(small, requests=MANY + 2)
    assert large.jobs["a@example.com"].refused(NOW) == 1
    assert threads
    assert threading.get_ident() not in threads


WRONG = {
    "no rows": json.dumps({"other": ["x" * 80] * MANY}).encode(),
    "null": json.dumps({"data": None, "other": ["x" * 80] * MANY}).encode(),
    "an object": json.dumps({"data": {"x": "x" * 2_200_000}}).encode(),
    "a list": json.dumps(["x" * 80] * MANY).encode(),
    "cut": page(ROW)[:-100],
    "no text": page(ROW).replace(b'"jobid"', b'"\xff\xfe"'),
    "nested": b'{"data":' + b"[" * 2_200_000,
    "html": b"<html>" + b"x" * 2_200_000,
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_large_page_that_is_none_fails_as_a_small_one(name: str) -> None:
    """In the words of one that is decoded in one go."""
    found, _ = await asked(WRONG[name])
    assert isinstance(found, CheckFailure)
    assert found.said


async def test_a_refusal_with_a_large_body_is_the_refusal() -> None:
    """A body that looks like statistics does not matter under another status."""
    found, _ = await asked(page(ROW, error="Unauthorized", code=401), 401)
    assert isinstance(found, CheckFailure)
    assert found.kind.refused
