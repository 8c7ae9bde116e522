"""The parts of a search through all states: what is asked, what is tried, what was found, and two ways to go."""
