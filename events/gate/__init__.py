"""Entry lists: who enters a prison unit on a day, with what, and what the unit decided."""
