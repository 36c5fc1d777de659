"""Decisions about people in institutions on plain values: who may invite, change a role, end a membership."""
