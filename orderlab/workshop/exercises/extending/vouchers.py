"""7.3: a domain from nothing: gift vouchers, of which only what they answer is looked at."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from orderlab.core.decider import Decider
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.extending.comparing import first_difference, found_on
from orderlab.workshop.exercises.extending.voucher import VOUCHERS, RedeemVoucher, SellVoucher
from orderlab.workshop.exercises.recording import copies_of
from orderlab.workshop.exercises.runs import runs_of
from orderlab.workshop.exercises.telling import at_step

QUESTION = """\
Christmas is near, and the shop sells gift vouchers. They have nothing to do with orders: it is a domain of its own, and
you write all of it. `orderlab.workshop.exercises.extending.voucher` has the words, each with the fields `code` and
`cents`: the commands `SellVoucher` and `RedeemVoucher`, the events `VoucherSold` and `VoucherRedeemed`; and the refusal
`VoucherRefused(code, why)`.

| what is asked | and | the answer |
|---|---|---|
| either | `cents` is less than 1 | `VoucherRefused(code, "no amount")` |
| `SellVoucher` | the code was sold before, used up or not | `VoucherRefused(code, "sold already")` |
| `SellVoucher` | | `(VoucherSold(code, cents),)` |
| `RedeemVoucher` | the code was never sold | `VoucherRefused(code, "unknown")` |
| `RedeemVoucher` | it asks for more than is left | `VoucherRefused(code, "too little left")` |
| `RedeemVoucher` | | `(VoucherRedeemed(code, cents),)` |

The first row that fits is the answer.

Make `VOUCHERS`, a `Decider`: `Decider(name="voucher", decide=…, evolve=…, key_of=…, commands=(…), events=(…),
rejections=(…))`. `decide(command, voucher, *, key, at)` answers, `evolve(voucher, event)` gives the voucher after an
event, and `key_of(action)` the code. How you keep a voucher is your own affair: a number, a class, a dictionary. Before
it is sold it is `None`. All runs of up to four commands are tried.

For example: sell 1000 cents, redeem 600, redeem 600. The last is `VoucherRefused("gift-1", "too little left")`.
"""

STARTER = """\
from orderlab import Decider
from orderlab.workshop.exercises.extending.voucher import RedeemVoucher, SellVoucher
from orderlab.workshop.exercises.extending.voucher import VoucherRedeemed, VoucherSold
from orderlab.workshop.exercises.extending.voucher import VoucherRefused

VOUCHERS = ...
"""

HINTS = (
    "What must you know of a voucher to decide? Whether it was sold, and how much is left. One number says both, if "
    "None means that it was not sold. And 0 is not None: a voucher that is used up was sold all the same.",
    "`evolve(left, event)` gives `event.cents` after `VoucherSold`, and `left - event.cents` after `VoucherRedeemed`. "
    "`decide` changes nothing; it goes through the table from top to bottom, an `if` for each row.",
    '`VOUCHERS = Decider(name="voucher", decide=decide, evolve=evolve, key_of=lambda action: action.code, '
    "commands=(SellVoucher, RedeemVoucher), events=(VoucherSold, VoucherRedeemed), rejections=(VoucherRefused,))`, and "
    "in `decide`: `if isinstance(command, SellVoucher): return (VoucherSold(key, command.cents),) if left is None else "
    'VoucherRefused(key, "sold already")`.',
)

_IMPORTS = STARTER.removesuffix("VOUCHERS = ...\n")
_DECIDER = """\


VOUCHERS = Decider(
    name="voucher",
    decide=decide,
    evolve=evolve,
    key_of=lambda action: action.code,
    commands=(SellVoucher, RedeemVoucher),
    events=(VoucherSold, VoucherRedeemed),
    rejections=(VoucherRefused,),
)
"""

SOLUTION = f"""\
{_IMPORTS}

def decide(command, left, *, key, at):
    if command.cents < 1:
        return VoucherRefused(key, "no amount")
    if isinstance(command, SellVoucher):
        if left is not None:
            return VoucherRefused(key, "sold already")
        return (VoucherSold(key, command.cents),)
    if left is None:
        return VoucherRefused(key, "unknown")
    if command.cents > left:
        return VoucherRefused(key, "too little left")
    return (VoucherRedeemed(key, command.cents),)


