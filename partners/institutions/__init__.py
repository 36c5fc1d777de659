"""Institution cards, their services and the directory."""
