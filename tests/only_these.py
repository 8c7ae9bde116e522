"""Run commands as if only some packages were installed: `python only_these.py HIDDEN,… demo then serve --fresh`."""

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions
from itertools import groupby
from types import ModuleType

from packaging.utils import canonicalize_name

THEN = "then"
"""What stands between commands."""


class Hiding(MetaPathFinder):
    """Find none of some modules, whoever else could.

    Args:
        hidden: Their names, without those of packages in packages.
    """

    def __init__(self, hidden: Iterable[str]) -> None:
        self._hidden = frozenset(hidden)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise what a module that is not installed raises."""
        if fullname.partition(".")[0] in self._hidden:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def hidden_by(installed: Iterable[str]) -> list[str]:
    """Return the modules here that would be missing if only some distributions were installed, and orderlab."""
    kept = {canonicalize_name(name) for name in (*installed, "orderlab")}
    return sorted(
        module
        for module, distributions in packages_distributions().items()
        if not kept & {canonicalize_name(name) for name in distributions}
    )


if __name__ == "__main__":
    _, names, *arguments = sys.argv
    sys.meta_path.insert(0, Hiding(names.split(",")))
    from orderlab.cli import main

    for is_between, command in groupby(arguments, THEN.__eq__):
        if not is_between:
            sys.argv = ["orderlab", *command]
            try:
                main()
            except SystemExit as ended:
                if ended.code:
                    raise
