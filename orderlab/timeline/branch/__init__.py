"""Branches of a log, which take commands."""
