"""Draw who says what to whom: a sequence diagram, with what each turn leaves behind at its right."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from orderlab.drawing import svg
from orderlab.drawing.lettering import shortened, width_of
from orderlab.drawing.shapes import number

_SIZE, _SMALL = 13, 12
_ROW, _PADDING, _LINE = 32.0, 8.0, 17.0
_TOP, _HEAD, _EDGE = 12.0, 30.0, 10.0
_NUMBER = 34.0
_NARROWEST_BOX, _WIDEST_BOX = 56.0, 150.0
_NARROWEST_GAP, _WIDEST_GAP = 104.0, 300.0
_NARROWEST_LEFT, _WIDEST_LEFT = 90.0, 345.0
_PAPER, _RIM, _INK, _LIFELINE = "#eef3f7", "#52606d", "#1f2933", "#b8c4ce"
_PLAIN, _STRIPE, _MARKED, _MARK = "#ffffff", "#f7f9fb", "#fff1d6", "#8a4b00"
_TONES = {"plain": "#1f2933", "good": "#0b6e4f", "refused": "#8a4b00", "failed": "#b3261e"}


@dataclass(frozen=True, slots=True)
class Message:
    """What one says to another.

    Args:
        source: Who says it.
        target: To whom.
        text: What is said, shortened in the picture where it is long.
        tone: `plain`, `good`, `refused` or `failed`.
        dashed: It is an answer.
        full: The whole of a text that is shortened already; the text itself if empty.
    """

    source: str
    target: str
    text: str
    tone: str = "plain"
    dashed: bool = False
    full: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What belongs together: a few messages, and what is so after them.

    Args:
        label: Its number.
        messages: What is said, in order.
        left: What it leaves behind; nothing if empty.
        is_new: What it leaves behind is other than before.
        remark: What is said under it, which marks it.
        note: What stands in place of messages.
        full: The whole of what it leaves behind, where that is shortened already.
    """

    label: str
    messages: tuple[Message, ...] = ()
    left: str = ""
    is_new: bool = True
    remark: str = ""
    note: str = ""
    full: str = ""


@dataclass(frozen=True, slots=True)
class SequenceDiagram:
    """Participants from left to right, and turns from top to bottom.

    Args:
        participants: Who speaks.
        turns: What is said.
        title: What the picture shows, for screen readers.
        column: What stands above that which turns leave behind.
    """

    participants: tuple[str, ...]
    turns: tuple[Turn, ...]
    title: str
    column: str = "then"

    def to_svg(self) -> str:
        """Return it as an SVG document."""
        plan = _Plan(self)
        parts, y = [], _TOP + _HEAD + _PADDING
        for place, turn in enumerate(self.turns):
            parts.append(plan.turn(turn, y, _STRIPE if place % 2 else _PLAIN))
            y += plan.height(turn)
        return svg.document(round(plan.width), round(y + _PADDING), *plan.heads(), *parts, title=self.title)


