"""Predict first: a widget that asks what the state will be before it moves, and keeps count."""

from collections.abc import Mapping
from html import escape
from importlib.resources import files as resources
from typing import Any

import traitlets

from orderlab.drawing import files, tables
from orderlab.drawing.machine import Machine
from orderlab.notebook.cells import stop_those_of_this_cell
from orderlab.notebook.guessing import HEADER, REFUSED, Guess, Score, said_to
from orderlab.notebook.machines import machine_of
from orderlab.notebook.questions import Question, questions_of
from orderlab.notebook.showing import ShownView


class Predict(ShownView):
    """Ask what the state will be, before it moves; then move, say why, and keep count.

    `guess` does from code what a button does; `score` and `missed` tell how it went.

    Args:
        log: A `Trace`, a `Timeline`, what has a `to_timeline()`, recorded events, or the path of an exported log.
        title: What stands above it.

    Raises:
        TypeError: The log is none of these.
    """

    _esm = resources("orderlab.drawing").joinpath("predicting.js").read_text("utf-8")
    _css = files.style() + resources("orderlab.drawing").joinpath("predicting.css").read_text("utf-8")
    _machine = traitlets.Unicode().tag(sync=True)
    _view = traitlets.Dict().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)

    def __init__(self, log: Any, *, title: str | None = None) -> None:
        self._run = questions_of(log)
        self._drawn = self._machine_drawn()
        self._guesses: list[Guess] = []
        self._number = 0
        self._refused = REFUSED if REFUSED not in self._run.states else f"{REFUSED} by the rules"
        super().__init__(
            _machine="" if self._drawn is None else self._drawn.to_svg(findable=True),
            _view={},
            title=f"What will the {self._run.noun} be?" if title is None else title,
        )
        self._show()
        self.on_msg(self._pressed)
        stop_those_of_this_cell(self)

    @property
    def options(self) -> tuple[str, ...]:
        """What can be guessed: the names of the states, and `refused` where something in the run is."""
        return (*self._run.states, self._refused) if self._run.has_refusals else self._run.states

    @property
    def score(self) -> Score:
        """How many guesses were right so far."""
        return Score(sum(each.is_right for each in self._guesses), len(self._guesses), len(self._run.questions))

    @property
    def guesses(self) -> tuple[Guess, ...]:
        """All guesses so far."""
        return tuple(self._guesses)

    @property
    def missed(self) -> tuple[Guess, ...]:
        """The guesses that were wrong."""
        return tuple(each for each in self._guesses if not each.is_right)

    @property
    def question(self) -> Question | None:
        """What is asked now; None if all is guessed."""
        place = len(self._guesses)
        return self._run.questions[place] if place < len(self._run.questions) else None

    def guess(self, name: str) -> Guess:
        """Guess what comes of the next step, and return what is said to that.

        Args:
            name: The name of a state, or `refused`.

        Raises:
            ValueError: There is no such name, or nothing more to be guessed.
        """
        question, number = self.question, len(self._guesses) + 1
        if question is None:
            raise ValueError(f"there is nothing more to be guessed ({self.score}): reset() begins again")
        if name not in self.options:
            raise ValueError(f"{name!r} cannot be guessed: choose one of {', '.join(self.options)}")
        right = self._refused if question.is_refused else question.after
        said = said_to(question, name, right)
        self._guesses.append(Guess(number, f"{question.about} {question.asked}", name, right, said))
        self._number = number - 1
        self._show()
        return self._guesses[-1]

    def next(self) -> None:
        """Go on to the next question, or to the score after the last."""
        self._number = len(self._guesses)
        self._show()

    def reset(self) -> None:
        """Forget all guesses and begin again."""
        self._guesses.clear()
        self._number = 0
        self._show()

    def __repr__(self) -> str:
        asked = self.question
        score, next_one = self.score, f"; {asked.asked}" if asked else ""
        return f"<Predict: {score.guessed:,} of {score.of:,} guessed, {score.right:,} right{next_one}>"

    def _repr_html_(self) -> str:
        """Return the machine and what is asked, as they are where nobody can press anything."""
        guess, question = self._guesses[-1] if self._guesses else None, self.question
        lit = self._run.start if question is None else question.before
        if question is None and self._run.questions:
            lit = self._run.questions[-1].after
        machine = "" if self._drawn is None else self._drawn.picture(lit=lit)
        parts = [] if guess is None else [guess.said]
        if question is not None:
            parts += [f"{question.about} {question.asked}.", f"{self._what()} {', '.join(self.options)}."]
        told = "".join(f"<p>{tables.cell(part)}</p>" for part in (*parts, f"{self.score}."))
        return f"<p><b>{escape(self.title)}</b></p>{machine}{told}{self._missed_table() if question is None else ''}"

    def _machine_drawn(self) -> Machine | None:
        if self._run.decider is None:
            return None
        ways = dict.fromkeys(each.way for each in self._run.questions if each.way is not None)
        return machine_of(self._run.decider, ways, None)

    def _pressed(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        """Do what a view asks; one that is behind another has its press left out."""
        if content.get("at") != [self._number, len(self._guesses)]:
            self.send({"view": self._view})
        elif content.get("do") == "guess" and content.get("name") in self.options and self.question is not None:
            self.guess(content["name"])
        elif content.get("do") == "next":
            self.next()
        elif content.get("do") == "reset":
            self.reset()

    def _show(self) -> None:
        """Tell the view what to show."""
        number, questions = self._number, self._run.questions
        told = self._guesses[number] if number < len(self._guesses) else None
        is_over = number >= len(questions)
        question = None if is_over else questions[number]
        lit = self._run.start if not questions else questions[-1].after
        if question is not None:
            lit = question.before if told is None else question.after
        self._view = {
            "at": [number, len(self._guesses)],
            "phase": "over" if is_over else "asks" if told is None else "tells",
            "count": self._count(number),
            "about": "" if question is None else question.about,
            "asked": "" if question is None else f"{question.asked}.",
            "what": self._what(),
            "options": list(self.options),
            "guessed": None if told is None else told.guessed,
            "right": None if told is None else told.right,
            "said": self._end() if is_over else "" if told is None else told.said,
            "lit": lit,
            "way": list(question.way)
            if question is not None and question.way is not None and told is not None
            else None,
            "next": "The score" if number + 1 == len(questions) else "Next",
            "missed": [each.row for each in self.missed] if is_over else [],
        }

    def _count(self, number: int) -> str:
        of = len(self._run.questions)
        if number >= of:
            return ""
        return f"Step {number + 1:,} of {of:,}" + (f"; {self.score} so far" if self._guesses else "")

    def _what(self) -> str:
        if self._run.has_refusals:
            return f"What comes of it? Which state is the {self._run.noun} in then, or is it refused?"
        return f"Which state is the {self._run.noun} in then?"

    def _end(self) -> str:
        if not self._run.questions:
            return "This log is empty."
        more = f" Nobody asks about the {self._run.left_out:,} after that." if self._run.left_out else ""
        return f"{self.score}.{' You missed:' if self.missed else ' Nothing missed.'}{more}"

    def _missed_table(self) -> str:
        return tables.rows(HEADER, [each.row for each in self.missed]) if self.missed else ""