def evolve(left, event):
    return event.cents if isinstance(event, VoucherSold) else left - event.cents
{_DECIDER}"""

WRONG = (
    Wrong(
        "A voucher that is used up counts as not sold, for 0 counts as false.",
        SOLUTION.replace("if left is not None:", "if left:").replace("if left is None:", "if not left:"),
    ),
    Wrong(
        "What was paid is not taken away, so a voucher lasts for ever.",
        SOLUTION.replace("else left - event.cents", "else left"),
    ),
    Wrong(
        "The last cents cannot be spent.",
        SOLUTION.replace("command.cents > left", "command.cents >= left"),
    ),
    Wrong(
        "A voucher that is sold again is worth more, as if it had been charged.",
        SOLUTION.replace('            return VoucherRefused(key, "sold already")', "            pass").replace(
            "return event.cents if", "return (left or 0) + event.cents if"
        ),
    ),
    Wrong(
        "A negative amount can be redeemed, which fills the voucher up.",
        SOLUTION.replace('    if command.cents < 1:\n        return VoucherRefused(key, "no amount")\n', ""),
    ),
    Wrong(
        "A voucher of 0 cents can be sold, and nobody can ever pay with it.",
        SOLUTION.replace("command.cents < 1", "command.cents < 0"),
    ),
    Wrong(
        "Only paying asks for an amount, so a voucher can be sold for less than nothing.",
        SOLUTION.replace("if command.cents < 1", "if isinstance(command, RedeemVoucher) and command.cents < 1"),
    ),
    Wrong(
        "It does not say that it has a second command, so nobody can pay.",
        SOLUTION.replace("commands=(SellVoucher, RedeemVoucher)", "commands=(SellVoucher,)"),
    ),
    Wrong(
        "What is left is noted when it is decided, outside, and no event brings it back after a restart.",
        f"""\
{_IMPORTS}
LEFT = {{}}


def decide(command, voucher, *, key, at):
    if command.cents < 1:
        return VoucherRefused(key, "no amount")
    if isinstance(command, SellVoucher):
        if key in LEFT:
            return VoucherRefused(key, "sold already")
        LEFT[key] = command.cents
        return (VoucherSold(key, command.cents),)
    if key not in LEFT:
        return VoucherRefused(key, "unknown")
    if command.cents > LEFT[key]:
        return VoucherRefused(key, "too little left")
    LEFT[key] -= command.cents
    return (VoucherRedeemed(key, command.cents),)


def evolve(voucher, event):
    return "sold"
{_DECIDER}""",
    ),
)

COMMANDS = (
    SellVoucher("gift-1", 1000),
    RedeemVoucher("gift-1", 600),
    RedeemVoucher("gift-1", 400),
    RedeemVoucher("gift-1", -100),
    RedeemVoucher("gift-1", 0),
    SellVoucher("gift-1", 0),
    SellVoucher("gift-1", -100),
    SellVoucher("gift-1", 400),
    SellVoucher("gift-2", 600),
    RedeemVoucher("gift-2", 600),
)


def _left(state: Any) -> tuple[Any, ...]:
    """Return what tells two states apart: what is left on each voucher."""
    return tuple(sorted((code, voucher.left) for code, voucher in state.entities.items()))


def _restarted_each_time(decider: Decider[Any]) -> Decider[Any]:
    """Return a decider of which each function is called as by a program that has just begun."""
    copies: Iterator[Any] = copies_of(decider)  # type: ignore[arg-type] # what holds of a function holds of two
    return replace(
        decider,
        decide=lambda *values, **named: next(copies).decide(*values, **named),
        evolve=lambda *values: next(copies).evolve(*values),
    )


def _as_a_whole(answer: Decider[Any], trace: Trace) -> Problem | None:
    """Find a run to be another when it is the decider that is run, with the words and keys that it names."""
    wanted, found = trace.replayed(VOUCHERS), found_on(answer, trace, VOUCHERS)
    for number, (step, own) in enumerate(zip(wanted.steps, found.steps, strict=True), start=1):
        if own.outcome != step.outcome:
            what = f"Run as a domain, VOUCHERS gives {own.outcome}, and should give {step.outcome}."
            named = "Does it name all its commands, events and rejections, and the right key?"
            where = f"At {at_step(wanted, number)}. {named}"
            return Problem(what, where, found, wanted)
    return None


@exercise(
    "7.3",
    title="A domain from nothing",
    question=QUESTION,
    answer="VOUCHERS",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="A domain is two functions and some words. Whoever can ask it everything need not look inside.",
    runs=lambda: runs_of(VOUCHERS, COMMANDS, depth=4, alike=_left),
)
def vouchers(answer: Any, trace: Trace) -> Problem | None:
    """Compare what is decided with the table, each command after a restart: on what the events alone have made."""
    if not isinstance(answer, Decider):
        return first_difference(answer, trace, VOUCHERS, "VOUCHERS", decides="decide")
    restarted = _restarted_each_time(answer)
    problem = first_difference(restarted, trace, VOUCHERS, "VOUCHERS", decides="decide")
    return problem or _as_a_whole(restarted, trace)
