"""A stretch of a log as a test that runs."""