class _Plan:
    """Where everything stands, left and right."""

    def __init__(self, diagram: SequenceDiagram) -> None:
        self._names, self._turns, self._column = diagram.participants, diagram.turns, diagram.column
        self._places = {name: place for place, name in enumerate(self._names)}
        boxes = [_box_width(name) for name in self._names]
        gaps = self._gaps([(one + other) / 2 + 20 for one, other in pairwise(boxes)])
        first = _NUMBER + max(boxes[0] / 2, 30) + _EDGE
        self._x = list(accumulate(gaps, initial=first))
        lefts = [width_of(turn.left, _SIZE) + 20 for turn in self._turns if turn.left]
        self._left_width = min(max([_NARROWEST_LEFT, *lefts]), _WIDEST_LEFT) if lefts else 0.0
        self._left_at = self._x[-1] + boxes[-1] / 2 + 12
        self.width = self._left_at + (self._left_width + _EDGE if lefts else 0.0)

    def _gaps(self, least: Sequence[float]) -> list[float]:
        """Return how far apart the participants stand, so that what they say has room between them."""
        gaps = [max(each, _NARROWEST_GAP) for each in least]
        messages = [message for turn in self._turns for message in turn.messages]
        spans = [(*self._span(message), width_of(message.text, _SIZE) + 34) for message in messages]
        for start, end, wanted in sorted(spans, key=lambda span: (span[1] - span[0], span)):
            missing = min(wanted, _WIDEST_GAP) - sum(gaps[start:end])
            for place in range(start, end):
                gaps[place] += max(missing, 0) / (end - start)
        return gaps

    def _span(self, message: Message) -> tuple[int, int]:
        ends = self._places[message.source], self._places[message.target]
        return min(ends), max(ends)

    def height(self, turn: Turn) -> float:
        """Return how high a turn is."""
        remarks = len(self._remark(turn)) * _LINE + (_PADDING if turn.remark else 0)
        return max(len(turn.messages), 1) * _ROW + 2 * _PADDING + remarks

    def _remark(self, turn: Turn) -> list[str]:
        return wrapped(turn.remark, self.width - 2 * _EDGE - 16, _SIZE) if turn.remark else []

    def heads(self) -> list[str]:
        """Return the boxes with the participants' names."""
        heads = [_box(name, x, _TOP) for name, x in zip(self._names, self._x, strict=True)]
        if self._left_width:
            middle = self._left_at + self._left_width / 2
            heads.append(svg.text(self._column, number(middle), number(_TOP + 20), size=_SMALL, fill=_RIM))
        return heads

    def turn(self, turn: Turn, top: float, paper: str) -> str:
        """Return a turn, with the stretch of lifeline behind it."""
        height, paper = self.height(turn), _MARKED if turn.remark else paper
        parts = [svg.element("rect", x=0, y=number(top), width=number(self.width), height=number(height), fill=paper)]
        if turn.remark:
            parts.append(svg.element("rect", x=0, y=number(top), width=4, height=number(height), fill=_MARK))
        body = height - (len(self._remark(turn)) * _LINE + _PADDING if turn.remark else 0)
        parts += [
            svg.element("line", x1=number(x), y1=number(top), x2=number(x), y2=number(top + body), stroke=_LIFELINE)
            for x in self._x
        ]
        parts.append(svg.text(turn.label, number(_EDGE + 12), number(top + _PADDING + 21), size=_SIZE, weight="bold"))
        for row, message in enumerate(turn.messages):
            parts.append(self._message(message, top + _PADDING + (row + 1) * _ROW - 8, paper))
        if turn.note:
            parts.append(self._note(turn.note, top + body / 2, paper))
        if turn.left:
            parts.append(self._left(turn, top + _PADDING + max(len(turn.messages), 1) * _ROW - 8))
        for row, line in enumerate(self._remark(turn)):
            y = top + body + row * _LINE + 12
            parts.append(svg.text(line, number(self.width / 2), number(y), weight="bold", fill=_MARK))
        return "".join(parts)

    def _message(self, message: Message, y: float, paper: str) -> str:
        """Return an arrow with its text above it, and behind the text a ground that covers lifelines."""
        start, end = self._x[self._places[message.source]], self._x[self._places[message.target]]
        room, middle, colour = abs(end - start) - 22, (start + end) / 2, _TONES[message.tone]
        short = shortened(message.text, room, _SIZE)
        way = 1 if end > start else -1
        dashes: dict[str, object] = {"stroke_dasharray": "5 4"} if message.dashed else {}
        back = number(end - 9 * way)
        tip = f"M{back},{number(y - 4)} L{number(end)},{number(y)} L{back},{number(y + 4)} Z"
        line = svg.element(
            "line",
            x1=number(start),
            y1=number(y),
            x2=number(end - 8 * way),
            y2=number(y),
            stroke=colour,
            stroke_width=1.5,
            **dashes,
        )
        title = _title(short, message.full or message.text)
        return "".join(
            (
                _ground(short, middle, y - 6, paper),
                line,
                svg.element("path", d=tip, fill=colour),
                svg.text(short, number(middle), number(y - 6), size=_SIZE, fill=colour, title=title),
            )
        )

    def _note(self, note: str, y: float, paper: str) -> str:
        middle = (self._x[0] + self._x[-1]) / 2
        short = shortened(note, self._x[-1] - self._x[0] + 40, _SIZE)
        told = svg.text(short, number(middle), number(y + 5), size=_SIZE, fill=_RIM, title=_title(short, note))
        return _ground(short, middle, y + 5, paper) + told

    def _left(self, turn: Turn, y: float) -> str:
        short = shortened(turn.left, self._left_width - 16, _SIZE)
        middle, title = number(self._left_at + self._left_width / 2), _title(short, turn.full or turn.left)
        text = svg.text(short, middle, number(y + 1), size=_SIZE, fill=_INK if turn.is_new else _RIM, title=title)
        if not turn.is_new:
            return text
        look = {"rx": 6, "fill": _PAPER, "stroke": _RIM}
        return (
            svg.element(
                "rect", x=number(self._left_at), y=number(y - 16), width=number(self._left_width), height=24, **look
            )
            + text
        )


def wrapped(text: str, most: float, size: float) -> list[str]:
    """Return text in lines that are no wider than there is room for; a word that is wider is shortened.

    >>> wrapped("a cancelled order is shipped", 100, 13)
    ['a cancelled', 'order is', 'shipped']
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=True) <= most:
            lines[-1] = longer
        else:
            lines.append(shortened(word, most, size, bold=True))
    return lines


def _box_width(name: str) -> float:
    return min(max(width_of(name, _SIZE, bold=True) + 20, _NARROWEST_BOX), _WIDEST_BOX)


def _box(name: str, x: float, y: float) -> str:
    width = _box_width(name)
    short = shortened(name, width - 16, _SIZE, bold=True)
    look = {"rx": 6, "fill": _PAPER, "stroke": _RIM}
    rim = svg.element("rect", x=number(x - width / 2), y=number(y), width=number(width), height=number(_HEAD), **look)
    return rim + svg.text(short, number(x), number(y + 20), size=_SIZE, weight="bold", title=_title(short, name))


def _title(shown: str, whole: str) -> str:
    """Return the whole of a text where it is shown shortened."""
    return "" if shown == whole else whole


def _ground(text: str, x: float, y: float, paper: str) -> str:
    """Return what covers the lifelines behind a text."""
    width = width_of(text, _SIZE) + 4
    return svg.element("rect", x=number(x - width / 2), y=number(y - 12), width=number(width), height=16, fill=paper)
