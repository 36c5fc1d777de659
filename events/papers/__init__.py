"""Papers of an event: the attendance sheet to be signed, certificates of attendance."""
