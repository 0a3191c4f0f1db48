"""What a run did or found, in numbers: plain values that every face (assets, CLI) shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from .drift import Drift
from .sent import SentBatches


@dataclass(frozen=True)
class Counts:
    """Rows by operation, relative to the previous state."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def total(self) -> int:
        """Rows of all three operations."""
        return self.added + self.changed + self.removed

    def __add__(self, other: Counts) -> Counts:
        """By operation."""
        return Counts(
            self.added + other.added, self.changed + other.changed, self.removed + other.removed
        )

    def __sub__(self, other: Counts) -> Counts:
        """By operation."""
        return Counts(
            self.added - other.added, self.changed - other.changed, self.removed - other.removed
        )


@dataclass(frozen=True)
class Column:
    """A column as PostgreSQL describes it.

    Args:
        name: as stored, without quotes.
        type: as `format_type` writes it, with its modifier.
        nullable: None where PostgreSQL does not say (a query).
    """

    name: str
    type: str
    nullable: bool | None = None


@dataclass(frozen=True)
class Rejection:
    """A row that was refused, without its values.

    Args:
        row_id: value of the key; a JSON array where the key has several columns.
        operation: `added`, `changed` or `removed`.
        sqlstate: of the server's refusal; None where we refused it (NULL or repeated key).
        constraint: that refused it, if any.
        column: that refused it, if known.
        reason: one sentence.
        attempts: settled runs that tried it so far; None where its key names no row (NULL).
    """

    row_id: str
    operation: str
    sqlstate: str | None
    constraint: str | None
    column: str | None
    reason: str
    attempts: int | None = None


@dataclass(frozen=True)
class InvalidKey:
    """A key that identifies no row: with NULL in it, or of several rows.

    Args:
        columns: its columns as text; None stands for NULL.
        rows: rows of the model that have it.
    """

    columns: Mapping[str, str | None]
    rows: int

    def __str__(self) -> str:
        columns = ", ".join(f"{name}={shown(value)}" for name, value in self.columns.items())
        return f"{columns} ({self.rows} rows)" if self.rows > 1 else columns


@dataclass(frozen=True)
class InvalidKeys:
    """Rows of a model whose key identifies no row.

    Args:
        missing: rows with NULL in a key column.
        repeated: rows whose key another row has too.
        sample: such keys, at most 20, the most frequent ones first.
    """

    missing: int = 0
    repeated: int = 0
    sample: tuple[InvalidKey, ...] = ()

    @property
    def total(self) -> int:
        """Rows of both kinds."""
        return self.missing + self.repeated

    def __str__(self) -> str:
        return f"{self.missing:,} with a NULL key, {self.repeated:,} with a repeated one"


KEY_WIDTH = 60  # characters of a key's value in a message


def shown(value: str | None) -> str:
    """A value in a message: NULL without quotes is NULL, and long ones are cut."""
    if value is None:
        return "NULL"
    text = value if len(value) <= KEY_WIDTH else f"{value[: KEY_WIDTH - 1]}…"
    return f"'{text}'" if text in ("", "NULL") else text


@dataclass(frozen=True)
class Progress:
    """Where a run is. `step` is one of connect, recover, plan, guard, write, advance, done.

    Of a verification: connect, model, destination, compare, done. `rows_total` is 0 where it is not
    known; `rate` is in rows per second of late, `seconds_left` those of the step at that rate.
    """

    sync: str
    partition: str | None
    step: str
    rows_done: int
    rows_total: int
    rejected: int
    seconds: float
    rate: float | None = None
    seconds_left: float | None = None


Listener = Callable[[Progress], None]
"""Is told where a run is, by the run's own thread or one beside it; it should be quick."""


