"""Cards: an institution keeps its own card, its territory and its rooms; the operator sets its state."""
