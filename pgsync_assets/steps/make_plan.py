"""What changed since the last run, as a stored plan."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ConfigurationError
from ..failpoints import failpoint
from ..plan import Across, Diff, InPlace, Plan, Question, Reading, Run, Scope, Shape
from .work import Work


def make_plan(work: Work, run: Run, full_resync: bool) -> tuple[Work, Plan]:
    """Compares the model with the state, and stores what is to be written.

    Args:
        work: the run.
        run: as begun.
        full_resync: rows that did not change are sent, too.

    Returns:
        The work with its state in the form in which the plan needs it, and the plan.

    Raises:
        ConfigurationError: key or destination are others than the state's, and no resync was
            asked for.
        InvalidKeysError: a row has a NULL or repeated key, and the sync says `fail`.
        TooManyRejectedRows: of rows that cannot be planned.
    """
    old = _comparable(work, full_resync)
    shape = _shape(work, old)
    scope = _scope(work, old, shape, full_resync)
    diff = Diff(
        work.planner,
        work.state,
        shape,
        old,
        _reading(work, old, shape, scope),
        proven=work.relation.unique_key,
        scope=scope,
    )
    plan = diff.store(
        run,
        work.fingerprint,
        work.sync.batch_size,
        work.sync.max_rejected_rows,
        work.sync.on_duplicate_key,
    )
    failpoint("plan stored")
    state = work.planner.look(work.state.sync, work.state.partition)
    return replace(work, state=state or work.state), plan


def _comparable(work: Work, full_resync: bool) -> Shape | None:
    """The state's shape where its rows can be compared by key; None: begin from nothing."""
    old, shape = work.state.shape, work.shape
    if old is None or old.identity == shape.identity:
        return old
    if not full_resync:
        raise ConfigurationError(
            f"sync {work.sync.name!r}: its rows were sent to {old.table}, found by "
            f"{old.key_text} there; now it says {shape.table}, {shape.key_text}"
            + ("" if old.ledger == shape.ledger else ", in another database"),
            "the old rows stay as they are; to begin anew: pgsync-assets run "
            f"{work.sync.name} --full-resync",
        )
    return None


def _shape(work: Work, old: Shape | None) -> Shape:
    """What the snapshot will hold: a shared one has no moment in which all images are at hand."""
    shape = work.shape
    keeps_digests = shape.is_labelled and old is not None and old.holds == "digest"
    return replace(shape, holds="digest") if keeps_digests else shape


def _scope(work: Work, old: Shape | None, shape: Shape, full_resync: bool) -> Scope:
    label = work.slice if shape.is_labelled else None
    if label is not None and old is not None:
        return Scope(is_full=False, sends_all=full_resync, label=label)
    is_full = full_resync or old is None or not old.compares_with(shape)
    return Scope(is_full=is_full, sends_all=is_full, label=label)


def _reading(work: Work, old: Shape | None, shape: Shape, scope: Scope) -> Reading:
    by_digest = "digest" in (shape.holds, old.holds if old and not scope.is_full else None)
    question = Question(work.sync.model, work.relation, shape, work.partition, by_digest)
    return READINGS[work.sync.traits.place](work, question)


def _in_place(work: Work, question: Question) -> Reading:
    return InPlace(work.planner, work.state, question)


def _across(work: Work, question: Question) -> Reading:
    return Across(work.planner, work.state, question, work.reader)


READINGS = {"source": _in_place, "platform": _across}
"""By the place of the planner: how the model gets there."""
