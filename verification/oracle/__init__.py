"""The oracle: what the world really was, what the chat shows, and whether the second tells the first.

It is written from design.md's words ("Deciding", "Delivering") alone, and imports nothing of the bot. How to use it:

1. While you simulate the services, write everything down in a ``Truth``: each answer that the simulated PixVerse gave
   (``Answer``: every question about an account has one, also when the connection was cut), when the bot was ``up``,
   what was in the way (``Hurdle``, ``trouble``, ``jumps``), which wishes the bot said that it grants, and which rules
   hold.
2. Put every message that the simulated Telegram accepted into a ``Told``, each with an ``id`` of its own, and ``lost``
   where its answer did not reach the bot. A message that was not accepted does not belong there.
3. At the end let a quiet time pass in which nothing is in the way and every account is looked at once more, set
   ``Truth.ended_at``, and ask ``judge(truth, told)``. No miss means that everything was told as it should have been.

    misses = judge(truth, told)
    assert not misses, misses[0]

Moments are true seconds of a clock that never jumps; where the bot's clock was wrong stands in ``Truth.jumps``. The
tolerances are those of ``Slack`` and of ``rungs.py``; all others follow from what ``Truth`` says was in the way.

What it holds the bot to: every alert on credits, plans and failures is told at its rung, in time, with the number
that was read; once, but for one repeat of each message whose answer was lost (or whose sender died before noting it);
a recovery exactly once; a reminder never early; nothing silenced is told, and what a silence withheld is told when it
ends; nothing older is told after something younger; strangers hear nothing; pauses are told; each account is looked
at in time.

It holds the bot to its words as well:

- a chat that refused for less than an hour is told within a minute of being well of everything that still fires; later
  within a minute of its sign of life (``Truth.well_again``);
- no message blames what is not at fault: the token, the subscription, an account, its session, its plan (``blame.py``);
- ``/status`` is never green while something due waits for over two minutes, or nothing can be read (``pages.py``);
- ``/healthz`` is 200 while all holds that the contract names, and else 503 (``pages.py``);
- a mute or a snooze of one chat changes nothing in another, and is named where it does (``follow.py``);
- what nobody acknowledged is told to one chat more, once, in time, never while somebody is at it, and that chat hears
  of its end and of nothing else (``escalations.py``);
- upkeep lets nothing else wait (``Truth.holds``);
- the webhook's receiver gets every change of an alert, once it is back, in order (``events.py``).
"""

from verification.oracle.judge import Miss, judge
from verification.oracle.told import Asked, Message, Posted, Read, Telling, Told, Unreadable, read
from verification.oracle.truth import Answer, Hurdle, Plan, Rules, Slack, Truth, Wish, outage_by

__all__ = [
    "Answer",
    "Asked",
    "Hurdle",
    "Message",
    "Miss",
    "Plan",
    "Posted",
    "Read",
    "Rules",
    "Slack",
    "Telling",
    "Told",
    "Truth",
    "Unreadable",
    "Wish",
    "judge",
    "outage_by",
    "read",
]
