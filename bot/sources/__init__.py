"""HTTP answers become check results."""
