"""What the order desk is like: its customers, goods, packers and carriers, every number with its unit.

Hours are hours of the UTC day, money is whole cents. The goods are made up.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from re import fullmatch
from typing import Any

from orderlab.orders.decider import problem_with_items, problem_with_text
from orderlab.orders.model import OrderItem

MOST = 1_000_000
"""The largest number that any parameter can be: far beyond use, and small enough for every sum and instant."""


def _require(fits: bool, name: str, rule: str, value: Any) -> None:
    if not fits:
        raise ValueError(f"{name} must be {rule}, not {value!r}")


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _are_weights(values: Any) -> bool:
    return all(_is_number(value, 0, MOST) for value in values) and sum(values) > 0


@dataclass(frozen=True, slots=True)
class Product:
    """Something in the catalogue, and what one of it costs in cents."""

    product_id: str
    name: str
    unit_price_cents: int

    def times(self, quantity: int) -> OrderItem:
        """Return the line of an order for so many of this product."""
        return OrderItem(self.product_id, self.name, quantity, self.unit_price_cents)


@dataclass(frozen=True, slots=True)
class Carrier:
    """Somebody who collects parcels.

    Args:
        tracking_prefix: What its tracking numbers begin with, and no other carrier's: `HERON` for `HERON-000001`.
        collection_hours: The hours of the day, 0 to 23, at which it comes; ascending.
        weight: How many parcels it gets, in proportion to the other carriers' weights.
    """

    tracking_prefix: str
    collection_hours: tuple[int, ...]
    weight: float = 1.0

    def __post_init__(self) -> None:
        named = fullmatch(r"[A-Z0-9]{1,20}", self.tracking_prefix)
        _require(bool(named), "tracking_prefix", "1 to 20 capital letters or digits", self.tracking_prefix)
        hours = self.collection_hours
        fits = all(_is_whole(hour, 0, 23) for hour in hours) and list(hours) == sorted(set(hours)) != []
        _require(fits, "collection_hours", "ascending hours from 0 to 23, at least one", hours)
        _require(_is_number(self.weight, 0, MOST), "weight", f"a number from 0 to {MOST}", self.weight)


CATALOGUE = (
    Product("p-01", "Graph-paper notebook", 1_150),
    Product("p-02", "Brass bookmark", 690),
    Product("p-03", "Beeswax candle", 980),
    Product("p-04", "Enamel mug", 1_450),
    Product("p-05", "Smoked tea, 100 g", 875),
    Product("p-06", "Ginger biscuits, 12", 560),
    Product("p-07", "Clay planter", 2_250),
    Product("p-08", "Star map", 3_200),
    Product("p-09", "Wool blanket", 6_400),
    Product("p-10", "Paper lantern", 1_325),
)

CARRIERS = (
    Carrier("HERON", (12, 18), weight=5),
    Carrier("KESTREL", (10, 13, 16, 19), weight=3),
    Carrier("TORTOISE", (17,), weight=2),
)

QUIET_NIGHTS = (1, 0.5, 0.5, 0.5, 1, 2, 5, 9, 13, 16, 17, 16, 15, 14, 14, 13, 13, 14, 16, 18, 17, 13, 7, 3)


@dataclass(frozen=True, slots=True)
class DeskParameters:
    """A desk's surroundings and habits. The defaults make about 240 orders a day, which its packers can just manage.

    Args:
        start: When the simulation begins: aware, on a whole millisecond, from the years 1970 to 8999.
        arrivals_per_hour: Orders that come in an hour, on average, for each of the 24 hours of the day; each 0 to
            100,000, together at least 1.
        customers: How many people order, again and again: `customer-1`, `customer-2`, ….
        customer_skew: How unlike they are: the n-th orders `n ** -customer_skew` times as often as the first; 0 to 10.
        catalogue: The goods, each equally liked.
        basket_weights: How often a basket holds 1, 2, 3, … different products, in proportion to each other.
        quantity_weights: How often 1, 2, 3, … of a product are taken, likewise.
        packers: How many people pack; each packs one order at a time.
        packing_hours: When they begin and stop work, 0 to 24; what cannot be finished today is begun tomorrow.
        packing_minutes: The least and the most that packing an order takes, anything between being equally likely.
        carriers: Who collects the parcels.
        scan_seconds: How long a carrier takes for each parcel, when it is there.
        cancel_share: The share of customers who change their mind, 0 to 1.
        cancel_minutes: How long those take to do so, on average (exponentially distributed).
        cancel_reasons: What they say, each equally often.
        mistype_share: The share of those who mistype the order's id, 0 to 1.
        retry_seconds: How long these take to see it and try again.
        closing_hours: How long the simulation goes on after the last arrival; what is not collected then stays placed.

    Raises:
        ValueError: A parameter is not as said here; the text begins with its name.

    >>> DeskParameters(packers=0)
    Traceback (most recent call last):
        ...
    ValueError: packers must be a whole number from 1 to 1000, not 0
    """

    start: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    arrivals_per_hour: tuple[float, ...] = QUIET_NIGHTS
    customers: int = 400
    customer_skew: float = 0.8
    catalogue: tuple[Product, ...] = CATALOGUE
    basket_weights: tuple[float, ...] = (50, 26, 14, 7, 3)
    quantity_weights: tuple[float, ...] = (72, 18, 7, 3)
    packers: int = 3
    packing_hours: tuple[int, int] = (8, 18)
    packing_minutes: tuple[int, int] = (3, 9)
    carriers: tuple[Carrier, ...] = CARRIERS
    scan_seconds: int = 4
    cancel_share: float = 0.12
    cancel_minutes: float = 480
    cancel_reasons: tuple[str, ...] = ("Changed my mind", "Ordered by mistake", "Found it at home", "Takes too long")
    mistype_share: float = 0.05
    retry_seconds: int = 75
    closing_hours: int = 4

    def __post_init__(self) -> None:
        self._check_ranges()
        self._check_customers()
        self._check_goods()
        self._check_staff()

    def _check_ranges(self) -> None:
        wholes = {"customers": (1, MOST), "packers": (1, 1_000), "scan_seconds": (0, 3_600)}
        wholes |= {"retry_seconds": (0, 86_400), "closing_hours": (1, 8_760)}
        for name, (least, most) in wholes.items():
            value = getattr(self, name)
            _require(_is_whole(value, least, most), name, f"a whole number from {least} to {most}", value)
        numbers = {"customer_skew": 10, "cancel_share": 1, "cancel_minutes": MOST, "mistype_share": 1}
        for name, most in numbers.items():
            value = getattr(self, name)
            _require(_is_number(value, 0, most), name, f"a number from 0 to {most}", value)

    def _check_customers(self) -> None:
        start, rates = self.start, self.arrivals_per_hour
        aware = isinstance(start, datetime) and start.utcoffset() is not None
        fits = aware and start.microsecond % 1_000 == 0 and 1970 <= start.year < 9000  # noqa: PLR2004 - as documented
        _require(fits, "start", "aware, on a whole millisecond, from the years 1970 to 8999", start)
        rhythm = len(rates) == 24 and all(_is_number(rate, 0, 100_000) for rate in rates) and sum(rates) >= 1  # noqa: PLR2004
        _require(rhythm, "arrivals_per_hour", "24 numbers from 0 to 100000 that add up to at least 1", rates)
        reasons = self.cancel_reasons
        said = bool(reasons) and not any(problem_with_text("reason", reason) for reason in reasons)
        _require(said, "cancel_reasons", "texts of 1 to 200 characters, at least one", reasons)

    def _check_goods(self) -> None:
        for name in ("basket_weights", "quantity_weights"):
            weights = getattr(self, name)
            _require(_are_weights(weights), name, f"numbers from 0 to {MOST}, not all 0", weights)
        # Whoever may buy everything, as much as can be of each, may buy anything: one question to the domain's rules.
        everything = [product.times(len(self.quantity_weights)) for product in self.catalogue]
        problem = problem_with_items(everything)
        _require(problem is None, "catalogue", f"goods that can be ordered all at once ({problem})", self.catalogue)
        ids = [product.product_id for product in self.catalogue]
        _require(len(set(ids)) == len(ids), "catalogue", "products of different ids", ids)
        fits = len(self.basket_weights) <= len(ids)
        _require(fits, "basket_weights", "no more weights than there are products", self.basket_weights)

    def _check_staff(self) -> None:
        opens, closes = self.packing_hours
        fits = _is_whole(opens, 0, 23) and _is_whole(closes, 1, 24) and opens < closes
        _require(fits, "packing_hours", "two hours of one day, from 0 to 24, ascending", self.packing_hours)
        least, most = self.packing_minutes
        longest = (closes - opens) * 60
        fits = _is_whole(least, 1, longest) and _is_whole(most, least, longest)
        rule = f"two ascending whole numbers from 1 to {longest}, the minutes in packing_hours"
        _require(fits, "packing_minutes", rule, self.packing_minutes)
        prefixes = [carrier.tracking_prefix for carrier in self.carriers]
        fits = len(set(prefixes)) == len(prefixes) and _are_weights([carrier.weight for carrier in self.carriers])
        _require(fits, "carriers", "of different tracking prefixes, not all of weight 0", self.carriers)
