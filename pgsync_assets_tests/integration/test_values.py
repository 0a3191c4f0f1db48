"""Every value of every type arrives as it is."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
import pytest
from psycopg import sql

from pgsync_assets.errors import ModelError
from pgsync_assets.model.describe import MOST_COLUMNS
from pgsync_assets.outcome import Counts

from ..corpus_values import CORE, EQUAL_BUT_DIFFERENT, MAKE, OWN, SINCE
from ..fix_databases import AnyConnection, Side
from ..fix_syncs import Syncs

NO_INPUT = psycopg.errors.FeatureNotSupported  # "cannot accept a value of type ..", or no libxml


def make_table(syncs: Syncs, types: Iterable[str], name: str = "items") -> None:
    """A table with an id and one nullable column of each type, named as its type."""
    columns = ", ".join(f'"{t.replace(chr(34), "")}" {t}' for t in types)
    syncs.table(f"id integer primary key, {columns}", name)


def known_types(syncs: Syncs, types: Iterable[str]) -> list[str]:
    """Those that both servers take values of."""
    return [t for t in types if accepts(syncs, t)]


def accepts(syncs: Syncs, spelled: str) -> bool:
    """Whether both servers have a type at all, and read values of it."""
    literal = (EQUAL_BUT_DIFFERENT | CORE | OWN).get(spelled, ["x"])[0]
    for side in (syncs.pair.source, syncs.pair.destination):
        with side.connect() as connection:
            try:
                connection.execute(sql.SQL("select %s::" + spelled), [literal])
            except (NO_INPUT, psycopg.errors.UndefinedObject):
                return False
    return True


def major_version(side: Side) -> int:
    """Of the server, such as 18."""
    with side.connect() as connection:
        return connection.info.server_version // 10_000


def insert(connection: AnyConnection, number: int, spelled: str, value: str) -> None:
    """A row with one value; everything else in it is NULL."""
    connection.execute(
        sql.SQL("insert into items (id, {}) values (%s, %s)").format(
            sql.Identifier(spelled.replace('"', ""))
        ),
        [number, value],
    )


def differing(syncs: Syncs, columns: list[str]) -> set[tuple[int, str]]:
    """(id, column) that are not the same image on both sides, or are on one side only.

    The destination's rows are brought back by COPY into the source, which then compares images.
    """
    source, destination = syncs.pair.source, syncs.pair.destination
    with source.connect() as here, destination.connect() as there:
        here.execute("create temporary table back (like items)")
        with (
            there.cursor().copy("copy items to stdout") as read,
            here.cursor().copy("copy back from stdin") as write,
        ):
            for block in read:
                write.write(block)
        found: set[tuple[int, str]] = set()
        for name in columns:
            rows = here.execute(
                sql.SQL(
                    "select coalesce(i.id, b.id) from items as i full join back as b using (id)"
                    " where record_image_ne(row(i.id, i.{0}), row(b.id, b.{0}))"
                ).format(sql.Identifier(name))
            )
            found |= {(row[0], name) for row in rows}
        return found


@pytest.fixture
def syncs_of_types(every: Syncs) -> Syncs:
    """Syncs of every engine between databases that both have the types of our own."""
    for side in (every.pair.source, every.pair.destination):
        side.execute("create schema if not exists public", *MAKE)
        side.execute(f"grant usage on schema public to {side.user}")
    return every


def test_the_corpus_has_every_type_of_the_server(syncs: Syncs) -> None:
    spelled = {
        row[0]
        for row in syncs.pair.source.rows(
            "select typname from pg_type where typnamespace = 'pg_catalog'::regnamespace"
            " and typtype in ('b', 'r', 'm', 'e', 'd') and not (typcategory = 'A' and typlen = -1"
            " and typelem <> 0 and typname like '\\_%')"
        )
    }
    here = {name.split("(")[0].strip('"') for name in CORE}
    aliases = {"bit"} if "bit" in here else set()
    missing = {name for name in spelled - here - aliases if accepts(syncs, f'pg_catalog."{name}"')}
    assert missing == set()


def test_every_value_arrives_as_it_is(syncs_of_types: Syncs) -> None:
    syncs = syncs_of_types
    types = known_types(syncs, CORE | OWN)
    oldest = min(major_version(side) for side in (syncs.pair.source, syncs.pair.destination))
    arrays = [f"{t}[]" for t in types if t != "grid" and not t.endswith("[]")]
    arrays = [t for t in arrays if t not in types and SINCE.get((t, ""), 0) <= oldest]
    make_table(syncs, [*types, *arrays])
    values = [(t, value) for t in types for value in (CORE | OWN)[t]]
    values = [value for value in values if SINCE.get(value, 0) <= oldest]
    with syncs.pair.source.connect(autocommit=False) as connection:
        for number, (spelled, value) in enumerate(values):
            insert(connection, number, spelled, value)
            if f"{spelled}[]" in arrays:
                name = spelled.replace('"', "")
                connection.execute(
                    sql.SQL("update items set {} = array[{}, null, {}] where id = %s").format(
                        sql.Identifier(f"{name}[]"), sql.Identifier(name), sql.Identifier(name)
                    ),
                    [number],
                )
    outcome = syncs.run(batch_size=50)
    assert len(values) > 250
    assert outcome.rejections == ()
    assert outcome.succeeded == Counts(added=len(values))
    names = [t.replace('"', "") for t in (*types, *arrays)]
    wrong = {(*values[number], name) for number, name in differing(syncs, names)}
    assert wrong == set()
    assert syncs.run().planned == Counts()


def test_a_value_that_only_equals_the_old_one_is_a_change(syncs_of_types: Syncs) -> None:
    syncs = syncs_of_types
    types = known_types(syncs, EQUAL_BUT_DIFFERENT)
    make_table(syncs, types)
    with syncs.pair.source.connect(autocommit=False) as connection:
        for number, spelled in enumerate(types):
            insert(connection, number, spelled, EQUAL_BUT_DIFFERENT[spelled][0])
    syncs.run()
    with syncs.pair.source.connect(autocommit=False) as connection:
        for number, spelled in enumerate(types):
            connection.execute(
                sql.SQL("update items set {} = %s where id = %s").format(sql.Identifier(spelled)),
                [EQUAL_BUT_DIFFERENT[spelled][1], number],
            )
    changed = {change.row_id for change in syncs.plan(limit=1000).changes}
    unseen = [t for n, t in enumerate(types) if str(n) not in changed]
    assert unseen == []
    assert syncs.run().succeeded == Counts(changed=len(types))
    assert differing(syncs, types) == set()
    assert len(types) > 20


def test_rows_of_nothing_but_null_and_of_one_column(every: Syncs) -> None:
    syncs = every
    syncs.table("id integer primary key, a text, b jsonb")
    syncs.table("id integer primary key", "thin")
    syncs.pair.source.execute("insert into items values (1), (2)", "insert into thin values (1)")
    assert syncs.run().succeeded == Counts(added=2)
    outcome = syncs.run(
        name="thin", model={"table": "public.thin", "key": ["id"]}, table="public.thin"
    )
    assert outcome.succeeded == Counts(added=1)
    assert syncs.same()
    assert syncs.same("thin")


@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 20])
def test_batches_of_ten_lose_no_row_at_their_edges(syncs: Syncs, rows: int) -> None:
    syncs.table("id integer primary key")
    syncs.pair.source.execute(f"insert into items select generate_series(1, {rows})")
    assert syncs.run(batch_size=10).succeeded == Counts(added=rows)
    assert syncs.same()


def test_a_table_of_very_many_columns(syncs: Syncs) -> None:
    columns = ", ".join(f"c{n} numeric" for n in range(1, MOST_COLUMNS))
    last = f"c{MOST_COLUMNS - 1}"
    syncs.table(f"id integer primary key, {columns}")
    syncs.pair.source.execute(f"insert into items (id, c7, {last}) values (1, 1, 1)")
    assert syncs.run(audit="full").succeeded == Counts(added=1)
    syncs.pair.source.execute(f"update items set {last} = 1.0")
    assert len(syncs.plan().changes) == 1
    assert syncs.run(audit="full").succeeded == Counts(changed=1)
    assert syncs.same()


def test_a_table_of_too_many_columns_is_refused(syncs: Syncs) -> None:
    columns = ", ".join(f"c{n} boolean" for n in range(MOST_COLUMNS))
    syncs.table(f"id integer primary key, {columns}")
    with pytest.raises(ModelError, match=f"{MOST_COLUMNS + 1} columns"):
        syncs.run()


def test_a_row_of_ten_megabytes(syncs: Syncs) -> None:
    syncs.table("id integer primary key, note text")
    syncs.pair.source.execute("insert into items values (1, repeat(E'\\\\x\\n', 3500000))")
    assert syncs.run().succeeded == Counts(added=1)
    query = "select length(note), md5(note) from items"
    assert syncs.pair.destination.rows(query) == syncs.pair.source.rows(query)
