"""Live pictures for notebooks: the time-travel widget and the live board."""
