"""Migrations from each older schema to the next."""
