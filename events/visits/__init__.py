"""Visit requests: two institutions agree on a date inside a prison unit, option by option."""
