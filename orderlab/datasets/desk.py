"""A seeded order desk: customers order and change their minds, packers pack, carriers collect.

    customer --PlaceOrder--> [orders] --> packer --> [shelf] --> carrier --ShipOrder-->
        '------CancelOrder, whenever it comes to mind

Nobody here asks how an order stands before giving a command: customers cancel what has left the house, carriers take
along what was cancelled while it was packed. The domain settles such races, by refusing whichever comes second.

Time is whole milliseconds since the midnight (UTC) before the start: exact, and `now % DAY` is the time of day.
"""

import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from itertools import accumulate, count
from typing import Any

import simpy

from orderlab.core.script import TimedCommand
from orderlab.datasets.desk_parameters import Carrier, DeskParameters
from orderlab.orders.actions import CancelOrder, Command, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

Process = Generator[simpy.Event, Any, None]


def simulate(*, seed: int, orders: int, parameters: DeskParameters = DeskParameters()) -> list[TimedCommand]:  # noqa: B008 - frozen, so safe to share
    """Return the commands given at a desk, in time order: so many orders placed, and all that comes of them.

    The same arguments give the same commands in every process. A key names the seed and the order, not the
    parameters: of all the scripts of one seed, play one into a store.

    Args:
        seed: Settles everything that is left to chance.
        orders: How many orders are placed: for seed 7 `order-7-000001`, `order-7-000002`, …; asking for more leaves
            these alone.
        parameters: What the desk is like. Chance is dealt separately to each purpose: more packers get the same orders.

    Raises:
        ValueError: `orders` is less than 1, or `seed` has more digits than an order id has room for.

    >>> first, *_ = simulate(seed=7, orders=1)
    >>> print(first.at, first.key)
    2025-01-01 00:32:45.891000+00:00 desk/place/order-7-000001
    """
    if orders < 1:
        raise ValueError(f"orders must be at least 1, not {orders}")
    if not -(2**63) <= seed < 2**63:
        raise ValueError("seed must be a whole number of 64 bits")
    desk = _Desk(seed, parameters)
    for _ in range(parameters.packers):
        desk.env.process(desk.packer())
    for carrier in parameters.carriers:
        desk.env.process(desk.carrier(carrier))
    digits = max(6, len(str(orders)))  # one length for all: an id with a digit left out is never another order's
    arrivals = desk.arrivals([f"order-{seed}-{number:0{digits}}" for number in range(1, orders + 1)])
    desk.env.run(until=desk.env.process(arrivals))
    desk.env.run(until=desk.now + parameters.closing_hours * HOUR)
    return desk.script


@dataclass(slots=True)
class _Order:
    """An order on its way through the desk, with all that chance has in store for it."""

    order_id: str
    place: PlaceOrder
    packing: int  # milliseconds
    tracking_prefix: str
    regret: int | None  # milliseconds until the customer cancels
    reason: str
    mistyped_id: str | None
    called_off: bool = False


