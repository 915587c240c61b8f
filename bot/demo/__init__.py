"""A simulated PixVerse (as useapi.net shows it) and a simulated Telegram, both over real HTTP on this machine.

The demo, the end-to-end tests and the benchmarks let the real bot talk to them.
They know nothing of the rest of the bot; only ``stage.py``, ``terminal.py`` and ``show.py``, the demo itself, do.
"""
