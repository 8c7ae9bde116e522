"""Answers to the exercises of notebook 07, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": "answer = (1, 2)",
    "exercise-2": "answer = False",
    "exercise-3": """



async def cancel(event_store):
    while True:
        step = OrderReducer().reduce(await load_state(event_store), CancelOrder("order-1"), ENV)
        if not isinstance(step.effects[0], AppendEvents):
            return step
        try:
            await write(event_store, step)
            return step
        except VersionConflict:
            pass
""",
}

WRONG = {
    "exercise-1": [
        "answer = (2, 1)",
        "answer = [1, 2]",
    ],
    "exercise-2": [
        "answer = True",
        "answer = 'no'",
    ],
    "exercise-3": [
        """
async def cancel(event_store):
    step = careless.reduce(await load_state(event_store), CancelOrder("order-1"), ENV)
    await write(event_store, step)
    return step
""",
        """
async def cancel(event_store):
    step = OrderReducer().reduce(await load_state(event_store), CancelOrder("order-1"), ENV)
    await write(event_store, step)
    return step
""",
        """
async def cancel(event_store):
    while True:
        step = OrderReducer().reduce(await load_state(event_store), CancelOrder("order-1"), ENV)
        try:
            await write(event_store, step)
            return step
        except VersionConflict:
            pass
""",
        """
async def cancel(event_store):
    step = OrderReducer().reduce(await load_state(event_store), CancelOrder("order-1"), ENV)
    try:
        await write(event_store, step)
    except VersionConflict:
        pass
    return step
""",
        """
async def cancel(event_store):
    step = OrderReducer().reduce(await load_state(event_store), CancelOrder("order-1"), ENV)
    try:
        await write(event_store, step)
    except VersionConflict:
        await cancel(event_store)
""",
        """
async def cancel(event_store):
    return OrderReducer().reduce(load_state(event_store), CancelOrder("order-1"), ENV)
""",
    ],
}
