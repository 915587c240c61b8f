"""Pictures of the past: /history."""
