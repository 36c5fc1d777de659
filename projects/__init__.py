"""The second floor: programmes that institutions run together."""
