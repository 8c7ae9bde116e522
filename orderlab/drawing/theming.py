"""How pictures follow JupyterLab's theme: where that is dark, they are shown inverted, hues kept.

A picture in an image cannot see the page, and what it could see for itself is whether the system is dark, on which a
notebook may be light. So the page does it, by a rule beside the image. JupyterLab says on its page whether its theme is
light. Where nothing says so, in GitHub's or VS Code's view of a notebook or in a plain file, the rule meets nothing;
and a sanitiser that drops it leaves the picture light.
"""

from typing import Final

DARKENED: Final = "invert(.933) hue-rotate(180deg)"
"""White becomes #111111, the ground of JupyterLab's dark themes; what is red, green or blue stays so."""

_NAME = "orderlab-theme"

THEMED: Final = f'<style class="{_NAME}">[data-jp-theme-light=false] img:has(+.{_NAME}){{filter:{DARKENED}}}</style>'
"""To be put right after an image."""
