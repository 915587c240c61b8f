"""The way from each older schema to the next."""
