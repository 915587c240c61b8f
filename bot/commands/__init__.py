"""Commands and buttons of a chat, and who is allowed to use them."""
