"""credit-bot: warns on Telegram before credits run out or a plan ends.

``docs/architecture.md`` has the layers and the way of one reading; start at ``bot/app.py``.
"""

import sys

__version__ = "0.1.0"

if sys.version_info < (3, 11):  # noqa: UP036 - pip refuses, but not all that installs asks it
    sys.stderr.write("credit-bot needs Python 3.11 or newer, and this is %d.%d.\n" % sys.version_info[:2])  # noqa: UP031
    sys.exit(69)
