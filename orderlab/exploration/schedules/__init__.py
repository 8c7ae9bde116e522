"""The parts of running every interleaving: who writes, in which orders, what came of it, and how that is told."""
