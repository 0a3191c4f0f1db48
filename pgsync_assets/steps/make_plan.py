"""What changed since the last run, as a stored plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from functools import partial

from ..config import Place
from ..connect import Session
from ..errors import ConfigurationError
from ..failpoints import failpoint
from ..model import Past, check_cursor
from ..plan import (
    Across,
    Cut,
    Diff,
    InPlace,
    Part,
    Plan,
    Question,
    Reading,
    RefusedStatus,
    Run,
    Scope,
    Shape,
    Streamed,
    differences,
    refused_status,
    release,
)
from ..write import cascades
from .beside import beside
from .layout import check_layout
from .may_stream import may_stream
from .same_table import check_incarnation
from .work import Work


def make_plan(
    work: Work,
    run: Run,
    *,
    full_resync: bool,
    compare_all: bool = False,
    anew: bool = False,
    retry_rejected: bool = False,
    part: Part = Part(),  # noqa: B008 - frozen
    streams: bool = False,
) -> tuple[Work, Plan]:
    """Compares the model with the state, and stores what is to be written.

    Args:
        work: the run.
        run: as begun.
        full_resync: rows that did not change are sent, too.
        compare_all: the whole model, whatever the cursor says.
        anew: partitions may be others than when the state was made, and no row is left out.
        retry_rejected: rows that are parked are tried once more.
        part: which of the changes are planned.
        streams: who asked writes the plan at once: its rows need not be stored, where that is
            possible; the work then holds the snapshot in which they are.

    Returns:
        The work with its state in the form in which the plan needs it, and the plan.

    Raises:
        ConfigurationError: key or destination are others than the state's, and no resync was
            asked for; or the partitions are.
        InvalidKeysError: a row has a NULL or repeated key, and the sync says `fail`.
        TooManyRejectedRows: of rows that cannot be planned.
    """
    work.show(run.id)
    if not anew:
        check_layout(work)
    old = _comparable(work, full_resync)
    shape = _shape(work, old)
    refused = _refused(work, retry_rejected or part.only_rejected)
    scope = _scope(work, old, shape, full_resync, anew)
    past = None if compare_all or refused.is_released else _past(work, old, shape, scope)
    knows = not anew and _must_know(refused, shape, part)
    scope = replace(scope, is_whole=past is None, cursor=_cursor(work), has_refused=knows)
    scope = _of_part(work, scope, part)
    question = _question(work, old, shape, scope, past)
    if streams and may_stream(work, old, scope, past):
        work = replace(work, streamed=_streamed(work, question))
    reading = READINGS[work.sync.traits.place](work, question)
    with ExitStack() as stack:
        stack.callback(work.let_go)
        plan = _stored(work, run, shape, old, reading, scope)
        work.reporter.read(reading.bytes)
        failpoint("plan stored")
        state = work.planner.look(work.state.sync, work.state.partition) or work.state
        notes = (*_notes(work, old, shape, past), *_all_changed(work, scope, plan))
        told = (*work.notes, *notes, *_cascading(work, plan))
        work = replace(work, state=state, notes=told, bytes_read=reading.bytes)
        if plan.is_streamed:
            stack.pop_all()  # closed by who writes it
    return (work if plan.is_streamed else replace(work, streamed=None)), plan


def _stored(
    work: Work, run: Run, shape: Shape, old: Shape | None, reading: Reading, scope: Scope
) -> Plan:
    proven = work.relation.unique_key
    diff = Diff(work.planner, work.state, shape, old, reading, proven=proven, scope=scope)
    return diff.store(
        run,
        work.fingerprint,
        Cut(work.sync.batch_size, work.sync.batch_bytes),
        work.sync.max_rejected_rows,
        work.sync.on_duplicate_key,
        work.audit.privacy.name,
    )


def _refused(work: Work, retry_rejected: bool) -> RefusedStatus:
    """What earlier runs were refused; no row stays parked that the sync wants to be tried."""
    status = refused_status(work.planner, work.state)
    if not (status.parked and (retry_rejected or work.sync.retry_rejected)):
        return status
    release(work.planner, work.state)
    return refused_status(work.planner, work.state)


def _comparable(work: Work, full_resync: bool) -> Shape | None:
    """The state's shape where its rows can be compared by key; None: begin from nothing."""
    old, shape = work.state.shape, work.shape
    if old is not None and old.identity == shape.identity:
        check_incarnation(work, old, shape, full_resync)
    told = _other_rows(old, shape) if old else None
    if told is None:
        return None if old and old.is_remade(shape) else old
    if not full_resync:
        raise ConfigurationError(
            f"sync {work.sync.name!r}: {told}",
            "the old rows stay as they are; to begin anew: pgsync-assets run "
            f"{work.sync.name} --full-resync",
        )
    return None


def _other_rows(old: Shape, shape: Shape) -> str | None:
    """Why rows that were sent cannot be found any more, if so."""
    if old.identity != shape.identity:
        return (
            f"its rows were sent to {old.table}, found by {old.key_text} there; now it says "
            f"{shape.table}, {shape.key_text}"
            + ("" if old.ledger == shape.ledger else ", in another database")
        )
    lost = [name for name in old.nullable_key if name not in shape.nullable_key]
    if lost:
        return (
            f"it has sent rows whose key may be NULL in {', '.join(lost)}; no index of "
            f"{shape.table} that is NULLS NOT DISTINCT finds them any more"
        )
    return None


