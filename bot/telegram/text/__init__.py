"""Every word that a chat reads. Pure."""
