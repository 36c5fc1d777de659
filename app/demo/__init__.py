"""The demo: facts out of published documents, and an invented life among invented institutions."""
