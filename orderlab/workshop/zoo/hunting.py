"""Let a test loose on the zoo: how many of the faulty ones does it catch, and does it leave the healthy one alone?"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from inspect import isawaitable
from threading import Thread
from typing import Any

from orderlab.workshop.zoo.hunt import Hunt
from orderlab.workshop.zoo.specimen import KINDS, Kind, Specimen

_ENDLESS = "it did not come to an end"


def hunt_in(zoo: tuple[Specimen, ...], test: Callable[[Any], Any], kind: Kind, *, seconds: float) -> Hunt:
    """Run a test on the healthy ones and on every specimen of a kind; see `orderlab.workshop.zoo.hunt`."""
    if not callable(test):
        raise TypeError(f"test must be a function of one argument, the {kind} to be tested, not {test!r}")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise ValueError(f"seconds must be a number above 0, not {seconds!r}")
    hunted = tuple(each for each in zoo if each.kind == kind)
    said = [_said(test, healthy, seconds) for healthy in dict.fromkeys(each.healthy for each in hunted)]
    wrong = next((each for each in said if each and each not in _VERDICTS), "")
    if wrong:
        return Hunt(kind, hunted, (), problem=wrong)
    answers = {each: _said(test, each.faulty, seconds) for each in hunted}
    caught = tuple(each for each, answer in answers.items() if answer and answer != _ENDLESS and answer not in _VERDICTS)
    endless = tuple(each for each, answer in answers.items() if answer == _ENDLESS)
    return Hunt(kind, hunted, caught, endless=endless, returned=next((each for each in said if each in _VERDICTS), ""))
