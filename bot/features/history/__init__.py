"""Charts of the past: /history."""
