"""Values that all parts share. Pure."""
