"""Stored files: checked when they come, given out as downloads."""
