"""Places to tell: one file, one place."""
