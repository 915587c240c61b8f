"""The field catalogue: answers that were seen in the real world, and what the bot must make of each."""
