"""Sign-ups: seats, the waiting list, withdrawal and promotion."""
