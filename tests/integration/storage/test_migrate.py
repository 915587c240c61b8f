"""Moving a database on: all of it or nothing."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.storage.migrate import upgrade, words_of
from bot.storage.values import load_reading


def tables(path: Path) -> set[str]:
    """What there is in a database."""
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_a_move_that_fails_in_the_middle_leaves_nothing(tmp_path: Path, revision: str) -> None:
    """What stands in the way of the last step undoes every step before it, so that another try can work."""
    path = tmp_path / "bot.db"
    upgrade(str(path), revision)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE accounts ADD COLUMN foreseen_at BIGINT")
    before = tables(path)
    with pytest.raises(OperationalError, match="duplicate column"):
        upgrade(str(path))
    assert tables(path) == before
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(revision,)]
        connection.execute("ALTER TABLE accounts DROP COLUMN foreseen_at")
    upgrade(str(path))
    assert "fallbacks" in tables(path)


OLD = """
INSERT INTO chats (chat_id, thread_id, greeted_at) VALUES
  (1, 0, 1), (2, 45, 1), (-100, 0, 1), (-200, 0, 1), (9, 0, NULL);
UPDATE chats SET moved_to = -200 WHERE chat_id = -100;
INSERT INTO alerts (subject, measure, level, episode, sequence, told_level) VALUES
  ('a', 'credits', 2, 4, 3, 2), ('b', 'credits', 1, 5, 0, 2), ('c', 'plan', 0, 1, 2, 3), ('d', 'plan', 2, 1, 0, 0);
INSERT INTO outbox (chat_id, thread_id, key, topic, subject, measure, episode, reason, severity, facts, state,
  created_at, attempts) VALUES (1, 0, 'k', 'alert', 'a', 'credits', 4, 'fired', 2, '{}', 'delivered', 1, 0),
  (-100, 0, 'k', 'alert', 'a', 'credits', 4, 'fired', 2, '{}', 'delivered', 1, 0);
INSERT INTO silences (id, kind, subject, measure, until, episode, level, "by") VALUES
  (7, 'snooze', 'a', 'credits', 99, 4, 2, 'Ann'), (8, 'all', '', NULL, 99, 0, 0, 'Bob');
"""
"""What a version without chats in its silences may have left: a told alert, one whose recovery is owed and that fires
anew, one whose recovery is owed, one that nobody was told of; a group that has moved, a chat never greeted.
"""


def test_what_was_told_to_all_counts_as_told_to_each(tmp_path: Path) -> None:
    """Each chat that got an alert, or may have, knows of it; nothing is told twice, and silences go on everywhere."""
    path = tmp_path / "bot.db"
    upgrade(str(path), "0004")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(OLD)
    upgrade(str(path))
    with closing(sqlite3.connect(path)) as connection, connection:
        told = connection.execute("SELECT subject, chat_id, thread_id, episode, level FROM notified").fetchall()
        assert sorted(told) == [
            ("a", -200, 0, 4, 2),
            ("a", 1, 0, 4, 2),
            *(("b", chat, topic, 4, 2) for chat, topic in ((-200, 0), (1, 0), (2, 45))),
            *(("c", chat, topic, 1, 4) for chat, topic in ((-200, 0), (1, 0), (2, 45))),
        ]
        columns = "id, kind, subject, measure, until, episode, level, by, chat_id, thread_id, made_at"
        assert connection.execute(f"SELECT {columns} FROM silences").fetchall() == [
            (7, "snooze", "a", "credits", 99, 4, 2, "Ann", None, 0, None),
            (8, "all", "", None, 99, 0, 0, "Bob", None, 0, None),
        ]
        assert connection.execute("SELECT subject, level, episode, sequence FROM alerts").fetchall() == [
            ("a", 2, 4, 3),
            ("b", 1, 5, 0),
            ("c", 0, 1, 2),
            ("d", 3, 1, 0),
        ]
        made = connection.execute(
            "INSERT INTO silences (kind, subject, episode, level, by, thread_id)"
            " VALUES ('all', '', 0, 0, '', 0) RETURNING id"
        ).fetchone()
        assert made == (9,), "a number that a button may name is not used again"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            sqlite3.SQLITE_FULL,
            "the disk of the database is full (SQLite's). It was left as it was: free some space on it",
        ),
        (sqlite3.SQLITE_ERROR, "SQLite's"),
        (None, "SQLite's"),
    ],
)
def test_a_move_that_fails_says_why(tmp_path: Path, code: int | None, words: str) -> None:
    """A full disk is told as one; an error of a statement, as SQLite tells it."""
    error = sqlite3.OperationalError("SQLite's")
    if code is not None:
        error.sqlite_errorcode = code
    assert words_of(error, str(tmp_path / "bot.db")) == words


def test_a_making_that_fails_leaves_no_table(tmp_path: Path) -> None:
    """A new database has all its tables or none: half of them would be taken for another program's."""
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE sources (key TEXT)")
    with pytest.raises(OperationalError, match="already exists"):
        upgrade(str(path))
    assert tables(path) == {"sources"}
    assert str(path) not in {str(one.resolve()) for one in Path("/proc/self/fd").iterdir()}, "it is still open"


