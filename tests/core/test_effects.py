import pickle
from dataclasses import FrozenInstanceError, fields

import pytest

from orderlab.core.effects import AppendEvents, Delay, Effect, Emit

EFFECTS = [AppendEvents("order-1", ("placed",), 0), Emit("placed"), Delay(1.5, "placed")]
each_effect = pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: type(effect).__name__)


@each_effect
def test_an_effect_cannot_be_changed(effect: Effect) -> None:
    for field in fields(effect):
        with pytest.raises(FrozenInstanceError):
            setattr(effect, field.name, None)


@each_effect
def test_an_effect_can_be_hashed_and_pickled(effect: Effect) -> None:
    assert {pickle.loads(pickle.dumps(effect))} == {effect}


def test_an_append_expects_nothing_unless_told_to() -> None:
    assert AppendEvents("order-1", ()).expected_version is None
