"""Other worlds to run a function in: another clock, zone, hash seed and chance, each in an interpreter of its own."""
