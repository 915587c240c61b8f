"""Tools for every part: errors, logs, metrics, processes."""
