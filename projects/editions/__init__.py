"""Editions: one run of a programme, its planned outcomes and results."""
