"""What can be found out about a domain by running all of it: every state, every difference, every interleaving."""
