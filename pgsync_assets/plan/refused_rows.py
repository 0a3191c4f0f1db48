"""Rows that are refused now: kept by each settlement, listed for people, released to be tried.

A row enters when a settled run was refused it. It leaves when a run wrote it, or when the whole
model was compared and nothing is to be done about it any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from ..connect import READ_ONLY, Session
from ..privacy import Privacy
from ..sql import column, relation, statement
from .invalid_keys import MISSING
from .keys import ROW, row_id
from .run import Plan
from .state import Planner, State

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class RefusedStatus:
    """How many rows of a state are refused now.

    Args:
        rows: all of them.
        parked: those that are not tried.
        is_released: one was parked and is not any more: a cursor may have passed it meanwhile.
    """

    rows: int
    parked: int
    is_released: bool


@dataclass(frozen=True)
class Chosen:
    """Which refused rows of a sync are meant.

    Args:
        partition: only those of this one.
        keys: only these, as the audit writes them (`row_id`).
        cause: only those of an SQLSTATE, or of a constraint or column of this name.
    """

    partition: str | None = None
    keys: Sequence[str] = ()
    cause: str | None = None

    def values(self) -> dict[str, Any]:
        """As parameters of the statements."""
        return {"partition": self.partition, "keys": list(self.keys) or None, "cause": self.cause}


@dataclass(frozen=True)
class RefusedReason:
    """Rows that are refused for one reason.

    Args:
        sqlstate: of the server's refusal; None where the run refused it itself.
        constraint: that refused it, if any.
        column: that refused it, if known.
        reason: one sentence.
        rows: all of them.
        parked: those that are not tried.
        sample: ids of the first three, those that were tried most often first.
    """

    sqlstate: str | None
    constraint: str | None
    column: str | None
    reason: str
    rows: int
    parked: int
    sample: Sequence[str]


@dataclass(frozen=True)
class RefusedRow:
    """A row that is refused now, without its values.

    Args:
        row_id: value of the key; a JSON array where the key has several columns.
        partition: where it was seen last; empty for none.
        operation: `added`, `changed` or `removed`.
        attempts: settled runs that tried it.
        first_run: the first one of them.
        first_at: when that was settled.
        last_run: the last one of them.
        last_at: when that was settled.
        sqlstate: of the last refusal; None where the run refused it itself.
        constraint: that refused it, if any.
        column: that refused it, if known.
        reason: one sentence.
        parked: no run tries it until it is released.
    """

    row_id: str
    partition: str
    operation: str
    attempts: int
    first_run: int
    first_at: dt.datetime
    last_run: int
    last_at: dt.datetime
    sqlstate: str | None
    constraint: str | None
    column: str | None
    reason: str
    parked: bool


def settle_refused(
    planner: Planner,
    connection: Connection,
    state: State,
    plan: Plan,
    committed: int,
    *,
    parks: bool,
) -> int:
    """Moves the refused rows of a state on by what became of a plan.

    Args:
        planner: which knows them.
        connection: the settling transaction, before the plan is applied to the snapshot.
        state: as it was before.
        plan: its plan, with its refused rows in `rejections`.
        committed: last row of the plan whose batch was committed; rows behind it were not tried.
        parks: what the destination refuses is not tried again until somebody says so.

    Returns:
        Parked rows that the run left out; of its partition, where several share a state.
    """
    forget_others(planner, connection, state, plan)
    connection.execute(
        planner.statement("refused_again.sql"),
        {"run": plan.run.id, "missing": MISSING, "parks": parks},
    )
    values = {"state": state.id, "run": plan.run.id}
    before = connection.execute(planner.statement("refused_before.sql"), values).fetchone()
    if not (before and before[0]):
        return 0  # so that a plan is looked through only where something is to be found
    forget_accepted(planner, connection, plan, committed)
    if plan.tells_all:
        _forget_gone(planner, connection, plan, committed)
    return parked_rows(planner, connection, state, plan)


def parked_rows(planner: Planner, connection: Connection, state: State, plan: Plan) -> int:
    """Parked rows that a settled run left out; of its partition, where several share a state.

    Args:
        planner: which knows them.
        connection: a transaction on its database.
        state: of the sync.
        plan: of the run.
    """
    values = {
        "state": state.id,
        "run": plan.run.id,
        "is_shared": plan.shape.is_labelled,
        "partition": plan.run.partition,
    }
    row = connection.execute(planner.statement("refused_parked.sql"), values).fetchone()
    return int(row[0]) if row else 0


def silent_rows(
    planner: Planner, connection: Connection, state: State, plan: Plan, reasons: Sequence[str]
) -> int:
    """Rows that are refused now for one of some reasons; of its partition, where several share.

    Args:
        planner: which knows them.
        connection: a transaction on its database.
        state: of the sync.
        plan: of the run.
        reasons: as they were recorded.
    """
    values = {
        "state": state.id,
        "reasons": list(reasons),
        "is_shared": plan.shape.is_labelled,
        "partition": plan.run.partition,
    }
    row = connection.execute(planner.statement("refused_silently.sql"), values).fetchone()
    return int(row[0]) if row else 0


def forget_others(planner: Planner, connection: Connection, state: State, plan: Plan) -> None:
    """Where a plan is about other rows than its state was, nothing of those is known any more."""
    if state.shape is None or not state.shape.has_rows_of(plan.shape):
        connection.execute(planner.statement("refused_forget.sql"), {"state": state.id})


def forget_accepted(planner: Planner, connection: Connection, plan: Plan, committed: int) -> None:
    """Rows that are at the destination now are not refused any more.

    Args:
        planner: which knows them.
        connection: a planner transaction.
        plan: its rows up to `committed` are in, but for those that this run was refused.
        committed: the last one of them.
    """
    _forget(
        planner,
        connection,
        plan,
        "EXISTS (SELECT FROM {plan} AS p WHERE p.{row} <= {committed} AND {same})",
        committed,
    )


def _forget_gone(planner: Planner, connection: Connection, plan: Plan, committed: int) -> None:
    """The whole model was compared, and nothing was to be done about them."""
    _forget(
        planner,
        connection,
        plan,
        "coalesce(known.seen_run, 0) < {run} AND (NOT {is_shared} OR known.partition IN ({here},"
        " '')) AND NOT EXISTS (SELECT FROM {plan} AS p WHERE p.{row} > {committed} AND {same})",
        committed,
    )


def _forget(
    planner: Planner, connection: Connection, plan: Plan, which: str, committed: int
) -> None:
    parts: dict[str, sql.Composable] = {
        "plan": planner.plan_table(plan.run),
        "run": sql.Literal(plan.run.id),
        "here": sql.Literal(plan.run.partition),
        "is_shared": sql.Literal(plan.shape.is_labelled),
        "row": column(ROW),
        "committed": sql.Literal(committed),
        # By the text that the audit has: no collation of the model may decide here.
        "same": sql.SQL('{} COLLATE pg_catalog."C" = known.row_id').format(row_id(plan.shape, "p")),
    }
    connection.execute(
        sql.SQL(
            "DELETE FROM {refused_rows} AS known USING {runs} AS run WHERE run.id = {run}"
            " AND known.state_id = run.state_id AND known.last_run <> run.id AND {which}"
        ).format(
            refused_rows=relation(planner.schema, "refused_rows"),
            runs=relation(planner.schema, "runs"),
            run=parts["run"],
            which=sql.SQL(which).format(**parts),
        )
    )


def refused_status(planner: Planner, state: State) -> RefusedStatus:
    """How many rows of a state are refused now."""
    query = planner.statement("refused_status.sql")
    doing, values = "looking at refused rows", {"state": state.id}
    (row,) = planner.session.read(doing, query, values, READ_ONLY)  # an aggregate has one row
    return RefusedStatus(*row)


def release(planner: Planner, state: State, chosen: Chosen = Chosen()) -> int:  # noqa: B008 - frozen
    """Lets the next run try parked rows again.

    Args:
        planner: which knows them.
        state: as claimed.
        chosen: which ones.

    Returns:
        How many there were.

    Raises:
        FencedOff: a newer run took over.
    """
    with planner.hold(state, "releasing refused rows") as connection:
        values = {"state": state.id} | chosen.values()
        return connection.execute(planner.statement("refused_release.sql"), values).rowcount


def refused_rows(
    session: Session, schema: str, privacy: Privacy, chosen: Chosen, limit: int
) -> tuple[list[RefusedReason], list[RefusedRow]]:
    """What of a sync is refused now: by reason, and the first rows by their public names.

    Args:
        session: on the planner's database.
        schema: name of the planner's schema, which need not be there.
        privacy: of the sync.
        chosen: which rows.
        limit: rows at the most.
    """
    with session.transaction("reading refused rows", READ_ONLY) as connection:
        if not counts_refused(connection, schema):
            return [], []
        known = plainly(connection, schema, privacy, chosen)
        values = {"sync": privacy.sync} | known.values()
        reasons = connection.execute(_statement("refused_reasons.sql", schema), values).fetchall()
        query = _statement("refused_list.sql", schema)
        rows = connection.execute(query, values | {"limit": limit}).fetchall()
    found = [RefusedRow(privacy.name(row[0]), *row[1:]) for row in rows]
    grouped = [RefusedReason(*row) for row in reasons]
    named = [replace(one, sample=tuple(map(privacy.name, one.sample))) for one in grouped]
    return named, found


def plainly(connection: Connection, schema: str, privacy: Privacy, chosen: Chosen) -> Chosen:
    """Rows that were chosen by their public names, as the planner knows them.

    Args:
        connection: a transaction on the planner's database.
        schema: name of the planner's schema.
        privacy: of the sync.
        chosen: which rows; a plain name is one, too.
    """
    if not (chosen.keys and privacy.hashed_key):
        return chosen
    rows = connection.execute(_statement("refused_ids.sql", schema), {"sync": privacy.sync})
    found = [row_id for (row_id,) in rows if privacy.name(row_id) in chosen.keys]
    return replace(chosen, keys=[*chosen.keys, *found])


def keyless_rows(planner: Planner, connection: Connection, runs: Sequence[int]) -> int:
    """Rows that runs were refused as their key is NULL; `refused_rows` has none of them.

    Args:
        planner: which knows them.
        connection: a transaction on its database.
        runs: their numbers.
    """
    values = {"runs": list(runs), "missing": MISSING}
    row = connection.execute(planner.statement("keyless.sql"), values).fetchone()
    return int(row[0]) if row else 0


def counts_refused(connection: Connection, schema: str) -> bool:
    """Whether a planner is there and counts refused rows: an older one does not.

    Args:
        connection: a transaction on its database.
        schema: its name.
    """
    query = statement(__package__ or "", "refused_known.sql")
    row = connection.execute(query, {"schema": schema}).fetchone()
    return bool(row and row[0])


def _statement(name: str, schema: str) -> sql.Composed:
    return statement(__package__ or "", name, planner=schema)
