"""Competence: who serves a gmina, and the sheet "Gdzie po pomoc"."""
