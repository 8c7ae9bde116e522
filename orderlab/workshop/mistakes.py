"""Mistakes of those who use the workshop, which a notebook shows as the one sentence that they are."""

from orderlab.core.errors import OrderlabError


class InASentence:
    """Let a notebook show an exception as its sentence: where in this package it was raised helps no learner.

    In a script it is an exception as any other.
    """

    __slots__ = ()

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in the place of a traceback."""
        return [str(self)]


class Mistake(InASentence, OrderlabError):
    """What cannot be done as it was asked: there is no such exercise, nothing to export, no file to read."""
