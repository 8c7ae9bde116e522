"""What came of a hunt: how many mistakes a test catches, and what tells those apart that got away."""

from dataclasses import dataclass
from typing import Any

from orderlab.drawing import tables
from orderlab.workshop.zoo.specimen import Specimen


@dataclass(frozen=True, slots=True, repr=False)
class Hunt:
    """How many of the faulty ones a test catches; those that got away show the shortest run that gives them away.

    Args:
        kind: What was hunted: decider, reducer or event store.
        hunted: All of them.
        caught: Those on which the test failed, as it should.
        problem: Why nothing can be said: what the test raised on the healthy one. Empty if it passed there.
        endless: Those on which the test had to be ended, because it took too long; they count as survivors.
        returned: What the test returned on the healthy one; a test returns nothing.
    """

    kind: str
    hunted: tuple[Specimen, ...]
    caught: tuple[Specimen, ...] = ()
    problem: str = ""
    endless: tuple[Specimen, ...] = ()
    returned: Any = None

    @property
    def score(self) -> int:
        """How many were caught."""
        return len(self.caught)

    @property
    def survivors(self) -> tuple[Specimen, ...]:
        """Those that got away, in the order of the zoo."""
        return tuple(each for each in self.hunted if each not in self.caught)

    @property
    def sentence(self) -> str:
        """The score, and what it means."""
        if self.problem:
            return (
                f"caught none: the test fails on the healthy {self.kind} too, so it does not tell right from wrong "
                f"({self.problem})"
            )
        told = f"caught {self.score} of {len(self.hunted)}"
        if self.survivors:
            return f"{told}; each of the others shows a run on which it goes wrong"
        return f"{told}; no test shows that there is no mistake left, and these are only those that we thought of"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What else is to be said of the test, a sentence each."""
        remarks = []
        if self.endless:
            remarks.append(f"On {len(self.endless)} of them the test did not come to an end, which catches nothing.")
        if self.returned is not None:
            remarks.append(
                f"The test returned {type(self.returned).__name__}, which nobody looks at: "
                "only an assert that fails, or an error, catches."
            )
        return tuple(remarks)

    def __repr__(self) -> str:
        return f"<Hunt: {self.sentence}>"

    def __str__(self) -> str:
        lines = [self.sentence, *self.remarks]
        for specimen in () if self.problem else self.survivors:
            lines += ["", f"survivor {self.hunted.index(specimen) + 1}: {specimen.distinction()}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{tables.cell(each)}</p>" for each in (self.sentence, *self.remarks))
        return said + "".join(map(self._survivor, () if self.problem else self.survivors))

    def _survivor(self, specimen: Specimen) -> str:
        number = self.hunted.index(specimen) + 1
        asked = f"<details><summary>what is its mistake?</summary><p>{tables.cell(specimen.mistake)}</p></details>"
        return f"<h4>survivor {number}</h4>{specimen.distinction()._repr_html_()}{asked}"
