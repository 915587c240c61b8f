"""The board: one message that shows all accounts and stays current."""
