"""Competence: who serves a gmina, and the public sheet "Gdzie po pomoc"."""
