"""Time travel: stand anywhere in a log."""
