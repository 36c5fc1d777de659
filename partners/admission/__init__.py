"""Admission: an institution asks to take part, the operator decides; merging and succession of institutions."""
