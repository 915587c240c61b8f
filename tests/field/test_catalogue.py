"""The catalogue itself: every answer is whole, and says where it was seen."""

from collections import Counter

from bot.sources.registry import SERVICES as REGISTRY
from tests.field.catalogue import (
    SERVICES,
    SERVICES_CASES,
    SERVICES_EXPECTS,
    TELEGRAM,
    TELEGRAM_EXPECTS,
    USEAPI,
    USEAPI_EXPECTS,
)

CATALOGUES = ((TELEGRAM, TELEGRAM_EXPECTS), (USEAPI, USEAPI_EXPECTS), (SERVICES, SERVICES_EXPECTS))


def test_every_answer_says_where_it_was_seen_and_what_it_means() -> None:
    """An answer without a source, or with an unknown meaning, would prove nothing."""
    for answers, meanings in CATALOGUES:
        for answer in answers:
            assert answer.seen, answer
            assert answer.expect in meanings, answer
            assert 200 <= answer.status < 600, answer
            assert (answer.seconds is not None) == (answer.expect in {"wait", "throttled"}), answer
            assert (answer.chat is not None) == (answer.expect == "moved"), answer


def test_every_meaning_has_an_answer_and_every_answer_a_name_of_its_own() -> None:
    """Each row of the vocabulary is met, and a failing test names one answer."""
    for answers, meanings in CATALOGUES:
        assert {answer.expect for answer in answers} == meanings
        twice = [name for name, times in Counter(map(str, answers)).items() if times > 1]
        assert not twice


def test_the_catalogue_is_wide() -> None:
    """Sixty answers at least: fewer would be our own assumptions again."""
    assert len(TELEGRAM) + len(USEAPI) >= 60


def test_each_service_shows_every_case() -> None:
    """PixVerse has answers of its own; a new service needs a row of each case."""
    shown = {name: {one.case for one in SERVICES if one.service == name} for name in REGISTRY if name != "pixverse"}
    assert {one.service for one in SERVICES} == shown.keys()
    for name, cases in shown.items():
        assert cases - {"time"} == SERVICES_CASES, name
