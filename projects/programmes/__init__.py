"""Programmes: what is run together, by whom, for whom."""
