"""Rows of the model that never get into a plan: counted, listed with their key, tried again."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from .compare import Comparison
from .invalid_keys import MISSING, REPEATED
from .keys import NAMES, has_key, row_id, row_key, same_key
from .run import Run

UNSTABLE = "the model returned another row, or none, when it was read again"

Connection = psycopg.Connection[Any]


class Refusals:
    """What is refused while planning; its rows have negative numbers. `count`: how many so far.

    Args:
        comparison: whose rows they are.
        run: the run that plans.
    """

    def __init__(self, comparison: Comparison, run: Run) -> None:
        self._comparison = comparison
        self._run = run
        self.count = 0

    def of_keys(self, connection: Connection) -> int:
        """Refuses rows with a NULL or repeated key; returns how many there are.

        Where an index proves the key of the model, nothing can be wrong with it.
        """
        if not self._comparison.proven:
            self.count += connection.execute(self._bad_keys(), binary=True).rowcount
        return self.count

    def of_unstable(
        self, connection: Connection, changed: sql.Composable, images: sql.Composable
    ) -> None:
        """Refuses changes whose image is another one than the one that was compared.

        Args:
            connection: the planner's transaction.
            changed: the changes.
            images: their images, read again.
        """
        shape = self._comparison.shape
        names = sql.SQL(" ").join(
            sql.SQL("WHEN {} THEN {}").format(sql.Literal(short), sql.Literal(long))
            for short, long in NAMES.items()
        )
        self.count += connection.execute(
            sql.SQL(
                "INSERT INTO {rejections} (run_id, plan_row, operation, row_id, key, reason)"
                " SELECT {run}, -({before} + row_number() OVER ()),"
                " CASE changed.{op} {names} END, {row_id}, {row_key}, {reason}"
                " FROM {changed} AS changed"
                " WHERE changed.{op} <> 'r' AND NOT EXISTS (SELECT FROM {images} AS image"
                " WHERE {same_key} AND image.{digest} = changed.{digest})"
            ).format(
                **self._comparison.parts,
                run=sql.Literal(self._run.id),
                before=sql.Literal(self.count),
                names=names,
                row_id=row_id(shape, "changed"),
                row_key=row_key(shape, "changed"),
                reason=sql.Literal(UNSTABLE),
                changed=changed,
                images=images,
                same_key=same_key(shape, "image", "changed"),
            )
        ).rowcount

    def _bad_keys(self) -> sql.Composed:
        comparison = self._comparison
        shape = comparison.shape
        in_snapshot: sql.Composable = sql.SQL("false")
        if comparison.old is not None:
            in_snapshot = sql.SQL("EXISTS (SELECT FROM {snapshot} AS old WHERE {same})").format(
                **comparison.parts, same=same_key(shape, "old", "model")
            )
        return sql.SQL(
            "WITH {repeated}"
            " INSERT INTO {rejections} (run_id, plan_row, operation, row_id, key, reason)"
            " SELECT {run}, -row_number() OVER (),"
            " CASE WHEN {in_snapshot} THEN 'changed' ELSE 'added' END, {row_id}, {row_key},"
            " CASE WHEN {has_key} THEN {repeated_key} ELSE {missing_key} END"
            " FROM {model} WHERE NOT {has_key} OR EXISTS (SELECT FROM repeated WHERE {same})"
        ).format(
            **comparison.parts,
            repeated=comparison.repeated(),
            run=sql.Literal(self._run.id),
            repeated_key=sql.Literal(REPEATED),
            missing_key=sql.Literal(MISSING),
            in_snapshot=in_snapshot,
            row_id=row_id(shape, "model"),
            row_key=row_key(shape, "model"),
            has_key=has_key(shape, "model"),
            same=same_key(shape, "repeated", "model"),
        )