def _shape(work: Work, old: Shape | None) -> Shape:
    """What the snapshot will hold: a shared one has no moment in which all images are at hand."""
    shape = work.shape
    keeps_digests = shape.is_labelled and old is not None and old.holds == "digest"
    return replace(shape, holds="digest") if keeps_digests else shape


def _scope(work: Work, old: Shape | None, shape: Shape, full_resync: bool, anew: bool) -> Scope:
    label = work.slice if shape.is_labelled else None
    if not work.sync.mode_traits.sends_changes and not anew:
        _refuse_resync(work, old, full_resync)
        is_full = old is None
        return Scope(is_full=is_full, sends_all=is_full, label=label, only_new=True)
    if label is not None and old is not None:
        return Scope(is_full=False, sends_all=full_resync, label=label)
    is_full = full_resync or old is None or not old.compares_with(shape)
    return Scope(is_full=is_full, sends_all=is_full, label=label)


def _refuse_resync(work: Work, old: Shape | None, full_resync: bool) -> None:
    if full_resync and old is not None:
        raise ConfigurationError(
            f"sync {work.sync.name!r}: in mode {work.sync.mode} a key is sent once; a full resync "
            "would insert every row again",
            "to begin anew, empty the table and forget what was sent: "
            f"pgsync-assets reset {work.sync.name}; or pgsync-assets adopt {work.sync.name} takes "
            "the table as it is",
        )


def _must_know(refused: RefusedStatus, shape: Shape, part: Part) -> bool:
    """Whether the comparison has to know which rows are refused now."""
    return bool(refused.rows if shape.is_labelled or not part.is_all else refused.parked)


def _of_part(work: Work, scope: Scope, part: Part) -> Scope:
    """What is left over of a full resync is marked in the state; a shared one keeps no marks."""
    if part.rows is not None and scope.sends_all and not scope.is_full:
        raise ConfigurationError(
            f"sync {work.sync.name!r}: its partitions share one state, which cannot tell how far a "
            "full resync with a row limit came",
            "leave the row limit out",
        )
    return replace(scope, part=part)


def _cursor(work: Work) -> str | None:
    return work.sync.cursor.column if work.sync.cursor else None


def _past(work: Work, old: Shape | None, shape: Shape, scope: Scope) -> Past | None:
    """Where the comparison begins; None: the whole model has to be compared now."""
    cursor, since = work.sync.cursor, work.state.cursor
    if cursor is None:
        return None
    spelled = check_cursor(work.sync.name, cursor, work.relation)
    is_same_form = old is not None and old.holds == shape.holds
    if since is None or scope.sends_all or not is_same_form:
        return None
    if old is not None and old.computed != shape.computed:
        return None  # rows before the cursor get another value, too
    if work.planner.is_full_due(work.state, cursor.full_every):
        return None
    return Past(cursor.column, spelled, since, cursor.lag)


def _notes(work: Work, old: Shape | None, shape: Shape, past: Past | None) -> Iterator[str]:
    """What a person should know about this comparison."""
    if past is not None:
        yield (
            f"only rows with {past.column} >= {past.since} - {past.lag} were compared; removed "
            f"rows are found by a full comparison"
        )
    if old is None or not old.has_rows_of(shape):
        return
    if told := "; ".join(differences(old, shape)):
        is_new = old.meaning != shape.meaning
        sent = "every row is sent once" if is_new else "rows whose value differs are sent"
        if not work.sync.mode_traits.sends_changes:
            sent = "only rows that are sent from now on have it so"
        yield f"{told}: {sent}"


A_FEW = 10  # rows, all of which may well change at once


def _all_changed(work: Work, scope: Scope, plan: Plan) -> Iterator[str]:
    """Said of one run it is a fact; said of every run, a model that never answers the same."""
    changed = plan.found.changed
    old = work.state.shape
    is_told = old is not None and old.computed != work.shape.computed
    if is_told or scope.sends_all:
        return
    if changed >= A_FEW and changed == work.state.row_count:
        yield (
            f"all {changed:,} rows are others than they were sent last; if each run says so, a "
            "column or value is never the same twice (now(), random(), ..): leave it out"
        )


def _cascading(work: Work, plan: Plan) -> Iterator[str]:
    """Rows of other tables that a removal takes with it; nobody but PostgreSQL counts them."""
    if plan.counts.removed and work.sync.delete_behavior == "delete_row":
        for told in cascades(work.ledger.session, work.target):
            yield f"{plan.counts.removed:,} rows are removed, and with them {told}"


def _question(
    work: Work, old: Shape | None, shape: Shape, scope: Scope, past: Past | None
) -> Question:
    by_digest = "digest" in (shape.holds, old.holds if old and not scope.is_full else None)
    covered = work.sync.partitions.covered if work.sync.partitions else None
    return Question(work.sync.model, work.relation, shape, work.partition, by_digest, past, covered)


def _in_place(work: Work, question: Question) -> Reading:
    return InPlace(work.planner, work.state, question, work.streamed)


def _across(work: Work, question: Question) -> Reading:
    told = partial(work.reporter.rows, total=0, rejected=0)
    return Across(work.planner, work.state, question, work.reader, told, work.streamed)


READINGS = {"source": _in_place, "platform": _across}
"""By the place of the planner: how the model gets there."""


def _streamed(work: Work, question: Question) -> Streamed:
    return Streamed(STREAMERS[work.sync.traits.place](work), work.planner, question)


STREAMERS: dict[Place, Callable[[Work], AbstractContextManager[Session]]] = {
    "source": lambda work: beside(work, "rows"),
    "platform": lambda work: nullcontext(work.reader),
}
"""By the place of the planner: who reads rows that are stored nowhere on their way."""
