"""Search: the words of each event, and where they lead."""
