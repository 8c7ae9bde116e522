"""A domain for state machines: a book that is lent. It has all that a machine can have.

A loop (Remind, at most twice), ways back (Return), a command with two events (LendAgain), a rule about time (a book
goes missing after a year), a command that does nothing anywhere (Polish), and a state that nothing leads to (burnt).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from orderlab.core.codec import JsonCodec
from orderlab.core.decider import Decider, DeciderReducer


@dataclass(frozen=True, slots=True)
class Buy:
    """Put a new book on the shelf."""

    pages: int
    book_id: str | None = None


@dataclass(frozen=True, slots=True)
class Lend:
    """Lend it."""

    book_id: str
    reader: str


@dataclass(frozen=True, slots=True)
class LendAgain:
    """Take it back and lend it to another reader."""

    book_id: str
    reader: str


@dataclass(frozen=True, slots=True)
class Remind:
    """Ask for it."""

    book_id: str


@dataclass(frozen=True, slots=True)
class Return:
    """Put it back."""

    book_id: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Call it missing, a year after it was lent."""

    book_id: str


@dataclass(frozen=True, slots=True)
class Polish:
    """Make it shine; nothing is known of it afterwards."""

    book_id: str


@dataclass(frozen=True, slots=True)
class Bought:
    """A book is there."""

    book_id: str


@dataclass(frozen=True, slots=True)
class Lent:
    """A reader has it."""

    book_id: str
    reader: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reminded:
    """The reader was asked."""

    book_id: str


@dataclass(frozen=True, slots=True)
class Returned:
    """It is back."""

    book_id: str


@dataclass(frozen=True, slots=True)
class GoneMissing:
    """It will not come back."""

    book_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not now."""

    book_id: str


@dataclass(frozen=True, slots=True)
class TooThin:
    """Refused: no book has so few pages."""

    pages: int


@dataclass(frozen=True, slots=True)
class Book:
    """One book."""

    id: str
    state: str
    reminders: int = 0
    lent_at: datetime | None = None


MOST_REMINDERS = 2


def decide(command: Any, book: Book | None, *, key: str, at: datetime) -> Any:  # noqa: PLR0911 - a rule a line
    """Say what a command causes."""
    state = "wanted" if book is None else book.state
    match command:
        case Buy() if book is None:
            return (Bought(key),) if command.pages > 0 else TooThin(command.pages)
        case Polish() if book is not None:
            return ()
        case Lend() if state == "shelved":
            return (Lent(key, command.reader, at),)
        case LendAgain() if state == "lent":
            return (Returned(key), Lent(key, command.reader, at))
        case Remind() if book is not None and state == "lent" and book.reminders < MOST_REMINDERS:
            return (Reminded(key),)
        case Return() if state == "lent":
            return (Returned(key),)
        case GiveUp() if book is not None and book.lent_at is not None and at - book.lent_at > timedelta(days=365):
            return (GoneMissing(key),)
    return Refused(key)


def evolve(book: Book | None, event: Any) -> Book:
    """Apply what has happened; an old log has books that went missing from the shelf."""
    book = book or Book(event.book_id, "shelved")
    match event:
        case Lent():
            return Book(book.id, "lent", 0, event.at)
        case Reminded():
            return replace(book, reminders=book.reminders + 1)
        case Returned():
            return Book(book.id, "shelved")
        case GoneMissing():
            return Book(book.id, "missing")
    return book


def command_of(event: Any) -> Any:
    """Return the command that causes such an event."""
    match event:
        case Bought():
            return Buy(100, event.book_id)
        case Lent():
            return Lend(event.book_id, event.reader)
        case Reminded():
            return Remind(event.book_id)
        case Returned():
            return Return(event.book_id)
    return GiveUp(event.book_id)


LOANS: Decider[Book] = Decider(
    name="book",
    decide=decide,
    evolve=evolve,
    key_of=lambda action: action.book_id,
    commands=(Buy, Lend, LendAgain, Remind, Return, GiveUp, Polish),
    events=(Bought, Lent, Reminded, Returned, GoneMissing),
    rejections=(Refused, TooThin),
    state_name=lambda book: "wanted" if book is None else book.state,
    states=("wanted", "shelved", "lent", "missing", "burnt"),
    command_of=command_of,
)

LOAN_CODEC = JsonCodec(list(LOANS.events))


def loan_reducer() -> DeciderReducer[Book, Any]:
    """Return a reducer of books."""
    return DeciderReducer(LOANS)
