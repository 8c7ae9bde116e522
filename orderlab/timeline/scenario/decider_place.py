"""Where a test finds a decider: the module that it imports it from, and its name there."""

import re
import sys
from keyword import iskeyword
from typing import Any

from orderlab.core.decider import Decider
from orderlab.orders.decider import ORDERS

_PLACE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def place_of(decider: Decider[Any], said: str | None) -> str | None:
    """Return where a decider is found, `module:NAME`; None for that of orders.

    Args:
        decider: The decider.
        said: Where it is, if somebody says so.

    Raises:
        ValueError: It is found nowhere, or what was said is no place of such a decider.
    """
    if said is not None:
        _require_place(decider, said)
        return said
    if decider is ORDERS:
        return None
    of_domain = (decider.decide, decider.evolve, decider.key_of, *decider.commands, *decider.events)
    modules = list(dict.fromkeys(str(getattr(each, "__module__", "")) for each in of_domain))
    for module in modules:
        for name, value in _contents(module).items() if module != "__main__" else ():
            if value is decider:
                return f"{module}:{name}"
    if "__main__" in modules:
        raise ValueError(
            f"the domain of {decider.name} is defined in a notebook or script, and a test cannot import it from there: "
            "put it into a file, such as shop.py, and say which name its decider has in it, as decider='shop:NAME'"
        )
    raise ValueError(
        f"the decider of {decider.name} is in none of the modules of its own functions, from where a test could import "
        "it: say where it is, as decider='module:NAME'"
    )


def _require_place(decider: Decider[Any], said: str) -> None:
    if not _PLACE.fullmatch(said) or any(map(iskeyword, re.split("[.:]", said))):
        raise ValueError(f"decider must say a module and a name in it, as in 'shop.returns:RETURNS', not {said!r}")
    module, _, name = said.partition(":")
    if module not in sys.modules:  # it may be there only where the tests run
        return
    found = _contents(module).get(name)
    if not isinstance(found, Decider) or found.name != decider.name:
        what = f"a decider of {found.name}" if isinstance(found, Decider) else "no decider"
        raise ValueError(f"decider must say where the decider of {decider.name} is, and {said} is {what}")


def _contents(module: str) -> dict[str, Any]:
    return vars(sys.modules[module]) if module in sys.modules else {}
