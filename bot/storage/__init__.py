"""Tables, their migrations, and operations named by their meaning.

Each operation takes the connection of its caller's transaction: ``Store.write`` or ``Store.read``.
"""