def test_an_alert_that_fires_is_known_as_the_subscriptions(tmp_path: Path) -> None:
    """By what it was about so far; an account's failures and an alert that is over are not."""
    path = tmp_path / "bot.db"
    upgrade(str(path), "0018")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO alerts (subject, measure, level, episode, sequence, worst) VALUES (?, ?, ?, 1, 1, ?)",
            [
                ("pixverse", "failures", 2, 0.5),
                ("kling", "failures", 2, 1.0),
                ("mureka", "failures", 0, 0.0),
                ("pixverse", "listing", 1, 0.0),
                ("pixverse:a@example.com", "failures", 1, 0.0),
            ],
        )
    upgrade(str(path))
    with closing(sqlite3.connect(path)) as connection:
        known = connection.execute("SELECT subject, measure FROM alerts WHERE subscription").fetchall()
    assert known == [("pixverse", "failures")]


def test_what_was_refused_before_is_owed_to_the_group_itself(tmp_path: Path) -> None:
    """A chat that refused says since when; what was addressed to General by its id is addressed to the group."""
    path = tmp_path / "bot.db"
    upgrade(str(path), "0004")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO chats (chat_id, thread_id, greeted_at, gone)"
            " VALUES (-1, 1, 5, 'thread not found'), (7, 0, 5, NULL)"
        )
        connection.executemany(
            "INSERT INTO outbox (chat_id, thread_id, key, topic, subject, episode, reason, severity, facts, state,"
            " created_at, attempts, done_at) VALUES (?, ?, ?, 'alert', 's', 1, 'fired', 3, '{}', 'failed', 1, 1, ?)",
            [(-1, 1, "a", 30), (-1, 1, "b", 20), (-1, 0, "b", 40), (7, 1, "a", 10)],
        )
    upgrade(str(path))
    with closing(sqlite3.connect(path)) as connection:
        known = connection.execute("SELECT chat_id, thread_id, refused_since FROM chats ORDER BY chat_id").fetchall()
        owed = connection.execute("SELECT chat_id, thread_id, key FROM outbox ORDER BY id").fetchall()
    assert known == [(-1, 0, 20), (7, 0, None)]
    assert owed == [(-1, 0, "a"), (-1, 1, "b"), (-1, 0, "b"), (7, 1, "a")]


EASED = """
INSERT INTO accounts (key, source, email, watched, next_check_at, failures, outage_kind) VALUES
  ('a', 's', 'a', 1, 0, 1, 'broken'), ('b', 's', 'b', 1, 0, 1, 'missing');
INSERT INTO alerts (subject, measure, level, episode, sequence, severity, worst) VALUES
  ('a', 'credits', 3, 2, 1, 3, 0), ('b', 'credits', 3, 2, 1, 3, 5), ('a', 'failures', 2, 1, 1, 2, 1),
  ('b', 'failures', 2, 1, 1, 2, 1), ('a', 'plan', 1, 1, 1, 1, 9), ('b', 'plan', 2, 1, 1, 1, 9);
INSERT INTO notified (subject, measure, chat_id, thread_id, episode, level)
  SELECT subject, measure, 1, 0, episode, level FROM alerts;
INSERT INTO silences (kind, subject, measure, episode, level, "by", thread_id) VALUES
  ('ack', 'b', 'plan', 1, 2, 'Ann', 0);
"""
"""Alerts of a version that knew neither "was cancelled" nor that a session which is broken is worse than missing."""


def test_levels_are_counted_anew_and_nothing_is_told_again(tmp_path: Path) -> None:
    """What was told of a plan, of a broken session and of no credits is known as such afterwards."""
    path = tmp_path / "bot.db"
    upgrade(str(path), "0012")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(EASED)
    upgrade(str(path))
    with closing(sqlite3.connect(path)) as connection, connection:
        wanted = [
            ("a", "credits", 3, 1),
            ("a", "failures", 3, 0),
            ("a", "plan", 1, 0),
            ("b", "credits", 3, 0),
            ("b", "failures", 2, 0),
            ("b", "plan", 3, 0),
        ]
        for table in ("alerts", "notified"):
            query = f"SELECT subject, measure, level, out FROM {table} ORDER BY subject, measure"
            assert connection.execute(query).fetchall() == wanted
        assert connection.execute("SELECT level FROM silences").fetchall() == [(3,)]


READING = {
    "taken_at": "2026-07-20T14:03:00Z",
    "credits": {"monthly": 5},
    "limits": {"jobs_at_once": 5, "albums": 1000, "qualities": ["360p"]},
    "capabilities": {"fast_mode": False, "buy_credits": True, "image_models": ["a"]},
    "identity": {"user_id": 7},
}


def test_what_a_reading_told_besides_becomes_its_details(tmp_path: Path) -> None:
    """A stored reading keeps what people are shown of it; one that cannot be read stays, and stops nothing."""
    path = tmp_path / "bot.db"
    upgrade(str(path), "0013")
    insert = """INSERT INTO accounts (key, source, email, watched, next_check_at, failures, reading)
        VALUES (?, 's', 'e', 1, 0, 0, ?)"""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(insert, [("a", json.dumps(READING)), ("b", "lost"), ("c", '{"limits": 5}'), ("d", None)])
    upgrade(str(path))
    with closing(sqlite3.connect(path)) as connection:
        stored = dict(connection.execute("SELECT key, reading FROM accounts"))
    reading = load_reading(stored["a"])
    assert reading
    assert reading.credits.monthly == 5
    assert reading.details == {"jobs_at_once": 5, "qualities": ["360p"], "fast_mode": False, "image_models": ["a"]}
    assert (stored["b"], stored["c"], stored["d"]) == ("lost", '{"limits": 5}', None)
    assert load_reading(json.dumps(READING)) == replace(reading, details={}), "a reading of old is a reading"
