"""Real and simulated order data, as commands that go through the same runtime as anybody's."""
