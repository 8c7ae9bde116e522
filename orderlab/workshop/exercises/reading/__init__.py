"""Reading: models that are folded from the log, how far they have come, and what was written long ago."""

from orderlab.grading.exercise import Exercise
from orderlab.workshop.exercises.reading.checkpointing import checkpointing
from orderlab.workshop.exercises.reading.projecting import projecting
from orderlab.workshop.exercises.reading.repeated import repeated
from orderlab.workshop.exercises.reading.snapshotting import snapshotting
from orderlab.workshop.exercises.reading.upcasting import upcasting

EXERCISES: tuple[Exercise, ...] = (projecting, checkpointing, snapshotting, upcasting, repeated)
