"""What the bot decides: pure functions on frozen values. Standard library only, no I/O, no clock."""
