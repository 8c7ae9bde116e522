"""The state machine of a domain, found by running its decider."""
