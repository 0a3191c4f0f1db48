"""What is printed: safe for the terminal, readable at 80 columns, plain where nobody looks."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console, RenderableType

from pgsync_assets.cli.outcomes import changes_table, outcomes_table, rejections_table
from pgsync_assets.cli.terminal import Terminal, plain, table
from pgsync_assets.outcome import Change, Counts, Outcome, Rejection
from pgsync_assets.printable import printable

OUTCOME = Outcome(
    run_id=42,
    sync="orders",
    partition=None,
    status="succeeded",
    planned=Counts(1_000_000, 30, 20),
    succeeded=Counts(999_990, 30, 20),
    failed=Counts(10),
    aborted=Counts(),
    seconds={"total": 4.0},
)


def _shown(renderable: RenderableType) -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    return [line.rstrip() for line in lines]


def test_control_characters_are_spelt_out() -> None:
    assert printable("a\x1b[31mb\r\n\u202e") == "a\\x1b[31mb\\r\\n\\u202e"
    assert printable("Zürich 東京 [bold]") == "Zürich 東京 [bold]"


def test_cells_are_no_markup() -> None:
    assert _shown(table("a", rows=[("[red]x[/red] :smile:",)])) == ["a", "[red]x[/red] :smile:"]


def test_a_run_in_numbers() -> None:
    assert _shown(outcomes_table([OUTCOME]))[1].split() == [
        *("orders", "42", "999,990", "30", "20", "10", "4.0", "250,010"),
    ]


def test_long_reasons_are_folded_and_not_cut() -> None:
    reason = "refused by the check constraint " + "x" * 100
    lines = _shown(rejections_table([Rejection("1", "added", "23514", "c", None, reason)]))
    assert "".join(
        line[line.index("added") + 5 if "added" in line else 0 :].strip() for line in lines[1:]
    ).replace(" ", "") == reason.replace(" ", "")


def test_a_change_shows_what_differs_and_tells_null_from_empty() -> None:
    before = {"id": "1", "name": None, "city": "Bern"}
    after = {"id": "1", "name": "", "city": "Bern"}
    lines = _shown(changes_table([Change("1", "changed", before, after)]))
    assert lines[1].split() == ["changed", "1", "name", "NULL", "->", "''"]
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("operation", "before", "after"), [("added", None, {"a": "7"}), ("removed", {"a": "7"}, None)]
)
def test_added_and_removed_rows_show_their_values(
    operation: str, before: dict[str, str | None] | None, after: dict[str, str | None] | None
) -> None:
    assert _shown(changes_table([Change("1", operation, before, after)]))[1].split() == [
        *(operation, "1", "a", "7"),
    ]


def test_json_holds_fields_and_properties() -> None:
    document = plain(OUTCOME)
    assert document["rejected"] == 10
    assert document["attempted"]["added"] == 1_000_000
    assert json.loads(json.dumps(document)) == document


def test_json_is_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(as_json=True)
    terminal.say("words")
    terminal.show(table("a", rows=[("b",)]))
    terminal.document({"run": OUTCOME})
    assert json.loads(capsys.readouterr().out)["run"]["run_id"] == 42


def test_without_a_terminal_there_is_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(as_json=False)
    terminal.complain("wrong", "mend it")
    terminal.show(table("a", rows=[("b",)]))
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
