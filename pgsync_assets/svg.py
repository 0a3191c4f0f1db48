"""SVG pictures for people: as a file, and inside the markdown of Dagster's metadata.

The UI draws an image at its own width and never smaller: on an asset's page there is room for
`WIDTH`. The picture sees the system's colour scheme but not the theme that the UI was set to, so
that it has a ground of its own. An image loads nothing: no font, no script.
"""

from __future__ import annotations

import base64
import unicodedata
from xml.etree import ElementTree as ET

from .printable import cut, printable

WIDTH = 480  # pixels that the page of an asset has for an image, in a window of 1440
WIDE = 0.62  # of a font's size: a wide letter, on average
IDEOGRAM = 1.05
STYLE = """
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.ground{fill:#fff;stroke:#dfe3ea}.ink{fill:#1b2330}.faint{fill:#5f6b7c}
.bar{fill:#4f63d2}.light{fill:#c9d0f2}.bad{fill:#cd4246}.line{fill:none;stroke:#a3adbd}
@media (prefers-color-scheme:dark){
.ground{fill:#14181f;stroke:#333b48}.ink{fill:#e8ecf3}.faint{fill:#9aa6b8}
.bar{fill:#8b9cf7}.light{fill:#3a4373}.bad{fill:#e76a6e}.line{stroke:#5b6678}}
"""
"""Classes: `ground`, `ink` and `faint` text, `bar`, `light` and `bad` areas, `line`."""


def picture(width: float, height: float, title: str) -> ET.Element:
    """An empty picture on its ground.

    Args:
        width: in pixels.
        height: in pixels.
        title: what it shows, for those who cannot see it.
    """
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": _number(width),
            "height": _number(height),
            "viewBox": f"0 0 {_number(width)} {_number(height)}",
            "role": "img",
        },
    )
    ET.SubElement(root, "title").text = printable(title)
    ET.SubElement(root, "style").text = STYLE
    rectangle(root, 0.5, 0.5, width - 1, height - 1, "ground", radius=6)
    return root


def rectangle(
    parent: ET.Element,
    x: float,
    y: float,
    width: float,
    height: float,
    style: str,
    radius: float = 0,
) -> ET.Element:
    """A rectangle.

    Args:
        parent: what it stands in.
        x: of its left side.
        y: of its upper side.
        width: in pixels.
        height: in pixels.
        style: a class of `STYLE`.
        radius: of its corners.
    """
    sides = {"x": x, "y": y, "width": width, "height": height, **({"rx": radius} if radius else {})}
    numbers = {name: _number(side) for name, side in sides.items()}
    return ET.SubElement(parent, "rect", {"class": style, **numbers})


def write(
    parent: ET.Element,
    x: float,
    y: float,
    text: str,
    style: str = "ink",
    size: float = 12,
    *,
    room: float | None = None,
    anchor: str = "start",
    bold: bool = False,
) -> ET.Element:
    """A line of text; control characters, which XML does not know, are spelt out.

    Args:
        parent: what it stands in.
        x: where it begins, or ends by its anchor.
        y: of its base line.
        text: any; cut where it would be wider than its room.
        style: a class of `STYLE`.
        size: of the font, in pixels.
        room: in pixels.
        anchor: `start`, `middle` or `end`.
        bold: whether it is.
    """
    told = printable(text)
    made = ET.SubElement(
        parent,
        "text",
        {
            "class": style,
            "x": _number(x),
            "y": _number(y),
            "font-size": _number(size),
            **({"text-anchor": anchor} if anchor != "start" else {}),
            **({"font-weight": "600"} if bold else {}),
        },
    )
    made.text = told if room is None else _fitted(told, room / size)
    return made


def document(root: ET.Element) -> str:
    """The picture as the content of a file.

    Args:
        root: made by `picture`.
    """
    return ET.tostring(root, encoding="unicode") + "\n"


def markdown(root: ET.Element, alternative: str) -> str:
    """The picture inside of markdown, as Dagster's UI draws it.

    Args:
        root: made by `picture`.
        alternative: what it shows; words of ours, as brackets would end it.
    """
    data = base64.b64encode(document(root).encode()).decode()
    return f"![{alternative}](data:image/svg+xml;base64,{data})"


def _fitted(text: str, room: float) -> str:
    """As much of a text as fits, by the width of its letters; `room` in sizes of the font."""
    used = 0.0
    for place, char in enumerate(text):
        used += IDEOGRAM if unicodedata.east_asian_width(char) in "WF" else WIDE
        if used > room:
            return cut(text, max(place, 1))
    return text


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
