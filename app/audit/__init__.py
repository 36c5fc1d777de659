"""The audit trail: append-only, sealed nightly, able to forget persons."""
