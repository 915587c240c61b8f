"""Telegram: transport and texts."""
