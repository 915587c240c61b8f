"""The commands of a terminal. Each imports only what it needs."""
