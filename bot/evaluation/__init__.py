"""A check result becomes alert transitions. Pure: standard library only, no I/O, no clock."""
