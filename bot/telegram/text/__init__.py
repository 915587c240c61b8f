"""Every text that a chat reads. Pure."""
