"""Every text that a person reads, rendered from one table of situations into files that are read from top to bottom."""
