"""What any part may use: errors, logs, metrics, processes."""
