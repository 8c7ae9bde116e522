"""Answers to the exercises of notebook 04, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": """
async def place_and_ship(store, customer_id):
    placed = await store.send(PlaceOrder(customer_id, MUGS))
    return await store.send(ShipOrder(placed.events[0].order_id, "TRACK-7"))
""",
    "exercise-2": "answer = 1",
    "exercise-3": """
async def first_shipment(store):
    async for recorded in store.subscribe_actions(after=0):
        if isinstance(recorded.event, OrderShipped):
            return recorded.position
""",
}

WRONG = {
    "exercise-1": [
        """
async def place_and_ship(store, customer_id):
    await store.send(PlaceOrder(customer_id, MUGS))
    return await store.send(ShipOrder("order-1", "TRACK-7"))
""",
        """
async def place_and_ship(store, customer_id):
    placed = store.send(PlaceOrder(customer_id, MUGS))
    return await store.send(ShipOrder(placed.events[0].order_id, "TRACK-7"))
""",
        """
async def place_and_ship(store, customer_id):
    placed = await store.send(PlaceOrder(customer_id, MUGS))
    return store.send(ShipOrder(placed.events[0].order_id, "TRACK-7"))
""",
        """
async def place_and_ship(store, customer_id):
    placed = await store.send(PlaceOrder(customer_id, MUGS))
    await store.send(ShipOrder(placed.events[0].order_id, "TRACK-7"))
""",
        """
async def place_and_ship(store, customer_id):
    placed = await store.send(PlaceOrder(customer_id, MUGS))
    await store.send(ShipOrder(placed.events[0].order_id, "TRACK-7"))
    return placed
""",
    ],
    "exercise-2": [
        "answer = 3",
        "answer = '1'",
    ],
    "exercise-3": [
        """
async def first_shipment(store):
    async for recorded in store.subscribe_actions(after=0):
        return recorded.position
""",
        """
async def first_shipment(store):
    async for recorded in store.subscribe_actions(after=0):
        if isinstance(recorded, OrderShipped):
            return recorded.position
""",
        """
async def first_shipment(store):
    async for recorded in store.subscribe_actions(after=0):
        if isinstance(recorded.event, OrderShipped):
            return recorded.event.position
""",
        """
async def first_shipment(store):
    for recorded in store.subscribe_actions(after=0):
        if isinstance(recorded.event, OrderShipped):
            return recorded.position
""",
        """
async def first_shipment(store):
    async for recorded in store.subscribe_actions(after=0):
        if isinstance(recorded.event, OrderShipped):
            break
""",
    ],
}
