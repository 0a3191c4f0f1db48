"""What is to be delivered where, but for the rows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from ..config import Limit, Mode, SyncConfig
from ..errors import ConfigurationError

MODES = ("upsert", "insert", "update")


@dataclass(frozen=True)
class Order:
    """A delivery, as it was asked for.

    Args:
        writer: who delivers; one delivery of a writer is under way at a time.
        partition: the slice that it is about; empty for none. Each has a line of its own.
        delivery: its name: rows of one name are written once.
        table: `schema.table`.
        key: columns that identify a row; may be empty in mode insert.
        columns: names of the columns, in the order of the rows; None: rows name them.
        mode: `upsert`, `insert` or `update`.
        batch_size: rows per transaction.
        max_rejected_rows: more refused rows than this stop it.
        stamps: columns of the table that say when and by which delivery.
    """

    writer: str
    partition: str
    delivery: str
    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...] | None
    mode: Mode
    batch_size: int
    max_rejected_rows: Limit
    stamps: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.delivery:
            raise ConfigurationError(
                f"writer {self.writer!r}: these rows have no name by which a retry would know them",
                'name them, as in delivery="2024-05-01"; in a Dagster run its id is the default',
            )
        if self.mode not in MODES:
            raise ConfigurationError(
                f"writer {self.writer!r}: mode {self.mode!r} needs to know what was sent before; "
                f"rows of your own are written by {', '.join(MODES)}",
                "make it a sync to have rows deleted that left the model",
            )
        if not self.key and self.mode != "insert":
            raise ConfigurationError(
                f"writer {self.writer!r}: mode {self.mode} finds rows by their key, and none is "
                "given",
                'say which columns identify a row, as in key=["id"]',
            )

    @property
    def name(self) -> str:
        """Its name in the ledger. No sync has one like it."""
        return f"writer:{self.writer}"

    def sync(self, destination: str, columns: tuple[str, ...]) -> SyncConfig:
        """The sync that writes the same way: its checks, modes and limits are these.

        Args:
            destination: name of the connection.
            columns: names of the columns of the rows.

        Raises:
            ConfigurationError: a value is none that a sync may have.
        """
        try:
            return SyncConfig.model_validate(
                {
                    "name": re.sub(r"\W|^(?=\d)", "_", self.writer, flags=re.ASCII)[:63],
                    "source": "rows",
                    # Nothing is read from it: it says how rows are called one.
                    "model": {"table": self.table, "key": self.key or columns[:1]},
                    "destination": destination,
                    "table": self.table,
                    "mode": self.mode,
                    "batch_size": self.batch_size,
                    "max_rejected_rows": self.max_rejected_rows,
                    "stamps": dict(self.stamps),
                }
            )
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise ConfigurationError(f"writer {self.writer!r}, {where}: {first['msg']}") from None

    def fingerprint(self, columns: tuple[str, ...], rows: str) -> str:
        """Changes with everything that decides what is written.

        Args:
            columns: names of the columns of the rows.
            rows: digest of the rows.
        """
        stamps = sorted(self.stamps.items())
        text = json.dumps([self.table, self.key, columns, self.mode, stamps, rows])
        return hashlib.sha256(text.encode()).hexdigest()
