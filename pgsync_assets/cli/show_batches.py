"""What a run sent: its batches as a table, and one of them statement by statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.table import Table

from ..errors import ConfigurationError
from ..sent import SentBatch, SentBatches, SentStatement
from .lengths import of_bytes, of_count, of_duration
from .terminal import Terminal, counted, table

Tries = tuple[Sequence[SentBatch], Sequence[SentStatement]]
_NUMBERS = ("batch", "try", "rows", "removed", "rejected", "sent", "took", "rows/s")
_OF_STATEMENTS = ("step", "rows", "counted", "sent", "took", "sql")
_STATES = {"rolled_back": "rolled back", "unknown": "not known"}
_GAP = "..."


@dataclass(frozen=True)
class BatchReport:
    """A batch, and the connection whose database recorded it.

    Args:
        connection: its name.
        tries: of the batch, as often as it was sent.
        statements: of all of them, in their order.
    """

    connection: str
    tries: Sequence[SentBatch]
    statements: Sequence[SentStatement]


def show_batches(terminal: Terminal, run: int, batches: SentBatches) -> None:
    """Prints batches of a run, if there are any.

    Args:
        terminal: where to.
        run: its number.
        batches: those that are to be shown.
    """
    if not batches.shown:
        return
    terminal.say("")
    terminal.show(_batches_table(batches.shown))
    left = batches.total - len(batches.shown)
    more = [f"and {left:,} more (--limit); the slowest and the worst are here"] if left > 0 else []
    terminal.say(*more, f"what was sent in one: pgsync-assets show {run} --batch NUMBER")


def show_batch(terminal: Terminal, run: int, batch: int, found: Mapping[str, Tries]) -> None:
    """Prints a batch, statement by statement.

    Args:
        terminal: where to.
        run: number of the run.
        batch: its number.
        found: by the connection whose database has it; several runs may have the number.

    Raises:
        ConfigurationError: nobody has it.
    """
    reports = [BatchReport(name, *tries) for name, tries in found.items() if tries[0]]
    if not reports:
        raise ConfigurationError(
            f"nothing is recorded of batch {batch} of run {run}",
            f"`pgsync-assets show {run}` lists what is: a run of audit level off sends without "
            "a record, and old ones are removed",
        )
    terminal.document({"reports": reports})
    for report in reports:
        terminal.say(f"run {run}, batch {batch}; recorded in {report.connection}")
        texts = _numbered(report.statements)
        for one in report.tries:
            sent = [s for s in report.statements if s.attempt == one.attempt]
            _show_try(terminal, one, sent, texts)
        for text, number in texts.items():
            terminal.say("", f"sql {number}:", *text.strip().splitlines())


def _show_try(
    terminal: Terminal,
    one: SentBatch,
    statements: Sequence[SentStatement],
    texts: Mapping[str, int],
) -> None:
    terminal.say("")
    terminal.show(_batches_table([one]))
    if one.error:
        terminal.say(f"error: {one.error}")
    terminal.say("")
    terminal.show(
        table(
            *("step", "action", "of the plan", "counted", "sent", "took", "SQLSTATE", "sql"),
            rows=[
                _statement_cells(sent, depth, texts)
                for sent, depth in zip(statements, _depths(statements), strict=True)
            ],
            numbers=_OF_STATEMENTS,
        )
    )
    for error in dict.fromkeys(sent.error for sent in statements if sent.error):
        where = [str(sent.step) for sent in statements if sent.error == error]
        terminal.say(f"step {', '.join(where)}: {error}")
    left = one.statements - len(statements)
    if left > 0:
        terminal.say(f"and {counted(left, 'statement')} more, which are not kept")


def _batches_table(batches: Sequence[SentBatch]) -> Table:
    rows = [_batch_cells(batches[0])]
    for before, one in pairwise(batches):
        if one.batch > before.batch + 1:
            rows.append((_GAP, *("" for _ in rows[0][1:])))
        rows.append(_batch_cells(one))
    return table(*_NUMBERS, "state", rows=rows, numbers=_NUMBERS)


def _batch_cells(one: SentBatch) -> tuple[str, ...]:
    rate = one.rows_per_second
    is_of_hooks = one.first_row == one.last_row
    state = _STATES.get(one.status, "hooks" if is_of_hooks else "")
    return (
        str(one.batch),
        str(one.attempt),
        *(of_count(rows) for rows in (one.rows, one.removals, one.rejected)),
        of_bytes(one.bytes),
        of_duration(one.seconds),
        "" if rate is None else of_count(round(rate)),
        f"{state} {one.sqlstate or ''}".strip(),
    )


def _statement_cells(sent: SentStatement, depth: int, texts: Mapping[str, int]) -> tuple[str, ...]:
    return (
        str(sent.step),
        "  " * depth + sent.action,
        f"{sent.first_row + 1:,}-{sent.last_row:,}" if sent.first_row < sent.last_row else "",
        "" if sent.rows is None else of_count(sent.rows),
        "" if sent.bytes is None else of_bytes(sent.bytes),
        of_duration(sent.seconds),
        sent.sqlstate or ("refused" if sent.error else ""),
        str(texts[sent.text]) if sent.text is not None else "",
    )


def _numbered(statements: Sequence[SentStatement]) -> dict[str, int]:
    """Each text once, numbered as they come."""
    texts = dict.fromkeys(sent.text for sent in statements if sent.text is not None)
    return {text: number for number, text in enumerate(texts, start=1)}


def _depths(statements: Sequence[SentStatement]) -> Iterator[int]:
    """How far each is in: rows that are part of those of an earlier one stand below it."""
    around: list[tuple[int, int]] = []
    for sent in statements:
        first, last = sent.first_row, sent.last_row
        while around and not (around[-1][0] <= first and last <= around[-1][1]):
            around.pop()
        if not around or around[-1] != (first, last):
            around.append((first, last))
        yield len(around) - 1
