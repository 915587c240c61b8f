"""Settings, and the accounts file."""
