"""The demo: the real bot in a simulated world, shown on a page or a terminal.

``world.py`` joins the bot and the simulated services. A page (``browser.py``, ``page_*.py``) and a terminal
(``terminal.py``) are views of it.
"""
