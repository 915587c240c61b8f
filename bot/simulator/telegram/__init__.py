"""A simulated Telegram: the Bot API over real HTTP."""
