"""The world's clock and randomness: the only lines in the package that read them."""

import os
from datetime import UTC, datetime
from time import time_ns
from uuid import UUID

from orderlab.drawing.tables import AsTable


class SystemClock(AsTable):
    """Tell the real time, in UTC."""

    def now(self) -> datetime:
        """Return the present instant, to the microsecond."""
        return datetime.now(UTC)

    def __repr__(self) -> str:
        return "SystemClock()"


class RandomIds(AsTable):
    """Draw time-ordered random ids (UUID version 7, RFC 9562), so that new ones sort after old ones."""

    def new_id(self, kind: str) -> str:
        """Return `kind`, a hyphen and a new UUID."""
        digits = f"{_draw():032x}"  # a server draws an id for each request, and making a UUID first takes as long again
        return f"{kind}-{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def new_uuid(self) -> UUID:
        """Return a new UUID."""
        return UUID(int=_draw())

    def __repr__(self) -> str:
        return "RandomIds()"


def _draw() -> int:
    """Draw a UUID as a number: 48 bits of Unix milliseconds, then randomness."""
    random = int.from_bytes(os.urandom(10))
    return time_ns() // 1_000_000 << 80 | 7 << 76 | random >> 68 << 64 | 1 << 63 | random & _LOWEST_62


_LOWEST_62 = (1 << 62) - 1
