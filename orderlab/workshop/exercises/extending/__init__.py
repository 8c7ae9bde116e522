"""A domain of your own: what is new in the shop, and a domain from nothing."""

from orderlab.grading.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
"""In the order in which they are done."""
