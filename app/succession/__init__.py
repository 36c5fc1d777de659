"""Merging two cards of one institution, and succession: acts of the operator that reach every room."""
