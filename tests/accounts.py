"""A domain that is not orders, in which the same fact may happen twice: money paid into accounts, and out of them.

Two equal deposits are two facts, and both count; nothing that works with any domain may tell them apart by value.
A deposit without an account id opens an account, and a deposit of nothing causes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from orderlab.core.codec import JsonCodec
from orderlab.core.decider import Decider, DeciderReducer, EntityState
from orderlab.core.environment import Clock, IdGenerator, SequentialIds, TestClock
from orderlab.core.errors import CorruptStream


@dataclass(frozen=True, slots=True)
class Deposit:
    """Pay in; None opens a new account."""

    account_id: str | None
    cents: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take out what is there."""

    account_id: str
    cents: int


@dataclass(frozen=True, slots=True)
class Deposited:
    """Money was paid in."""

    account_id: str
    cents: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Money was taken out."""

    account_id: str
    cents: int


@dataclass(frozen=True, slots=True)
class InsufficientFunds:
    """Refused: there is not that much."""

    account_id: str
    balance_cents: int


@dataclass(frozen=True, slots=True)
class Account:
    """One account."""

    id: str
    balance_cents: int


Command = Deposit | Withdraw
Event = Deposited | Withdrawn
Accounts = EntityState[Account]


def decide(
    command: Command, entity: Account | None, *, key: str, at: datetime
) -> tuple[Event, ...] | InsufficientFunds:
    """Refuse to take out more than there is, and nothing else."""
    balance = entity.balance_cents if entity else 0
    match command:
        case Deposit(cents=0):
            return ()
        case Deposit(cents=cents):
            return (Deposited(key, cents),)
        case Withdraw(cents=cents):
            return (Withdrawn(key, cents),) if cents <= balance else InsufficientFunds(key, balance)


def evolve(account: Account | None, event: Event) -> Account:
    """Add what was paid in, subtract what was taken out."""
    balance = account.balance_cents if account else 0
    if isinstance(event, Deposited):
        return Account(event.account_id, balance + event.cents)
    if event.cents > balance:
        raise CorruptStream(f"{event.cents} cents cannot be taken from {balance}")
    return Account(event.account_id, balance - event.cents)


ACCOUNTS: Decider[Account] = Decider(
    name="account",
    decide=decide,
    evolve=evolve,
    key_of=lambda action: action.account_id,
    commands=(Deposit, Withdraw),
    events=(Deposited, Withdrawn),
    rejections=(InsufficientFunds,),
)

ACCOUNT_CODEC = JsonCodec([Deposited, Withdrawn])


@dataclass(frozen=True, slots=True)
class AccountEnvironment:
    """A clock and ids, as every reducer is handed."""

    clock: Clock
    ids: IdGenerator


def account_reducer(*, check_versions: bool = True) -> DeciderReducer[Account, Accounts]:
    """Return a reducer that keeps its accounts in an `EntityState`, overriding nothing."""
    return DeciderReducer(ACCOUNTS, check_versions=check_versions)


def account_environment() -> AccountEnvironment:
    """Return an environment that is the same at every run."""
    return AccountEnvironment(TestClock(), SequentialIds())
