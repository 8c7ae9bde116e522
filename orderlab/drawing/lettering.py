"""How much room a line of text takes, without asking a font: a little more than most sans-serif fonts need."""

from unicodedata import east_asian_width

_NARROW = frozenset("iljtfrI.,:;'|!()[] ")
_WIDE = frozenset("mwMWQO@%—…")


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line of text is at the most, in the units of its size.

    >>> width_of("mm", 10) > width_of("ii", 10)
    True
    """
    return size * (1.08 if bold else 1.0) * sum(map(_share, text))


def shortened(text: str, most: float, size: float, *, bold: bool = False) -> str:
    """Return the text, or as much of its beginning as there is room for.

    >>> shortened("draft", 100, 15), shortened("awaiting a very long approval", 100, 15)
    ('draft', 'awaiting a…')
    """
    if width_of(text, size, bold=bold) <= most:
        return text
    end = len(text)
    while end > 1 and width_of(text[:end].rstrip() + "…", size, bold=bold) > most:
        end -= 1
    return text[:end].rstrip() + "…"


def _share(letter: str) -> float:
    if letter in _NARROW:
        return 0.38
    if letter in _WIDE or east_asian_width(letter) in "WF":
        return 1.0
    return 0.69 if letter.isupper() else 0.61
