"""Agreements between institutions: parties, clauses, history."""
