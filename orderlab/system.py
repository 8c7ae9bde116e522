"""The world's clock and randomness: the only lines in the package that read them."""

import os
from datetime import UTC, datetime
from time import time_ns
from uuid import UUID


class SystemClock:
    """Tell the real time, in UTC."""

    def now(self) -> datetime:
        """Return the present instant, to the microsecond."""
        return datetime.now(UTC)

    def __repr__(self) -> str:
        return "SystemClock()"


class RandomIds:
    """Draw time-ordered random ids (UUID version 7, RFC 9562), so that new ones sort after old ones."""

    def new_id(self, kind: str) -> str:
        """Return `kind`, a hyphen and a new UUID."""
        return f"{kind}-{self.new_uuid()}"

    def new_uuid(self) -> UUID:
        """Return a new UUID: 48 bits of Unix milliseconds, then randomness."""
        milliseconds = time_ns() // 1_000_000
        random = int.from_bytes(os.urandom(10))
        return UUID(int=milliseconds << 80 | 7 << 76 | (random >> 68) << 64 | 1 << 63 | random & (1 << 62) - 1)

    def __repr__(self) -> str:
        return "RandomIds()"
