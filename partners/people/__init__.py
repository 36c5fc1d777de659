"""Memberships and roles: what a person may do, and for whom."""
