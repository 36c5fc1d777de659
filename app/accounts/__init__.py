"""User accounts, passwords and server-side sessions: who you are."""
