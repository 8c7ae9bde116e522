"""The names that Python source needs, and the import statements for them."""

import sys
from dataclasses import dataclass, field
from typing import Any

from orderlab.core.errors import OrderlabError
from orderlab.timeline.scenario.python_layout import WIDTH, Call, laid_out, width_of


class NoPythonSource(OrderlabError):
    """A value that cannot be written as Python source; the text names its type."""


@dataclass
class Imports:
    """The names that source needs, and where they come from.

    Args:
        stand_in: The module that has what `__main__` defines, so that a test can import it.
    """

    stand_in: str | None = None
    names: dict[str, tuple[str, str]] = field(default_factory=dict)

    def name_for(self, module: str, name: str) -> str:
        """Have a name imported, and return what it is called here: itself, unless that is taken or a test's name."""
        wanted = f"_{name}" if name.startswith("Test") else name  # which pytest would take for a class of tests
        called, number = wanted, 2
        while self.names.get(called, (module, name)) != (module, name):
            called, number = f"{wanted}_{number}", number + 1
        self.names[called] = module, name
        return called

    def name_of(self, value: Any) -> str:
        """Have a class or function imported, and return what it is called here.

        Raises:
            NoPythonSource: No import reaches it.
        """
        name = value.__qualname__
        outer = name.partition(".")[0]
        module = value.__module__
        if "<" in name:
            raise NoPythonSource(
                f"{name} is defined inside a function, where no import reaches it: define it in a module"
            )
        if value is type(None):
            return "type(None)"
        if module != "__main__" and _found(module, name) is not value:
            raise NoPythonSource(
                f"{name} is not what the module {module} has under that name, so no import reaches it: give it "
                "there the name that it has itself"
            )
        if module == "builtins":
            return str(name)
        if module == "__main__":
            if self.stand_in is None:
                raise NoPythonSource(
                    f"{name} is defined in a notebook or script, where no import reaches it: put the domain into a "
                    'module, or say which module has it, as decider="module:NAME"'
                )
            module = self.stand_in
            if module in sys.modules and _found(module, name) is None:
                raise NoPythonSource(
                    f"{name} is defined in a notebook or script, and {module} has no such name: put it there"
                )
        return f"{self.name_for(_shortest(module, outer), outer)}{name[len(outer) :]}"

    def lines(self) -> list[str]:
        """Return the import statements, sorted, the standard library first."""
        by_module: dict[str, list[str]] = {}
        for called, (module, name) in self.names.items():
            by_module.setdefault(module, []).append(name if called == name else f"{name} as {called}")
        standard = sorted(module for module in by_module if _is_standard(module))
        others = sorted(by_module.keys() - set(standard), key=lambda module: (module.lower(), module))
        sections = [
            [line for module in section for line in _import_lines(module, by_module[module])]
            for section in (standard, others)
            if section
        ]
        return [line for number, section in enumerate(sections) for line in ([""] if number else []) + section]


def _found(module: str, name: str) -> Any:
    """Return what an import of a name gives, by the path from its module."""
    found = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _shortest(module: str, name: str) -> str:
    """Return the outermost package that offers the same thing under the same name to everyone, or the module."""
    value = getattr(sys.modules.get(module), name, None)
    parts = module.split(".")
    for length in range(1, len(parts)):
        package = sys.modules.get(".".join(parts[:length]))
        if name in getattr(package, "__all__", ()) and value is not None and getattr(package, name, None) is value:
            return ".".join(parts[:length])
    return module


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _import_lines(module: str, names: list[str]) -> list[str]:
    ordered = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if width_of(line) <= WIDTH:
        return [line]
    return laid_out(Call(f"from {module} import (", tuple(ordered), ")")).splitlines()
