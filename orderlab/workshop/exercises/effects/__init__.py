"""Effects and the store: what is asked of the world, who does it, and in which order."""

from orderlab.grading.exercise import Exercise
from orderlab.workshop.exercises.effects.announcing import announcing
from orderlab.workshop.exercises.effects.described import described
from orderlab.workshop.exercises.effects.later import later
from orderlab.workshop.exercises.effects.replayed import replayed

EXERCISES: tuple[Exercise, ...] = (described, replayed, announcing, later)
"""In the order in which they are done."""
