"""Notifications become messages: batched, paced, in order, at least once."""
