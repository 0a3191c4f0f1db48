"""Rows of the destination as they are now, found by their keys. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg import sql

from ..connect import READ_ONLY, Session
from ..plan import Shape
from ..plan.keys import ROW
from ..plan.preview import Image, labelled
from ..sql import COMMA, all_of, column
from .same_key import same_key
from .target import Target


def look(
    session: Session, target: Target, shape: Shape, keys: Sequence[tuple[str | None, ...]]
) -> Mapping[int, Image]:
    """Rows of the destination, by position in the list of keys; those that are not there are not.

    Args:
        session: on the destination.
        target: the table.
        shape: which of its columns are ours, and their names in the model.
        keys: values of the key columns of each row, as text.

    Returns:
        Values as text, under the names that the model has for their columns; without those that
        the table does not have yet.
    """
    if not keys:
        return {}
    places = dict(zip(shape.columns, shape.targets, strict=True))
    there = {name: place for name, place in places.items() if place in target.columns}
    match = {places[name]: f"_pgsync_{n}" for n, name in enumerate(shape.key)}
    wanted = [column(name) for name in (*match.values(), ROW)]
    keyed = {name: _typed(target, name, asked) for name, asked in match.items()}
    # PostgreSQL wrote it; its names have no alias, and nothing else here has such names.
    among = [sql.SQL("({})").format(sql.SQL(shape.predicate))] if shape.predicate else []
    query = sql.SQL(
        "SELECT wanted.{number}, {image} FROM unnest({arrays}) WITH ORDINALITY AS wanted ({names})"
        " JOIN {table} AS t ON {same}"
    ).format(
        number=column(ROW),
        image=labelled([(name, column(place, "t")) for name, place in there.items()]),
        arrays=COMMA.join(
            sql.SQL("{}::text[]").format(sql.Literal(list(values)))
            for values in zip(*keys, strict=True)
        ),
        names=COMMA.join(wanted),
        table=target.relation,
        same=all_of([same_key(target, keyed, shape.nullable_match), *among]),
    )
    with session.transaction(f"looking at {target.name}", READ_ONLY) as connection:
        rows = connection.execute(query).fetchall()
    return {number - 1: image for number, image in rows}


def _typed(target: Target, name: str, asked: str) -> sql.Composable:
    # Types come from format_type, never from a user.
    return sql.SQL("wanted.{}::{}").format(column(asked), sql.SQL(target.columns[name].column.type))
