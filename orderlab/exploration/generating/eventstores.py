"""An event store under random use, against a model that is a few lines of lists: whatever is done to both, they agree."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SeededIds, TestClock
from orderlab.core.errors import EventIdReused, VersionConflict
from orderlab.core.log import Appended, NewEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted, OpenEventStore, ReopenEventStore
from orderlab.exploration.generating.logmodel import BELIEFS, LogModel
from orderlab.exploration.profiles import profile_of

T = TypeVar("T")

_STREAMS = st.sampled_from(["a", "b", "c"])
_COUNTS = st.integers(0, 3)
_BELIEFS = st.sampled_from(BELIEFS)
_PATIENCE_SECONDS = 60.0

Belief = tuple[str, int, str]
"""What a writer means to append: a stream, how many events, and what it believes of the version."""
