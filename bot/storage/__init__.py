"""What must survive: the tables, how they are opened and moved on, and named operations on them.

Each operation takes the connection of a transaction that its caller began: ``Store.write`` or ``Store.read``.
"""
