"""The real bot as a process, among simulated services over HTTP, while everything around it goes wrong.

``make faults N=60`` lives through random histories, each drawn from its seed: accounts spend and are refilled, plans
are cancelled, people ask, and in five rooms (useapi.net, Telegram, the database, the process, the clock) one trouble
follows another. Then all is mended, the bot catches up, and ``tests/oracle`` judges every chat by what the services
wrote down.

    python -m verification.faults --seed 17              one history, with all that happened in it
    python -m verification.faults --defect twice         with a deliberate defect, which has to be seen

``launch.py`` starts the bot; ``troubles.py`` is what can go wrong; ``plot.py`` draws, ``history.py`` lives and
``evidence.py`` tells the oracle. The bot's own waits are cut short in ``launch.py``, in their order, so that a history
takes seconds. Timing is the machine's: the same seed is the same plot, and not the same interleaving.

The database is full by SQLite's own page limit and by a limit on the size of the process's files, and read-only by
``query_only``, for permissions do not stop root. None of it needs any rights.
"""
