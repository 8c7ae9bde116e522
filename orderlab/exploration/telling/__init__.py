"""A run told: in words, as a table, and as a picture."""
