"""A simulated PixVerse (as useapi.net shows it) and a simulated Telegram, both over real HTTP on this machine.

The demo, the end-to-end tests and the benchmarks let the real bot talk to them.
They know nothing of the rest of the bot; only the demo itself does: ``stage.py``, ``show.py`` and its views, which are
a page (``browser.py``, ``feed.py``, ``page*``) and a terminal (``terminal.py``).
"""
