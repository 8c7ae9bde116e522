"""Reading: models that are folded from the log, how far they have come, and what was written long ago."""

from orderlab.grading.exercise import Exercise
from orderlab.workshop.exercises.reading.projecting import projecting

EXERCISES: tuple[Exercise, ...] = (projecting,)
