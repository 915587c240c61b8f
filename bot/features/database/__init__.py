"""Trouble with the database, sent past the outbox."""
