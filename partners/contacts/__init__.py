"""Whom to write to: contacts by role, substitutes, absences, and reports that something on a card does not work."""
