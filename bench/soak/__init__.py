"""The soak: the real bot in a process of its own while time runs 200 × as fast, and what it comes to hold.

``python -m bench.soak --hours 0.2`` runs it, prints what grew, and draws it.
"""
