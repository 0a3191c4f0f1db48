"""Who is measured: a name, the cases it can do, and the program of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pgsync_assets.embedded import Cluster

FIRST, NONE, ONE, TEN = "first", "0 %", "1 %", "10 %"
CASES = (FIRST, NONE, ONE, TEN)
TABLE = ("public", "customers")


class NotToBeHad(Exception):  # noqa: N818 - not a failure: it is skipped in these words
    """A peer that cannot be had here; its text says why, in words."""


@dataclass(frozen=True)
class Ends:
    """Where a contender reads and writes.

    Args:
        source: the server with the filled table, database `bench`.
        destination: the server with `bench` and `platform`.
        folder: of this contender alone; whatever it keeps from case to case.
    """

    source: Cluster
    destination: Cluster
    folder: Path


@dataclass(frozen=True)
class Job:
    """Programs that are connected by pipes, as in a shell.

    Args:
        commands: each with its arguments.
        environments: of each; one stands for all.
    """

    commands: tuple[tuple[str, ...], ...]
    environments: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Contender:
    """One that is measured.

    Args:
        name: as people know it.
        job: what has to run in a case.
        cases: those that it can do; after the first they follow each other.
        target: schema and table that it fills.
        makes_table: whether the destination is empty at first.
        version: of the program.
        note: how it was set up, in words.
        told: figures that its output has, by the names of `Run`.
    """

    name: str
    job: Callable[[Ends, str], Job]
    cases: tuple[str, ...] = CASES
    target: tuple[str, str] = TABLE
    makes_table: bool = False
    version: str = ""
    note: str = ""
    told: Callable[[bytes], dict[str, Any]] = field(default=lambda _: {})
