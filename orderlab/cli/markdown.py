"""Markdown as a terminal can show it: paragraphs wrapped, code as it is, without the marks that only a page sets."""

import re
from collections.abc import Iterator
from itertools import groupby

from orderlab.cli.console import OUT, show_text


def show_markdown(text: str) -> None:
    """Print a text in Markdown."""
    for number, (is_code, block) in enumerate(blocks(text)):
        if number and not (block.startswith("- ") and not is_code):
            OUT.print()
        if is_code:
            OUT.print(block, markup=False, soft_wrap=True)
        else:
            show_text(block, indent=2 if block.startswith("- ") else 0)


def blocks(text: str) -> Iterator[tuple[bool, str]]:
    r"""Give the paragraphs, list items and pieces of code of a text, and whether each is code.

    >>> list(blocks("One\nparagraph.\n\n- An item\n- **another**\n\n```python\nx = 1\n```"))
    [(False, 'One paragraph.'), (False, '- An item'), (False, '- another'), (True, 'x = 1')]
    """
    for index, part in enumerate(re.split(r"^```.*$", text.strip(), flags=re.MULTILINE)):
        if index % 2:
            yield True, part.strip("\n")
            continue
        for is_there, lines in groupby(part.splitlines(), key=lambda line: bool(line.strip())):
            if is_there:
                for paragraph in re.split(r"\n(?=\s*(?:[-*]|\d+\.) )", "\n".join(lines)):
                    yield False, re.sub(r"^\s*\* ", "- ", " ".join(paragraph.replace("**", "").split()))
