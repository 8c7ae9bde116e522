"""What was guessed, what is said to that, and how many guesses were right."""

from dataclasses import dataclass

from orderlab.drawing import tables
from orderlab.notebook.questions import Question

HEADER = ["step", "asked", "guessed", "right", "why"]

REFUSED = "refused"
"""What is guessed of a command that changes nothing because it is not allowed."""


@dataclass(frozen=True, slots=True)
class Guess(tables.AsTable):
    """What was guessed of one step.

    Args:
        number: Which step, from 1.
        asked: What was asked.
        guessed: The state that was guessed, or `refused`.
        right: What was right.
        said: What is said to that, in words.
    """

    number: int
    asked: str
    guessed: str
    right: str
    said: str

    @property
    def is_right(self) -> bool:
        """Whether it was."""
        return self.guessed == self.right

    @property
    def row(self) -> list[str]:
        """It as cells of a table, under `HEADER`."""
        return [str(self.number), self.asked, self.guessed, self.right, self.said]

    def __str__(self) -> str:
        return self.said


@dataclass(frozen=True, slots=True)
class Score(tables.AsTable):
    """How many guesses were right.

    Args:
        right: So many were.
        guessed: So many there were.
        of: So many there are to be guessed.
    """

    right: int
    guessed: int
    of: int

    def __str__(self) -> str:
        return f"{self.right} of {self.guessed} right"


def said_to(question: Question, guessed: str, right: str) -> str:
    """Return whether a guess is right, and why, in words.

    Args:
        question: What was asked.
        guessed: What was guessed.
        right: What is right.
    """
    if guessed == right:
        return f"Right: {question.reason}"
    if question.is_refused and guessed == question.after:
        return f"Not quite, for it is not accepted: {question.reason}"
    return f"No, not {guessed}: {question.reason}"
