"""Which accounts are watched, and which chats get messages."""
