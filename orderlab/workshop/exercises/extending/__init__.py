"""A domain of your own: what is new in the shop, and a domain from nothing."""

from orderlab.grading.exercise import Exercise
from orderlab.workshop.exercises.extending.parcels import parcels
from orderlab.workshop.exercises.extending.returning import returning
from orderlab.workshop.exercises.extending.rules import rules
from orderlab.workshop.exercises.extending.vouchers import vouchers

EXERCISES: tuple[Exercise, ...] = (returning, parcels, vouchers, rules)
"""In the order in which they are done."""
