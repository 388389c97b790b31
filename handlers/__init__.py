"""Ways in: what a program already says becomes signals. One file, one way in."""
