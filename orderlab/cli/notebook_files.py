"""The notebooks and small logs that come with orderlab: where they are, and how they get into a working folder.

They are copied once. What somebody has changed there is never written over unasked, and when asked it is kept beside
the new one under a numbered name. A record of what was copied tells whose change a difference is. To run a notebook is
not to change it: two are the same if what is written in their cells is.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path

from orderlab.core.errors import OrderlabError
from orderlab.replacing import replacing

RECORD = ".orderlab.json"
"""Holds, by the name of each file, the digest of the version that was last copied or offered."""

_PACKAGE = Path(__file__).parents[1]
_BUNDLED = {"notebooks": ("*.ipynb",), "data": ("*.jsonl", "README.md")}


class Standing(Enum):
    """How a file of the working folder stands to the one that comes with orderlab."""

    MISSING = "not there"
    SAME = "the same"
    OLDER = "as it was copied, and this one is newer"
    CHANGED = "changed there, and there is nothing newer"
    OUTDATED = "different, and this one has not been offered yet"


def bundled(name: str) -> Path:
    """Return the folder `notebooks` or `data` that comes with orderlab.

    In an installed package it is inside, in a checkout (and so in an editable install) beside.

    Raises:
        OrderlabError: It is not there.
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise OrderlabError(f"the folder {name} is missing from this orderlab: install it again")


def bundled_files() -> dict[str, Path]:
    """Return the files that are copied, by their names in the working folder; the notebooks come first, in order.

    Raises:
        OrderlabError: They are not there.
    """
    files: dict[str, Path] = {}
    for folder, patterns in _BUNDLED.items():
        prefix = "" if folder == "notebooks" else f"{folder}/"
        found = sorted(path for pattern in patterns for path in bundled(folder).glob(pattern))
        if not found:
            raise OrderlabError(f"the folder {folder} of this orderlab is empty: install it again")
        files |= {prefix + path.name: path for path in found}
    return files


def compare(folder: Path) -> dict[str, Standing]:
    """Tell how each file stands in a working folder, which need not be there yet."""
    record = _read_record(folder)
    return {name: _standing(folder / name, source, record.get(name)) for name, source in bundled_files().items()}


def write(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Write files as they come with orderlab, and keep what was changed under another name.

    Args:
        folder: The working folder; made if it is not there.
        names: Their names there.

    Returns:
        The new name of each file that was there and had been changed.
    """
    files, record = bundled_files(), _read_record(folder)
    backups: dict[str, str] = {}
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        there = _digest(path) if path.exists() else None
        if there != _digest(files[name]):  # else another process has just written it, which is no change to keep
            if there not in (None, record.get(name)):
                backups[name] = _set_aside(path).relative_to(folder).as_posix()
            _replace(path, files[name].read_bytes())
        settle(folder, [name])  # one at a time, so that an interruption leaves the record true
    return backups


def settle(folder: Path, names: Iterable[str]) -> None:
    """Take note that the present versions of these files were copied, or offered and declined."""
    files, before = bundled_files(), _read_record(folder)
    record = {**before, **{name: _digest(files[name]) for name in names}}
    if record != before:
        _replace(folder / RECORD, (json.dumps(record, indent=1, sort_keys=True) + "\n").encode())


def _standing(path: Path, source: Path, recorded: str | None) -> Standing:
    if not path.exists():
        return Standing.MISSING
    present, there = _digest(source), _digest(path)
    if there == present:
        return Standing.SAME
    if there == recorded:
        return Standing.OLDER
    return Standing.CHANGED if recorded == present else Standing.OUTDATED


def _digest(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha256(_written(content) if path.suffix == ".ipynb" else content).hexdigest()


def _written(content: bytes) -> bytes:
    """Return what is written in a notebook's cells, without all that running it adds; everything if it is none."""
    try:
        cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(content)["cells"]]
    except (ValueError, KeyError, TypeError):
        return content
    # JupyterLab adds an empty cell when the last one is run.
    return json.dumps([(kind, source) for kind, source in cells if source.strip()]).encode()


def _set_aside(path: Path) -> Path:
    """Give a file the next free numbered name; the number comes first, for a list of files shows how names begin."""
    number = 1
    while (kept := path.with_name(f"yours-{number}-{path.name}")).exists():
        number += 1
    return path.rename(kept)


def _replace(path: Path, content: bytes) -> None:
    """Write a file at once or not at all."""
    with replacing(path) as partial:
        partial.write_bytes(content)


def _read_record(folder: Path) -> Mapping[str, str]:
    """Return the record; an empty one if it is not there or spoilt: then every difference is asked about."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
