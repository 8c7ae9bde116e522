"""How hard Hypothesis tries: three profiles, the same at every run, which leave the user's own alone."""

import warnings
from collections.abc import Mapping
from types import MappingProxyType

from hypothesis import HealthCheck, Verbosity, settings


def _profile(examples: int, steps: int) -> settings:
    # Everything that matters is said, for what is left out is taken from the profile that the user has chosen.
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.normal,
        suppress_health_check=list(HealthCheck),
        backend="hypothesis",
    )


PROFILES: Mapping[str, settings] = MappingProxyType(
    {"quick": _profile(100, 20), "thorough": _profile(1_000, 40), "exhaustive": _profile(10_000, 80)}
)
"""The profiles by name: about a second, ten, and minutes, for a small domain."""


def profile_of(name: str) -> settings:
    """Return the settings of a profile.

    Args:
        name: `quick`, `thorough` or `exhaustive`.

    Raises:
        ValueError: There is no such profile.

    >>> profile_of("quick").derandomize
    True
    """
    if not isinstance(name, str) or name not in PROFILES:
        raise ValueError(f"profile must be {', '.join(PROFILES)}, not {name!r}")
    return PROFILES[name]


def _register() -> None:
    with warnings.catch_warnings():
        # Imported first in the middle of a test with settings of its own, Hypothesis warns of settings that get mixed
        # up; ours leave nothing to be mixed.
        warnings.simplefilter("ignore")
        for name, profile in PROFILES.items():
            settings.register_profile(f"orderlab-{name}", profile)


_register()
