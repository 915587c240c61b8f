"""Histories lived through in one process: the bot's real parts on a real database, in simulated time.

    python -m verification.simulation --seed 1234                   one history, with its story
    python -m verification.simulation --histories 5000 --jobs 2     many, and a summary
    python -m verification.simulation --defects                     defects put in, each of which must be caught

A history is made from its seed alone: how its accounts spend, what goes wrong and when, what people tap, where the bot
is killed. ``tests/oracle`` judges what the chats were told.
"""