@dataclass(frozen=True)
class Outcome:
    """What a run did. Planned = attempted + aborted; attempted = succeeded + failed.

    Args:
        run_id: number of the run: `sync_run_id` in the audit tables.
        status: `succeeded`, or `failed` for a run that was settled in part.
        planned: all changes found, rows with an invalid key among them.
        succeeded: rows that the destination took.
        failed: rows that were refused; they are planned again by the next run.
        aborted: rows that were planned but never tried.
        applied: rows that the destination's own ledger counted; the others are the planner's.
        invalid: rows of the model with a NULL or repeated key; counted in `failed` as well.
        invalid_keys: those rows by kind, with a sample of their keys.
        rejections: a sample of the refused rows, at most 20.
        parked: rows that earlier runs were refused and this one did not try
            (`retry_rejected: false`); they are in none of the counts above.
        left: changes that it found and left to the next run, as a part was asked for (a row limit,
            only rejected rows); they are in none of the counts above.
        row_count: rows in the state (this sync's rows at the destination) afterwards.
        bytes: row data sent to the destination.
        seconds: duration of `plan`, `write`, `advance`, `total`.
        columns: of the destination table, as mapped.
        recovered: an unfinished earlier run that was settled first.
        carried: rows of the state that was carried over from another engine, if it was.
        notes: what a person should know about the run, in sentences.
        bytes_read: keys, digests and images read from the source by engine standard.
        orphans: names in the planner that no sync of the project has, where that can be told.
        absorbed: rows that the destination takes without an error and does not keep as sent, as
            its own counts say; they are refused now, and counted in `failed` or `parked` as well.
        drift: what is other at both ends than at the last run that succeeded.
        batches: transactions of the destination that the plan has.
        sent: what became of some of them; none where the audit is off.
    """

    run_id: int
    sync: str
    partition: str | None
    status: str
    planned: Counts
    succeeded: Counts
    failed: Counts
    aborted: Counts
    applied: int = 0
    invalid: int = 0
    invalid_keys: InvalidKeys = InvalidKeys()
    rejections: tuple[Rejection, ...] = ()
    parked: int = 0
    left: int = 0
    row_count: int = 0
    bytes: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    recovered: Outcome | None = None
    carried: int | None = None
    notes: tuple[str, ...] = ()
    bytes_read: int = 0
    orphans: tuple[str, ...] = ()
    absorbed: int = 0
    drift: Drift = Drift()
    batches: int = 0
    sent: SentBatches = SentBatches()

    @property
    def attempted(self) -> Counts:
        """Rows that were sent to the destination, or refused before."""
        return self.succeeded + self.failed

    @property
    def rejected(self) -> int:
        """Rows that were refused, for whatever reason."""
        return self.failed.total

    @property
    def is_complete(self) -> bool:
        """Every row that was asked for is at the destination: none was refused, none is parked."""
        return not (self.rejected or self.parked)


@dataclass(frozen=True)
class Change:
    """One planned change, as text values by column."""

    row_id: str
    operation: str
    before: Mapping[str, str | None] | None
    after: Mapping[str, str | None] | None

    def cells(self) -> Iterator[tuple[str, str | None, str | None]]:
        """Column, before and after, of a changed row where they differ; else of every column."""
        before, after = self.before or {}, self.after or {}
        for name in {**after, **before}:
            old, new = before.get(name), after.get(name)
            if self.operation != "changed" or old != new:
                yield name, old, new


@dataclass(frozen=True)
class PlanPreview:
    """What a run would do now: counts, the first changes row by row, and what to know about it.

    Args:
        run_id: number of the plan.
        invalid: rows of the model that are not in it: a NULL or repeated key.
        changes: the first ones, removals before the others.
        invalid_keys: those keys.
        notes: what is special about it, in sentences.
        reason: why the guard would stop it, or has; None where it would not.
        planned_at: by the planner's clock, where it was planned before.
        approved_at: when somebody approved it.
        approved_by: who.
        left: changes that were found and are not in it, as a part was asked for.
    """

    run_id: int
    sync: str
    partition: str | None
    counts: Counts
    invalid: int
    changes: tuple[Change, ...]
    invalid_keys: InvalidKeys = InvalidKeys()
    notes: tuple[str, ...] = ()
    reason: str | None = None
    planned_at: dt.datetime | None = None
    approved_at: dt.datetime | None = None
    approved_by: str | None = None
    left: int = 0


@dataclass(frozen=True)
class Adopted:
    """What was taken into the state of a sync without being sent.

    Args:
        sync: its name.
        partition: of it, if any.
        rows: of the model.
        adopted: those that the destination had exactly so; the next run sends the others.
        notes: what a person should know about it, in sentences.
    """

    sync: str
    partition: str | None
    rows: int
    adopted: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Forgotten:
    """What was known of a sync and is not any more.

    Args:
        sync: its name.
        states: how many states it had: one, or one for each partition.
        rows: rows that were known to be at the destination; they stay there.
    """

    sync: str
    states: int
    rows: int


@dataclass(frozen=True)
class RowForgotten:
    """What was known of one row of a sync, and is not any more.

    Args:
        sync: its name.
        removed: rows by table; of tables that had some.
        still: where the row still is, or may come from again, in sentences.
        notes: where it was not looked for, in sentences.
    """

    sync: str
    removed: Mapping[str, int]
    still: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_found(self) -> bool:
        """Whether anything was known of it."""
        return bool(self.removed or self.still)


@dataclass(frozen=True)
class Released:
    """Parked rows that the next run tries again.

    Args:
        sync: its name.
        rows: how many.
    """

    sync: str
    rows: int
