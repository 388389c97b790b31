"""Places where state can rest: one file, one place."""
