"""credit-bot doctor: tries every setting against the real services."""