class _Desk:
    """The people at the desk, each a process, and what lies between them: orders to be packed, shelves."""

    def __init__(self, seed: int, parameters: DeskParameters) -> None:
        start = parameters.start.astimezone(UTC)
        self.midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        self.env = simpy.Environment(initial_time=(start - self.midnight) // timedelta(milliseconds=1))
        self.orders = simpy.Store(self.env)
        self.shelves = {carrier.tracking_prefix: simpy.Store(self.env) for carrier in parameters.carriers}
        self.script: list[TimedCommand] = []
        self.parameters = parameters
        self.chance = _Chance(seed, parameters)

    @property
    def now(self) -> int:
        """The time, in milliseconds since midnight before the start; whole, as every wait is."""
        return int(self.env.now)

    def arrivals(self, order_ids: Sequence[str]) -> Process:
        """Let in a customer for each order, as often as the hour of the day has it."""
        chance, rates = self.chance.arrivals, self.parameters.arrivals_per_hour
        busiest, placed = max(rates), 0
        # Thinning: people pass by as often as in the busiest hour, and as many come in as this hour has of them. A
        # wait drawn at this hour's own rate would carry the quiet of the night into the morning.
        while placed < len(order_ids):
            yield self.env.timeout(round(chance.expovariate(busiest) * HOUR))
            if chance.random() * busiest < rates[self.now % DAY // HOUR]:
                self.env.process(self.customer(self.chance.order(order_ids[placed])))
                placed += 1

    def customer(self, order: _Order) -> Process:
        """Place an order, and perhaps think better of it, whatever has become of it by then."""
        self.give("place", order, order.place)
        self.orders.put(order)
        if order.regret is None:
            return
        yield self.env.timeout(order.regret)
        if order.mistyped_id is not None:
            self.give("mistype", order, CancelOrder(order.mistyped_id, order.reason))
            yield self.env.timeout(self.parameters.retry_seconds * SECOND)
        self.give("cancel", order, CancelOrder(order.order_id, order.reason))
        order.called_off = True

    def packer(self) -> Process:
        """Take the order that has waited longest, and pack it in working hours unless it is called off by then."""
        while True:
            order = yield self.orders.get()
            yield self.env.timeout(self.until_time_for(order.packing))
            # Looked up once, before beginning: with the hands full, nobody watches the screen.
            if not order.called_off:
                yield self.env.timeout(order.packing)
                self.shelves[order.tracking_prefix].put(order)

    def carrier(self, carrier: Carrier) -> Process:
        """Come at the hours agreed, scan what stands on the shelf and take it along, called off or not."""
        shelf, numbers = self.shelves[carrier.tracking_prefix], count(1)
        while True:
            yield self.env.timeout(self.until_next(carrier.collection_hours))
            while shelf.items:
                order = yield shelf.get()
                yield self.env.timeout(self.parameters.scan_seconds * SECOND)
                self.give("ship", order, ShipOrder(order.order_id, f"{carrier.tracking_prefix}-{next(numbers):06}"))

    def give(self, deed: str, order: _Order, command: Command) -> None:
        """Write a command into the script, as given now."""
        at = self.midnight + timedelta(milliseconds=self.now)
        self.script.append(TimedCommand(at, command, f"desk/{deed}/{order.order_id}"))

    def until_time_for(self, packing: int) -> int:
        """Return how long until so much packing fits into working hours: not at all, or until they begin again."""
        opens, closes = (hour * HOUR for hour in self.parameters.packing_hours)
        now = self.now % DAY
        return 0 if opens <= now <= closes - packing else (opens - now) % DAY

    def until_next(self, hours: Sequence[int]) -> int:
        """Return how long until the next of these hours; an hour that strikes right now is not the next."""
        return min((hour * HOUR - self.now) % DAY or DAY for hour in hours)


class _Chance:
    """All that is left to chance, drawn when an order is placed, from a stream of numbers for each purpose.

    Each order draws equally often from each, used or not. So nothing hangs on who comes first at the desk, and a
    larger `cancel_share` adds regrets without moving the others.
    """

    def __init__(self, seed: int, parameters: DeskParameters) -> None:
        def stream(purpose: str) -> random.Random:
            # A text seeds by its SHA-512, and not by hash(), which differs from process to process.
            return random.Random(f"desk/{seed}/{purpose}")  # noqa: S311 - repeatability is the purpose, not secrecy

        self.parameters = parameters
        self.ranks = range(1, parameters.customers + 1)
        self.popularity = list(accumulate((1 / rank) ** parameters.customer_skew for rank in self.ranks))
        self.arrivals, self.customers, self.carriers = map(stream, ("arrivals", "customers", "carriers"))
        self.sizes, self.products, self.quantities = map(stream, ("sizes", "products", "quantities"))
        self.packing, self.regrets, self.reasons, self.slips = map(stream, ("packing", "regrets", "reasons", "slips"))

    def order(self, order_id: str) -> _Order:
        """Draw an order, and what will come of it."""
        parameters = self.parameters
        [customer] = self.customers.choices(self.ranks, cum_weights=self.popularity)
        [carrier] = self.carriers.choices(parameters.carriers, [each.weight for each in parameters.carriers])
        cancels = self.regrets.random() < parameters.cancel_share
        regret = round(self.regrets.expovariate(1) * parameters.cancel_minutes * MINUTE)
        slips = self.slips.random() < parameters.mistype_share
        left_out = self.slips.randrange(order_id.rindex("-") + 1, len(order_id))
        return _Order(
            order_id=order_id,
            place=PlaceOrder(f"customer-{customer}", self.basket(), order_id),
            packing=round(self.packing.uniform(*parameters.packing_minutes) * MINUTE),
            tracking_prefix=carrier.tracking_prefix,
            regret=regret if cancels else None,
            reason=self.reasons.choice(parameters.cancel_reasons),
            mistyped_id=order_id[:left_out] + order_id[left_out + 1 :] if slips else None,
        )

    def basket(self) -> tuple[OrderItem, ...]:
        """Draw as many different products as the largest basket holds, and keep as many as this one does."""
        sizes, quantities = self.parameters.basket_weights, self.parameters.quantity_weights
        [size] = self.sizes.choices(range(1, len(sizes) + 1), sizes)
        products = self.products.sample(self.parameters.catalogue, len(sizes))
        counts = self.quantities.choices(range(1, len(quantities) + 1), quantities, k=len(sizes))
        return tuple(product.times(count) for product, count in list(zip(products, counts, strict=True))[:size])
