"""The second channel, for alerts that Telegram does not take."""
