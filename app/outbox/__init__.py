"""Outgoing mail: rows that commit with the act, and their delivery."""
