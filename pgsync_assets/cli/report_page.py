"""A run as a page for people: what it did, what it was refused, where the time went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from xml.etree import ElementTree as ET

from .. import __version__
from ..config import SyncConfig
from ..outcome import Change
from ..printable import cut
from ..record import RunPage
from ..record.run_page import KINDS, SentText
from ..sent import SentBatch
from . import html
from .html import Cell, add, section
from .outcomes import shown_value
from .report_charts import duration, recent, throughput, timeline

BATCHES = 30  # in the table
STATEMENTS = 40
LONGEST_STATEMENT = 6_000  # characters
KEY_WIDTH = 80
STATUS = {
    "succeeded": ("succeeded", "good", ""),
    "failed": ("failed", "bad", ""),
    "held": ("held", "warn", "Its plan waits for somebody to apply it, or to discard it."),
    "started": ("not finished", "warn", "It is planning now, or was interrupted before its plan was"
                " complete: then the next run records it as failed. Nothing was written."),
    "planned": ("not finished", "warn", "It is writing now, or was interrupted: then the next run"
                " of the sync finishes it. What its batches wrote stays."),
    "superseded": ("superseded", "", "Its plan was never written."),
    "settled": ("finished", "", "The audit has no row of it any more."),
}  # fmt: skip
TRIED = {"succeeded": "", "failed": ", refused", "aborted": ", not tried"}


@dataclass(frozen=True)
class Shown:
    """What the page shows.

    Args:
        page: what is on record.
        sync: as the project has it; None: it has none of that name any more.
        changes: those of a held plan, which are in no log yet; None: those of the log.
        made_at: when the page is made.
    """

    page: RunPage
    sync: SyncConfig | None
    changes: Sequence[Change] | None
    made_at: dt.datetime


def report(shown: Shown) -> str:
    """The page as the content of a file: it loads nothing, and shows no more than the audit may.

    Args:
        shown: what is on it.
    """
    page = shown.page
    style = (files(__package__ or "") / "report.css").read_text(encoding="utf-8")
    root, main = html.page(f"{page.sync}, run {page.run_id}", style)
    _head(main, shown)
    _notes(main, page)
    _tiles(main, page)
    cards = add(main, "div", style="cards")
    left, right = (add(cards, "div", style="stack") for _ in range(2))
    _counts(left, page)
    recent(left, page)
    _facts(right, shown)
    timeline(right, page)
    throughput(cards, page)
    _batches(cards, page)
    _reasons(cards, page)
    _changes(cards, shown)
    _statements(cards, page)
    made = f"{shown.made_at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    add(main, "footer", f"Made {made} by pgsync-assets {__version__}, from the audit at "
        f"{page.connection}. It does not change any more.")  # fmt: skip
    return html.document(root)


def _head(main: ET.Element, shown: Shown) -> None:
    page, header = shown.page, add(main, "header")
    add(header, "p", "Run of a sync", "faint small")
    title = add(header, "h1")
    add(title, "span", page.sync).tail = " "
    add(title, "span", f"run {page.run_id}", "number").tail = " "
    word, style, _ = STATUS.get(page.status, (page.status, "", ""))
    add(title, "span", word, f"badge {style}".strip())
    add(header, "p", _way(shown), "way faint")


def _way(shown: Shown) -> str:
    recorded, sync = shown.page.recorded, shown.sync
    model = recorded.get("model_name") or (sync.model_name if sync else "")
    table = recorded.get("destination_table") or (sync.table if sync else "")
    source, destination = (f"{sync.source}: ", f"{sync.destination}: ") if sync else ("", "")
    partition = f", partition {shown.page.partition}" if shown.page.partition else ""
    return f"{source}{model} → {destination}{table}{partition}"


def _notes(main: ET.Element, page: RunPage) -> None:
    _, style, note = STATUS.get(page.status, ("", "", ""))
    why = page.planned.get("stale_because") if page.status == "superseded" else None
    told = [page.recorded.get("error") or page.planned.get("reason"), why, note]
    if not any(told):
        return
    box = add(main, "div", style=f"note {style}".strip())
    for text in filter(None, told):
        add(box, "p", str(text))
    if page.status == "held":
        for command in ("show", "apply", "discard"):
            add(add(box, "p"), "code", f"pgsync-assets {command} {page.run_id}")


def _tiles(main: ET.Element, page: RunPage) -> None:
    done = page.counts("planned" if page.status in ("held", "planned") else "succeeded")
    failed = page.counts("failed").total
    seconds = page.seconds
    rate = page.counts("succeeded").total / seconds if seconds else 0
    tiles = add(main, "div", style="tiles")
    for number, word, style in (
        (f"{done.added:,}", "added", ""),
        (f"{done.changed:,}", "changed", ""),
        (f"{done.removed:,}", "removed", ""),
        (f"{failed:,}", "rejected", "bad" if failed else ""),
        (f"{rate:,.0f}" if rate else "–", "rows per second", ""),
        ("–" if seconds is None else duration(seconds), "from start to end", ""),
    ):
        tile = add(tiles, "div", style=f"tile {style}".strip())
        add(tile, "b", number)
        add(tile, "span", word)


def _counts(cards: ET.Element, page: RunPage) -> None:
    card = section(cards, "Rows")
    names = ("added", "changed", "removed", "total")
    rows: list[list[Cell]] = []
    for kind in KINDS if page.recorded else KINDS[:1]:
        counts = page.counts(kind)
        rows.append([kind, *(f"{getattr(counts, name):,}" for name in names)])
    html.table(card, ("", *names), rows, names)
    told = [
        f"{page.recorded.get(column) or 0:,} {word}"
        for column, word in (("num_parked", "parked, not tried"), ("num_left", "left to the next"))
        if page.recorded.get(column)
    ]
    if told:
        add(card, "p", "; ".join(told), "faint small")


def _facts(cards: ET.Element, shown: Shown) -> None:
    pairs = add(section(cards, "Facts"), "dl")
    for name, value in _told(shown):
        if value:
            add(pairs, "dt", name)
            add(pairs, "dd", str(value))


def _told(shown: Shown) -> Iterator[tuple[str, object]]:
    page, of, planned = shown.page, shown.page.recorded, shown.page.planned
    yield "started", _time(page.started_at)
    yield "run by", of.get("run_by")
    yield "planned", _time(page.planned_at) if page.planned_at else None
    yield "ended", _time(page.ended_at) if page.ended_at else "not on record"
    yield "engine", of.get("engine") or (shown.sync.engine if shown.sync else None)
    yield "mode", of.get("mode") or (shown.sync.mode if shown.sync else None)
    plans = {True: "every row of the model", False: "changed rows", None: None}
    yield "plan", plans[planned.get("is_full")]
    yield "approved by", of.get("approved_by") or planned.get("approved_by")
    yield "key", of.get("primary_key")
    yield "partition", page.partition
    yield "attempts", of.get("attempts")
    yield "batches", f"{of['batches']:,}" if of.get("batches") else None
    yield "sent", _size(of.get("bytes"))
    yield "rows of the state", f"{of['row_count']:,}" if of.get("row_count") is not None else None
    yield "audit level", of.get("audit_level") or (shown.sync.audit.level if shown.sync else None)
    versions = (of.get("source_version"), of.get("destination_version"))
    yield "PostgreSQL", " → ".join(filter(None, versions))
    yield "code version", of.get("code_version")
    yield "pgsync-assets", of.get("version")
    yield "error", " ".join(filter(None, (of.get("error_type"), of.get("sqlstate"))))


def _batches(cards: ET.Element, page: RunPage) -> None:
    if not page.batches:
        return
    card = section(cards, "Batches", "wide")
    names = ("batch", "rows", "removals", "rejected", "sent", "took", "rows/s", "statements")
    chosen = _chosen(page.batches)
    html.table(card, (*names, "status"), map(_batch_cells, chosen), names)
    left = len(page.batches) - len(chosen)
    if left:
        add(card, "p", f"and {left:,} more, none of them slower, failed or with rejected rows"
            f" (pgsync-assets show {page.run_id})", "faint small")  # fmt: skip


def _chosen(batches: Sequence[SentBatch]) -> list[SentBatch]:
    """What went wrong, what was slow, the first ones: as many as fit, in their order."""
    by_worth = sorted(
        range(len(batches)),
        key=lambda n: (
            batches[n].status == "committed",
            not batches[n].rejected,
            -batches[n].seconds,
        ),
    )
    return [batches[n] for n in sorted(by_worth[:BATCHES])]


def _batch_cells(one: SentBatch) -> list[Cell]:
    number = f"{one.batch:,}" if one.attempt == 1 else f"{one.batch:,}, try {one.attempt}"
    failed = one.status != "committed"
    status = " ".join(filter(None, (one.status.replace("_", " "), one.sqlstate, one.error)))
    return [
        number if one.batch else "before",
        f"{one.rows:,}",
        f"{one.removals:,}",
        (f"{one.rejected:,}", "bad" if one.rejected else ""),
        _size(one.bytes) or "",
        duration(one.seconds),
        f"{one.rows_per_second:,.0f}" if one.rows_per_second else "",
        f"{one.statements:,}",
        (status, "bad" if failed else ""),
    ]


def _reasons(cards: ET.Element, page: RunPage) -> None:
    failed = page.counts("failed").total
    if not (page.reasons or failed):
        return
    card = section(cards, "Rejected rows", "wide")
    if not page.reasons:
        add(card, "p", f"{failed:,} rows were rejected; which ones is not kept (any more).")
        return
    html.table(
        card,
        ("rows", "SQLSTATE", "reason", "for example"),
        (
            (
                f"{one.rows:,}",
                one.sqlstate or "",
                one.reason,
                ", ".join(
                    [
                        *(cut(key, KEY_WIDTH) for key in one.sample),
                        *(["…"] if one.rows > len(one.sample) else []),
                    ]
                ),
            )
            for one in page.reasons
        ),
        ("rows",),
    )
    add(card, "p", "What became of one row: ", "faint small").append(
        _code(f"pgsync-assets history {page.sync} --key KEY")
    )


def _changes(cards: ET.Element, shown: Shown) -> None:
    logged = [(one.change, TRIED[one.status]) for one in shown.page.changes]
    held = [(change, "") for change in shown.changes or ()]
    changes = held or logged
    if not changes:
        return
    has_values = any(change.before or change.after for change, _ in changes)
    title = "Changes that it would write" if held else "Changes"
    card = section(cards, title, "wide")
    headings = ("what", "row", "column", "before", "after") if has_values else ("what", "row")
    cells = _with_values if has_values else _without_values
    html.table(card, headings, [row for one in changes for row in cells(*one)])
    left = shown.page.counts("planned").total - len(changes)
    more = [f"The first {len(changes):,}; {left:,} more are in the plan."] if left > 0 else []
    if not has_values:
        more.append("Values are shown where the audit keeps them (audit: full).")
    if more:
        add(card, "p", " ".join(more), "faint small")


def _without_values(change: Change, tried: str) -> Iterator[Sequence[Cell]]:
    yield (f"{change.operation}{tried}", cut(change.row_id, KEY_WIDTH))


def _with_values(change: Change, tried: str) -> Iterator[Sequence[Cell]]:
    first: tuple[Cell, ...] = (
        (f"{change.operation}{tried}", "nowrap"),
        (cut(change.row_id, KEY_WIDTH), "key"),
    )
    for column, old, new in change.cells():
        before = "" if change.before is None else shown_value(old)
        after = "" if change.after is None else shown_value(new)
        yield (*first, column, before, after)
        first = ("", "")
    if first != ("", ""):
        yield (*first, "", "", "sent again, as it was" if change.before and change.after else "")


def _statements(cards: ET.Element, page: RunPage) -> None:
    if not page.texts:
        return
    card = section(cards, "Statements as sent", "wide")
    add(card, "p", "Their shape: values of rows are in none of them.", "faint small")
    for one in page.texts[:STATEMENTS]:
        part = add(card, "details")
        summary = add(part, "summary")
        add(summary, "span", ", ".join(one.actions), "key").tail = " "
        add(summary, "span", _times(one), "faint small").tail = " "
        add(summary, "code", _first_line(one.text), "faint")
        add(part, "pre", cut(one.text.strip(), LONGEST_STATEMENT))
    left = len(page.texts) - STATEMENTS
    if left > 0:
        add(card, "p", f"and {left:,} more", "faint small")


def _first_line(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return cut(next((line for line in lines if line and not line.startswith("--")), ""), 70)


def _times(one: SentText) -> str:
    times = "once" if one.times == 1 else f"{one.times:,} times"
    failed = f", {one.failed:,} failed" if one.failed else ""
    return f"{times}, {duration(one.seconds)}{failed}"


def _code(text: str) -> ET.Element:
    made = ET.Element("code")
    made.text = text
    return made


def _time(at: dt.datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def _size(number: int | None) -> str | None:
    if not number:
        return None
    size, unit = float(number), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
