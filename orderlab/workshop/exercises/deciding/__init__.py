"""Deciding and refusing: what may happen in the shop, and how one says no."""

from orderlab.grading.exercise import Exercise
from orderlab.workshop.exercises.deciding.checks import checks
from orderlab.workshop.exercises.deciding.day import day
from orderlab.workshop.exercises.deciding.purity import purity
from orderlab.workshop.exercises.deciding.shipping import shipping
from orderlab.workshop.exercises.deciding.transitions import transitions

EXERCISES: tuple[Exercise, ...] = (shipping, transitions, checks, purity, day)
"""In the order in which they are done."""
