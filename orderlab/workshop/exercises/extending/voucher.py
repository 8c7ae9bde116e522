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


@dataclass(frozen=True, slots=True)
class Voucher(AsTable):
    """A voucher that was sold, and what is left on it."""

    left: int


def _decide(
    command: SellVoucher | RedeemVoucher, voucher: Voucher | None, /, *, key: str, at: datetime
) -> tuple[VoucherSold | VoucherRedeemed, ...] | VoucherRefused:
    """Decide on a voucher, which is None before it is sold."""
    if command.cents < 1:
        return VoucherRefused(key, "no amount")
    if isinstance(command, SellVoucher):
        return VoucherRefused(key, "sold already") if voucher is not None else (VoucherSold(key, command.cents),)
    if voucher is None:
        return VoucherRefused(key, "unknown")
    is_too_much = command.cents > voucher.left
    return VoucherRefused(key, "too little left") if is_too_much else (VoucherRedeemed(key, command.cents),)


def _evolve(voucher: Voucher | None, event: VoucherSold | VoucherRedeemed) -> Voucher:
    if isinstance(event, VoucherSold) or voucher is None:
        return Voucher(event.cents)
    return Voucher(voucher.left - event.cents)


VOUCHERS: Decider[Voucher] = Decider(
    name="voucher",
    decide=_decide,
    evolve=_evolve,
    key_of=lambda action: action.code,
    commands=(SellVoucher, RedeemVoucher),
    events=(VoucherSold, VoucherRedeemed),
    rejections=(VoucherRefused,),
    state_name=lambda voucher: "not sold" if voucher is None else "sold" if voucher.left else "used up",
    states=("not sold", "sold", "used up"),
)
"""Vouchers as they should be."""
