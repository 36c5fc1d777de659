"""Sessions: an edition's plan becomes events, and is kept as they change."""
