"""credit-bot: warns on Telegram before credits run out or a plan ends.

The rooms and the one way that imports run are drawn in ``docs/architecture.md``; start reading at ``bot/app.py``.
"""

__version__ = "0.1.0"
