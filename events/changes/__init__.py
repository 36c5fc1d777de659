"""Edit and cancel an event as users do it: reaches the rooms below."""
