"""Diagrams as Mermaid and SVG: any name is safe, wide tables are folded, and nothing changes."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsync_assets.lineage.diagram import Box, Cell, Diagram, End, Line
from pgsync_assets.lineage.fold import folded
from pgsync_assets.lineage.mermaid import mermaid
from pgsync_assets.lineage.picture import drawn
from pgsync_assets.svg import WIDTH, document, markdown

SVG = "{http://www.w3.org/2000/svg}"
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
NODE = r"b\d+(c\d+)?"
LABEL = r'\["(?:[^"\[\]<>|{}()`]|<br/>)*"\]'
LINE = re.compile(
    rf"flowchart LR|  subgraph b\d+{LABEL}|    direction TB|    {NODE}{LABEL}|  {NODE}{LABEL}"
    rf"|  end|  {NODE} (-->|-\.->) {NODE}"
)


def chain(names: list[str], computed: frozenset[int] = frozenset()) -> Diagram:
    """A table, a model and a destination with the same columns; the first is the key."""
    cells = tuple(
        Cell(name, "computed" if at in computed else "column", "1 + 1" if at in computed else "",
             is_key=at == 0)
        for at, name in enumerate(names)
    )  # fmt: skip
    titles = (("table", names[0]), ("model", "m"), ("destination", f"app.{names[-1]}"))
    boxes = [Box(kind, title, "shop", 2 - at, cells) for at, (kind, title) in enumerate(titles)]
    lines = [
        Line(End(box, at), End(box + 1, at), at not in computed)
        for box in (0, 1)
        for at in range(len(cells))
    ]
    return Diagram("x", "sql text", tuple(boxes), tuple(lines))


def many(number: int) -> list[str]:
    return [f"column_{at}" for at in range(number)]


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_any_name_is_a_label_in_mermaid(names: list[str]) -> None:
    for line in mermaid(chain(names, frozenset({1}))).removesuffix("\n").split("\n"):
        assert LINE.fullmatch(line), line


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_any_name_is_text_in_svg(names: list[str]) -> None:
    diagram = chain(names, frozenset({1}))
    root = ET.fromstring(document(drawn(diagram, WIDTH)))  # noqa: S314 - we made it
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "style", "rect", "g", "text", "path",
    }  # fmt: skip
    assert sum(element.tag == f"{SVG}path" for element in root.iter()) == 2 * len(names)
    assert not re.search(r"(href|src|url\()", document(drawn(chain(["a"]))))


def test_a_picture_is_the_same_every_time() -> None:
    assert document(drawn(chain(many(9)))) == document(drawn(chain(many(9))))


def test_a_name_in_a_mermaid_label_can_be_read_back() -> None:
    made = mermaid(chain(['say "hi" `now` <b>#1;']))
    (label,) = set(re.findall(r'b0c0\["(.*)"\]', made))
    found = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label)
    assert found.endswith(' say "hi" `now` <b>#1;')


def test_twenty_columns_are_drawn_one_by_one() -> None:
    assert folded(chain(many(20))) == chain(many(20))


def test_two_hundred_columns_are_folded_but_for_those_that_tell_something() -> None:
    found = folded(chain(many(200), frozenset({7, 9})))
    names = ["column_0", "column_7", "column_9", "197 columns, unchanged"]
    assert [[cell.name for cell in box.cells] for box in found.boxes] == [names] * 3
    assert len(found.lines) == 8
    assert all(line.source.cell == line.target.cell for line in found.lines)
    assert {box.cells[-1].stands_for for box in found.boxes} == {197}


def test_what_is_renamed_or_used_twice_is_not_folded() -> None:
    diagram = chain(many(60))
    end = diagram.boxes[2]
    cells = (*end.cells[:5], Cell("other"), *end.cells[6:], Cell("again"))
    boxes = (*diagram.boxes[:2], Box(end.kind, end.title, end.connection, 0, cells))
    lines = (*diagram.lines, Line(End(1, 8), End(2, 60), True))
    found = folded(Diagram("x", "sql text", boxes, lines))
    assert [cell.name for cell in found.boxes[2].cells] == [
        "column_0", "other", "column_8", "again", "57 columns, unchanged",
    ]  # fmt: skip
    assert [cell.name for cell in found.boxes[1].cells][:3] == ["column_0", "column_5", "column_8"]


@pytest.mark.parametrize("number", [1, 20, 200])
def test_the_picture_of_an_asset_fits_its_page(number: int) -> None:
    diagram = chain(many(number), frozenset({0}))
    assert float(drawn(diagram, WIDTH).get("width", "")) <= WIDTH
    assert len(markdown(drawn(diagram, WIDTH), "lineage")) < 30_000


def test_columns_of_two_tables_are_folded_apart() -> None:
    left, right = tuple(map(Cell, many(20))), tuple(map(Cell, "abcdefghij"))
    boxes = (
        Box("table", "t", "shop", 1, left),
        Box("table", "u", "shop", 1, right),
        Box("model", "m", "shop", 0, left + right),
    )
    lines = [Line(End(0, at), End(2, at), True) for at in range(20)]
    lines += [Line(End(1, at), End(2, 20 + at), True) for at in range(10)]
    found = folded(Diagram("x", "sql text", boxes, tuple(lines)))
    assert [[cell.stands_for for cell in box.cells] for box in found.boxes] == [
        [20],
        [10],
        [20, 10],
    ]
    assert {(line.source, line.target) for line in found.lines} == {
        (End(0, 0), End(2, 0)), (End(1, 0), End(2, 1)),
    }  # fmt: skip
