"""What our role has to be allowed at one connection, as far as the configuration alone can say.

The rights of a mode and of a delete behaviour are those that a run checks (`write/rights.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..config import ConnectionConfig, SyncConfig, Uses, split_qualified
from ..write import TABLE, mode_of, rights_of, written
from .grant import ORDER, Grant, Missing, Need, Thing, merged
from .reads import Name, made_anew, named_tables, unread


@dataclass(frozen=True)
class Ways:
    """How an administrator wants it.

    Args:
        on_database: CREATE on the database, so that our role makes its schemas itself.
        by_column: rights on the mapped columns only, where they are written down.
        every_table: rights on all tables of the schemas, not only on those of the syncs.
        future: and on those that are made there later.
        schemas: which schemas these are; none: those of the syncs' tables.
    """

    on_database: bool = False
    by_column: bool = False
    every_table: bool = False
    future: bool = False
    schemas: tuple[str, ...] = ()


@dataclass(frozen=True)
class Needs:
    """What the syncs need at a connection.

    Args:
        grants: by thing.
        looked_up: tables without a schema, found in `search_path` by the script.
        search_path: schemas in which they are.
        defaults: table that gets new rows -> columns that these surely bring.
        every: schema -> rights on all of its tables.
        future: schema -> rights on tables that are made later.
        notes: what else to know, sentences.
    """

    grants: tuple[Grant, ...]
    looked_up: tuple[str, ...]
    search_path: tuple[str, ...]
    defaults: Mapping[Name, tuple[str, ...]]
    every: Mapping[str, tuple[str, ...]]
    future: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]

    @property
    def own_schemas(self) -> tuple[str, ...]:
        """Schemas that the script makes where they are missing."""
        return tuple(
            grant.thing.name[0]
            for grant in self.grants
            if grant.thing.kind == "SCHEMA" and grant.missing == "create"
        )


@dataclass
class _Found:
    """What has been found so far."""

    needs: list[Need] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def needs_of(config: ConnectionConfig, database: str, uses: Uses, ways: Ways) -> Needs:
    """What the syncs need at a connection.

    Args:
        config: of the connection.
        database: its name, resolved.
        uses: the syncs.
        ways: how it is wanted.
    """
    found = _Found()
    here = Thing("DATABASE", (database,))
    found.needs.append(Need(here, "CONNECT"))
    for sync in uses.reads:
        _read(sync, config, found)
    if uses.keeps:
        found.needs += _own(here, (config.schemas.planner, config.schemas.audit), ways)
    if uses.writes:
        found.needs += _to_write(here, config, uses, ways)
    for sync in uses.writes:
        _write(sync, here, ways, found)
    every = dict(_every(config, ways, found)) if ways.every_table or ways.future else {}
    for schema in every:
        found.needs += _schema(schema, ("USAGE",), "refuse")
    return Needs(
        grants=merged(found.needs),
        looked_up=tuple(dict.fromkeys(found.looked_up)),
        search_path=config.search_path,
        defaults=_defaults(uses.writes),
        every=every if ways.every_table else {},
        future=every if ways.future else {},
        notes=tuple(found.notes),
    )


def _read(sync: SyncConfig, config: ConnectionConfig, found: _Found) -> None:
    only = config.search_path[0] if len(config.search_path) == 1 else None
    for schema, table in named_tables(sync):
        if place := schema or only:
            found.needs += _table((place, table), ("SELECT",))
        else:
            found.looked_up.append(table)
    found.notes += filter(None, (unread(sync), made_anew(sync)))


def _to_write(here: Thing, config: ConnectionConfig, uses: Uses, ways: Ways) -> Iterator[Need]:
    """What a batch needs beside the table."""
    schemas = config.schemas
    if schemas.ledger is not None:
        yield from _own(here, (schemas.ledger,), ways)
    if schemas.log is not None:
        yield from _own(here, (schemas.log,), ways)
    if not any(_stages(sync) for sync in uses.writes):
        return
    if schemas.staging is None:
        yield Need(here, "TEMPORARY")
    else:
        yield from _schema(schemas.staging, ("USAGE", "CREATE"), "create")


def _write(sync: SyncConfig, here: Thing, ways: Ways, found: _Found) -> None:
    name = split_qualified(sync.table)
    rights = sorted(rights_of(sync, TABLE))
    if sync.create_table:
        found.needs += _own(here, name[:1], ways)
    mapped = sync.explicit_mapping
    columns = tuple(_written(sync)) if ways.by_column and mapped is not None else ()
    found.needs += _table(name, rights, columns, "skip" if sync.create_table else "refuse")
    found.notes += _notes(sync)
    if columns:
        found.notes.append(
            f"sync {sync.name}: where a partial index finds the rows, SELECT on the columns of its "
            "condition is needed, too."
        )


def _written(sync: SyncConfig) -> list[str]:
    """Columns that a row surely brings: all of them where the mapping is written down."""
    mapped = sync.explicit_mapping
    known = sync.model.key if mapped is None else mapped.values()
    return written(sync, dict.fromkeys((*known, *sync.values)))


def _stages(sync: SyncConfig) -> bool:
    return mode_of(sync.mode, TABLE).is_staged


def _inserts(sync: SyncConfig) -> bool:
    return mode_of(sync.mode, TABLE).inserts


def _notes(sync: SyncConfig) -> Iterator[str]:
    if sync.hooks.before or sync.hooks.after:
        yield f"sync {sync.name}: its hooks run as this role; grant what they do."
    if sync.drift == "add_columns":
        yield f"sync {sync.name}: drift: add_columns takes the owner of {sync.table}."
    if not _stages(sync):
        yield (
            f"sync {sync.name}: mode {sync.mode} reads nothing; `verify` takes SELECT on "
            f"{sync.table}, and a view TEMPORARY on the database."
        )
    if sync.explicit_mapping is None and _inserts(sync):
        yield (
            f"sync {sync.name}: its columns are mapped by name; sequences of defaults that it "
            "brings itself are granted, too."
        )


def _defaults(writes: Iterable[SyncConfig]) -> dict[Name, tuple[str, ...]]:
    """Of tables that get new rows the columns that every sync brings."""
    found: dict[Name, tuple[str, ...]] = {}
    for sync in filter(_inserts, writes):
        name, columns = split_qualified(sync.table), _written(sync)
        others = found.get(name, tuple(columns))
        found[name] = tuple(column for column in columns if column in others)
    return found


def _every(
    config: ConnectionConfig, ways: Ways, found: _Found
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Schemas, and what the syncs need of any table there; of none: of any at all."""
    wanted: dict[str, set[str]] = {}
    for need in found.needs:
        if need.thing.kind == "TABLE":
            wanted.setdefault(need.thing.name[0], set()).add(need.right)
    for schema in config.search_path if found.looked_up else ():
        wanted.setdefault(schema, set()).add("SELECT")
    together = set[str]().union(*wanted.values())
    for schema in ways.schemas or sorted(wanted):
        yield schema, tuple(sorted(wanted.get(schema, together), key=ORDER.index))


def _own(here: Thing, schemas: Iterable[str], ways: Ways) -> Iterator[Need]:
    """Schemas that our role makes tables in."""
    if ways.on_database:
        yield Need(here, "CREATE")
    for schema in schemas:
        yield from _schema(schema, ("USAGE", "CREATE"), "skip" if ways.on_database else "create")


def _schema(name: str, rights: Iterable[str], missing: Missing) -> Iterator[Need]:
    for right in rights:
        yield Need(Thing("SCHEMA", (name,)), right, missing=missing)


def _table(
    name: Name, rights: Iterable[str], columns: tuple[str, ...] = (), missing: Missing = "refuse"
) -> Iterator[Need]:
    yield from _schema(name[0], ("USAGE",), missing)
    for right in rights:
        about = () if right == "DELETE" else columns  # of rows, never of columns
        yield Need(Thing("TABLE", name), right, about, missing)
