"""The values that the bot speaks of. Pure."""
