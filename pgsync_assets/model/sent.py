"""The model as a sync sends it: with its values, as PostgreSQL describes them."""

from __future__ import annotations

from collections.abc import Sequence

from ..config import SyncConfig
from ..connect import Session
from ..errors import ModelError, PrivilegeError
from .computed import Computed, values_of, with_computed
from .describe import Relation, describe


def describe_sent(session: Session, sync: SyncConfig) -> tuple[SyncConfig, Relation]:
    """Asks PostgreSQL what the model of a sync returns, and what its values are.

    Args:
        session: on the source.
        sync: with its model's SQL loaded.

    Returns:
        The sync with the model that it sends, and that model, described.

    Raises:
        ModelError: of the model, see `describe`; or of a value, which is named.
        PrivilegeError: the source's role may not read it.
    """
    relation = describe(session, sync.model)
    return add_computed(session, sync, relation, values_of(sync, relation.names))


def add_computed(
    session: Session, sync: SyncConfig, relation: Relation, columns: Sequence[Computed]
) -> tuple[SyncConfig, Relation]:
    """Adds columns to what a sync sends.

    Args:
        session: on the source.
        sync: whose model is described.
        relation: its description.
        columns: of names that the model does not have.

    Returns:
        The sync with the model that it sends then, and that model, described.

    Raises:
        ModelError: one of them is not an expression over the model's columns.
        PrivilegeError: the source's role may not read what one of them names.
    """
    if not columns:
        return sync, relation
    whole = with_computed(sync, columns)
    try:
        found = _described(session, whole, relation, columns)
    except (ModelError, PrivilegeError):
        for one in columns:  # each by itself: the first that is wrong is named
            _described(session, with_computed(sync, (one,)), relation, (one,))
        raise
    return whole, found


def _described(
    session: Session, sync: SyncConfig, relation: Relation, columns: Sequence[Computed]
) -> Relation:
    try:
        found = describe(session, sync.model)
    except ModelError as error:
        if columns[0].place in error.message:
            raise
        raise ModelError(f"{columns[0].place}: {error.message}", error.remedy) from None
    if found.names != (*relation.names, *(one.name for one in columns)):
        raise ModelError(
            f"{session.name}: {columns[0].place} is not one expression",
            "brackets, quotes and comments have to end where they began",
        )
    return found
