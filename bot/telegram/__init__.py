"""Telegram: transport and words."""
