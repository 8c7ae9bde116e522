"""The domain: Draft, Placed, Shipped or Cancelled. Begin with `decider`."""
