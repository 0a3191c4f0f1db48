"""A page of HTML that stands by itself: nothing is loaded, nothing runs, all text is escaped.

Elements are made as a tree, as in `svg.py`: no text of anybody's becomes markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from ..printable import printable

# Should a value become markup in spite of all: a browser loads and runs nothing for it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"

Cell = str | tuple[str, str]
"""Text, or text and the class of its cell."""


def page(title: str, style: str) -> tuple[ET.Element, ET.Element]:
    """An empty page.

    Args:
        title: of the window.
        style: CSS of ours.

    Returns:
        The document, and the element that its content goes into.
    """
    root = ET.Element("html", {"lang": "en"})
    head = ET.SubElement(root, "head")
    ET.SubElement(head, "meta", {"charset": "utf-8"})
    for name, content in (
        ("viewport", "width=device-width, initial-scale=1"),
        ("color-scheme", "light dark"),
        ("robots", "noindex"),
    ):
        ET.SubElement(head, "meta", {"name": name, "content": content})
    ET.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": POLICY})
    add(head, "title", title)
    ET.SubElement(head, "style").text = style  # the only text that is not escaped
    return root, ET.SubElement(ET.SubElement(root, "body"), "main")


def add(
    parent: ET.Element, tag: str, text: str = "", style: str = "", **attributes: str
) -> ET.Element:
    """Adds an element; control characters in its text are spelt out.

    Args:
        parent: what it stands in.
        tag: as in `p`.
        text: any; its line ends stay.
        style: classes.
        attributes: further ones.
    """
    made = ET.SubElement(parent, tag, ({"class": style} if style else {}) | attributes)
    if text:
        made.text = "\n".join(map(printable, text.split("\n")))
    return made


def section(parent: ET.Element, title: str, style: str = "") -> ET.Element:
    """A card with a heading."""
    card = add(parent, "section", style=f"card {style}".rstrip())
    add(card, "h2", title)
    return card


def table(
    parent: ET.Element,
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    numbers: Iterable[str] = (),
) -> None:
    """A table that is scrolled by itself where it is too wide.

    A row whose first cell is empty goes on with the one above it.

    Args:
        parent: what it stands in.
        headings: of the columns.
        rows: cells.
        numbers: headings of columns that are aligned to the right.
    """
    right = ["n" if heading in set(numbers) else "" for heading in headings]
    # With tabindex it can be scrolled by keys, too.
    frame = add(parent, "div", style="scroll", tabindex="0")
    made = add(frame, "table")
    head = add(add(made, "thead"), "tr")
    for heading, style in zip(headings, right, strict=True):
        add(head, "th", heading, style, scope="col")
    body = add(made, "tbody")
    for row in rows:
        line = add(body, "tr", style="" if row[0] else "more")
        for cell, style in zip(row, right, strict=True):
            text, more = (cell, "") if isinstance(cell, str) else cell
            add(line, "td", text, f"{style} {more}".strip())


def document(root: ET.Element) -> str:
    """The page as the content of a file.

    Args:
        root: made by `page`.
    """
    return f"<!doctype html>\n{ET.tostring(root, encoding='unicode', method='html')}\n"
