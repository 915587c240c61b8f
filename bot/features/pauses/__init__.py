"""/pause and /resume."""
