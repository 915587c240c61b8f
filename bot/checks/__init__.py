"""When accounts are checked, and what each check leads to."""
