"""Answers to the exercises of notebook 09, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": """
def id_in(stream_id):
    return stream_id.removeprefix("return-")
""",
    "exercise-2": """
async def send_safely(shown, command):
    step = OrderReducer().reduce(shown[-1], command, env)
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            await event_store.append_many([effect])
    shown.append(step.state)
""",
    "exercise-3": """
async def send_and_know(store, command, kind):
    outcome = await store.send(command)
    return next((event for event in outcome.events if isinstance(event, kind)), None)
""",
}

WRONG = {
    "exercise-1": [
        """
def id_in(stream_id):
    return stream_id.split("-")[-1]
""",
        """
def id_in(stream_id):
    stream_id.removeprefix("return-")
""",
    ],
    "exercise-2": [
        """
async def send_safely(shown, command):
    step = OrderReducer().reduce(shown[-1], command, env)
    shown.append(step.state)
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            await event_store.append_many([effect])
""",
        """
async def send_safely(shown, command):
    pass
""",
        """
async def send_safely(shown, command):
    step = OrderReducer().reduce(shown[-1], command, env)
    shown.append(step.state)
""",
        """
async def send_safely(shown, command):
    step = OrderReducer().reduce(shown[-1], command, env)
    await event_store.append_many([each for each in step.effects if isinstance(each, AppendEvents)])
""",
        """
async def send_safely(shown, command):
    step = OrderReducer().reduce(shown[-1], command, env)
    event_store.append_many([each for each in step.effects if isinstance(each, AppendEvents)])
    shown.append(step.state)
""",
        """
async def send_safely(shown, command):
    step = OrderReducer().reduce(shown[-1], command, env)
    await event_store.append_many(step.effects)
    shown.append(step.state)
""",
        """
async def send_safely(shown, command):
    step = OrderReducer().reduce(shown[-1], command, env)
    try:
        await event_store.append_many([each for each in step.effects if isinstance(each, AppendEvents)])
    except OSError:
        return
    shown.append(step.state)
""",
    ],
    "exercise-3": [
        """
async def send_and_know(store, command, kind):
    outcome = await store.send(command)
    return outcome.events[0] if outcome.events else outcome.rejection
""",
        """
async def send_and_know(store, command, kind):
    outcome = await store.send(command)
    return outcome.events[0]
""",
        """
async def send_and_know(store, command, kind):
    outcome = store.send(command)
    return next((event for event in outcome.events if isinstance(event, kind)), None)
""",
        """
async def send_and_know(store, command, kind):
    await store.send(command)
""",
        """
async def send_and_know(store, command, kind):
    return await store.send_and_wait_for(command, lambda each: isinstance(each, kind))
""",
        """
async def send_and_know(store, command, kind):
    following = store.subscribe_actions()
    await store.send(command)
    async for recorded in following:
        if isinstance(recorded.event, kind) and recorded.event.customer_id == command.customer_id:
            return recorded.event
""",
    ],
}
