"""The webhook: each notification as JSON, for programs."""
