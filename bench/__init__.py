"""Benchmarks: the numbers that the README claims, measured on the machine at hand by ``make bench``."""
