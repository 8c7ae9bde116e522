"""Time travel where no kernel is: a picture that passes everywhere, and a page that needs nothing but itself."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from orderlab.drawing import files
from orderlab.replacing import replacing

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ margin: 0; padding: 8px; background: light-dark(#f6f7f5, #0c100e) }}
main {{ max-width: 1400px; margin: auto }}
{style}</style>
<main></main>
<script type="application/json">{data}</script>
<script type="module">{script}</script>
</html>
"""
_START = """
const { textContent } = document.querySelector("script[type='application/json']");
globalThis.view = await mount(document.querySelector("main"), { ...JSON.parse(textContent), heading: "h1" });
document.addEventListener("keydown", (event) => {
  if (event.target !== document.body) return;
  view.root.focus({ preventScroll: true }); // there is nothing else here that keys could be for
  view.keyDown(event);
});
"""
_STILL = """<div class="orderlab-still"><style>
.jp-OutputArea-child:has(.orderlab-still):has(+ .jp-OutputArea-child .orderlab-timetravel) {{ display: none }}
.jp-NotebookPanel .orderlab-still {{ animation: orderlab-wait 1.5s }}
@keyframes orderlab-wait {{ from, to {{ visibility: hidden; position: absolute }} }}
</style>{content}</div>"""


def still(content: str) -> str:
    """Return what is shown where nothing moves: the fallback of a view, which that hides where it is shown.

    In a live notebook it waits a moment, so that it does not flash up before the view is there. A notebook that is
    not trusted drops the style that says so, and shows it at once.
    """
    return _STILL.format(content=content)


def page(*, title: str, recording: bytes, machine: str, step: int, pins: list[int]) -> str:
    """Return a whole page that shows a recording; it asks no address for anything.

    Args:
        title: Its title.
        recording: The recording's bytes.
        machine: The state machine, as SVG that a script finds its way in.
        step: The position at which it opens.
        pins: The positions that are pinned.
    """
    data: Mapping[str, Any] = {
        "title": title,
        "recording": b64encode(recording).decode(),
        "machine": machine,
        "step": step,
        "pins": pins,
    }
    script = files.script() + _START
    allowed = b64encode(sha256(script.encode()).digest()).decode()
    return _PAGE.format(
        # Nothing but this one script, the style of the page itself, and no connection to anywhere.
        policy=f"default-src 'none'; script-src 'sha256-{allowed}'; style-src 'unsafe-inline'; base-uri 'none'",
        title=escape(title),
        style=files.style(),
        data=json.dumps(data).replace("<", "\\u003c"),
        script=script,
    )


def write(path: str | PathLike[str], text: str) -> Path:
    """Write a file and return where it is; one that was there before is replaced only when the new one is whole.

    Raises:
        OSError: It cannot be written.
    """
    target = Path(path)
    with replacing(target) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
    return target


@dataclass(frozen=True, slots=True, repr=False)
class StaticView:
    """The interactive page inside a notebook's output, without a kernel.

    Args:
        title: What it shows.
        text: The page.
        fallback: What is shown where frames are not: in a notebook that is not trusted.
    """

    title: str
    text: str
    fallback: str

    def __repr__(self) -> str:
        return f"<StaticView of {self.title}: {len(self.text):,} bytes>"

    def _repr_html_(self) -> str:
        # A notebook that is not trusted drops frame and style alike, and the fallback stays.
        return (
            f'<div class="orderlab-static"><style>.orderlab-static iframe + div {{ display: none }}</style>'
            f'<iframe title="{escape(self.title)}" srcdoc="{escape(self.text)}" sandbox="allow-scripts allow-forms" '
            f'style="width: 100%; height: 860px; border: 0"></iframe><div>{self.fallback}</div></div>'
        )
