"""How two domains, or two event stores, are told apart: comparing values, pairs of states, scripts of operations."""
