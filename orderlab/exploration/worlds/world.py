"""A world: all that a function can read of its surroundings without being handed it."""

from dataclasses import dataclass, replace
from pathlib import Path

from orderlab.drawing.tables import AsTable

_HAS_ZONES = Path("/usr/share/zoneinfo/Pacific/Auckland").exists()
_ZONE = "Pacific/Auckland" if _HAS_ZONES else "NZST-12NZDT,M9.5.0,M4.1.0/3"
_A_SUMMER_EVENING = 1_951_927_199.0
"""17:59:59 of Saturday, 8 November 2031, in UTC: the next day, where it is summer time in the other zone."""


@dataclass(frozen=True, slots=True)
class World(AsTable):
    """What a function can read of its surroundings.

    Args:
        hash_seed: What the order of a set of texts follows from.
        zone: The time zone.
        now: The wall clock, in seconds since 1970.
        goes_on: Whether the wall clock goes on.
        seed: What all chance that Python draws follows from.
    """

    hash_seed: int = 1
    zone: str = "UTC"
    now: float = 1_735_732_800.0
    goes_on: bool = False
    seed: int = 1


HERE = World()
"""Where everything is as plain as can be: noon of New Year's Day 2025, in UTC; the clock stands."""

ELSEWHERE = tuple(World(hash_seed, _ZONE, _A_SUMMER_EVENING, True, 2) for hash_seed in (2, 3, 4))
"""Where everything is otherwise. A set of two texts is in the same order in every other world, so there are a few."""

CLOCK, ZONE, HASH_SEED, CHANCE = "wall clock", "time zone", "hash seed", "random numbers"


def one_part_of(other: World) -> dict[str, World]:
    """Return, by the name of each part of a world, the world that is as here but for this part, which is as there.

    >>> one_part_of(ELSEWHERE[0])["hash seed"]
    World(hash_seed=2, zone='UTC', now=1735732800.0, goes_on=False, seed=1)
    """
    return {
        CLOCK: replace(HERE, now=other.now, goes_on=other.goes_on),
        ZONE: replace(HERE, zone=other.zone),
        HASH_SEED: replace(HERE, hash_seed=other.hash_seed),
        CHANCE: replace(HERE, seed=other.seed),
    }
