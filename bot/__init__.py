"""credit-bot: warns on Telegram before credits run out or a plan ends.

``docs/architecture.md`` has the layers and the way of one reading; start at ``bot/app.py``.
"""

__version__ = "0.1.0"
