"""What each of two processes does that race for the same orders: it sends its command to a store of its own."""

import asyncio
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier

from many_appenders import Log, opened

from orderlab import (
    CancelOrder,
    InvalidOrderState,
    OrderEnvironment,
    OrderReducer,
    OrderState,
    RandomIds,
    ShipOrder,
    Store,
    SystemClock,
)

WON = "won"


async def race(log: Log, ship: bool, order_ids: Sequence[str], start: Barrier) -> list[str]:
    """Ship each order, or cancel it, at the same moment as the other; return what this one was told of each.

    That is `WON`, or the status for which it was refused.
    """
    told: list[str] = []
    env = OrderEnvironment(SystemClock(), RandomIds())
    async with opened(log) as event_store, Store(OrderReducer(), OrderState(), env, event_store) as store:
        for order_id in order_ids:
            command = ShipOrder(order_id, "tracked") if ship else CancelOrder(order_id, "no longer wanted")
            await asyncio.to_thread(start.wait)
            outcome = await store.send(command)
            if outcome.rejection is None:
                told.append(WON)
            else:
                assert isinstance(outcome.rejection, InvalidOrderState), outcome
                assert outcome.rejection.order_id == order_id
                told.append(outcome.rejection.current_status)
    return told
