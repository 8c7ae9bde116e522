"""The words of gift vouchers, and the rules as they should be; how a voucher is kept is for each to say."""

from dataclasses import dataclass
from datetime import datetime

from orderlab.core.decider import Decider
from orderlab.drawing.tables import AsTable


@dataclass(frozen=True, slots=True)
class SellVoucher(AsTable):
    """Sell a voucher with this code, worth so much."""

    code: str
    cents: int


@dataclass(frozen=True, slots=True)
class RedeemVoucher(AsTable):
    """Pay with a voucher."""

    code: str
    cents: int


@dataclass(frozen=True, slots=True)
class VoucherSold(AsTable):
    """A voucher was sold."""

    code: str
    cents: int


@dataclass(frozen=True, slots=True)
class VoucherRedeemed(AsTable):
    """So much of a voucher was paid with."""

    code: str
    cents: int


@dataclass(frozen=True, slots=True)
class VoucherRefused(AsTable):
    """Refused: why, in a word or two."""

    code: str
    why: str


def _decide(
    command: SellVoucher | RedeemVoucher, left: int | None, /, *, key: str, at: datetime
) -> tuple[VoucherSold | VoucherRedeemed, ...] | VoucherRefused:
    """Decide on what is left on a voucher; None before it is sold."""
    if command.cents < 1:
        return VoucherRefused(key, "no amount")
    if isinstance(command, SellVoucher):
        return VoucherRefused(key, "sold already") if left is not None else (VoucherSold(key, command.cents),)
    if left is None:
        return VoucherRefused(key, "unknown")
    return VoucherRefused(key, "too little left") if command.cents > left else (VoucherRedeemed(key, command.cents),)


def _evolve(left: int | None, event: VoucherSold | VoucherRedeemed) -> int:
    return event.cents if isinstance(event, VoucherSold) else (left or 0) - event.cents


VOUCHERS: Decider[int] = Decider(
    name="voucher",
    decide=_decide,
    evolve=_evolve,
    key_of=lambda action: action.code,
    commands=(SellVoucher, RedeemVoucher),
    events=(VoucherSold, VoucherRedeemed),
    rejections=(VoucherRefused,),
    state_name=lambda left: "not sold" if left is None else f"worth {left} cents",
)
"""Vouchers as they should be, kept as the number of cents that are left."""
