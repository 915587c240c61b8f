"""The catalogue itself: every answer is whole, and says where it was seen."""

from collections import Counter

from tests.field.catalogue import TELEGRAM, TELEGRAM_EXPECTS, USEAPI, USEAPI_EXPECTS


def test_every_answer_says_where_it_was_seen_and_what_it_means() -> None:
    """An answer without a source, or with an unknown meaning, would prove nothing."""
    for answers, meanings in ((TELEGRAM, TELEGRAM_EXPECTS), (USEAPI, USEAPI_EXPECTS)):
        for answer in answers:
            assert answer.seen, answer
            assert answer.expect in meanings, answer
            assert 200 <= answer.status < 600, answer
            assert (answer.seconds is not None) == (answer.expect in {"wait", "throttled"}), answer
            assert (answer.chat is not None) == (answer.expect == "moved"), answer


def test_every_meaning_has_an_answer_and_every_answer_a_name_of_its_own() -> None:
    """Each row of the vocabulary is met, and a failing test names one answer."""
    for answers, meanings in ((TELEGRAM, TELEGRAM_EXPECTS), (USEAPI, USEAPI_EXPECTS)):
        assert {answer.expect for answer in answers} == meanings
        twice = [name for name, times in Counter(map(str, answers)).items() if times > 1]
        assert not twice


def test_the_catalogue_is_wide() -> None:
    """Sixty answers at least: fewer would be our own assumptions again."""
    assert len(TELEGRAM) + len(USEAPI) >= 60
