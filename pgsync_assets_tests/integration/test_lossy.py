"""A conversion that may lose something is refused, unless the sync declares it in `lossy:`."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets import sync
from pgsync_assets.errors import ConfigurationError, DestinationError, ModelError
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

# type in the model, a value of it, type at the destination, what arrives
LOSSY = [
    ("numeric", "1.005", "numeric(10,2)", "1.01"),
    ("numeric(10,4)", "1.0051", "numeric(6,1)", "1.0"),
    ("double precision", "0.125", "numeric(10,2)", "0.13"),
    ("numeric", "2.5", "integer", "3"),
    ("real", "2.5", "smallint", "3"),
    ("bigint", "7", "smallint", "7"),
    ("numeric", "0.1", "double precision", "0.1"),
    ("numeric[]", "{1.005,NULL}", "numeric(10,2)[]", "{1.01,NULL}"),
    ("text", "abcdef", "varchar(3)", "abc"),
    ("varchar(9)", "äöüß", "varchar(3)", "äöü"),
    ("text", "abcdef", "char(4)", "abcd"),
    ("text[]", "{abcd,e}", "varchar(2)[]", "{ab,e}"),
    ("text", "7", "integer", "7"),
    ("timestamptz", "2026-01-02 03:04:05.678+00", "timestamp(0)", "2026-01-02 03:04:06"),
    ("timestamp", "2026-01-02 03:04:05.678", "date", "2026-01-02"),
    ("interval", "1 day 02:03:04.5", "interval(0)", "1 day 02:03:05"),
    ("text", "abc", "short", "ab"),
    ("jsonb", '{"a": 1}', "text", '{"a": 1}'),
]


@pytest.fixture
def every_type(either: Syncs) -> Syncs:
    """A column for each conversion, and one row that has a value in each."""
    source, destination = either.pair.source, either.pair.destination
    for side, position in ((source, 0), (destination, 2)):
        columns = [f"c{n} {one[position]}" for n, one in enumerate(LOSSY)]
        side.execute(
            "create domain short as varchar(2)",
            f"create table items (id int primary key, {', '.join(columns)})",
        )
    values = ", ".join(f"'{value}'" for _, value, _, _ in LOSSY)
    source.execute(f"insert into items values (1, {values})", "insert into items values (2)")
    either.grant()
    either.fields = either.fields | {"lossy": [f"c{n}" for n in range(len(LOSSY))]}
    return either


def test_what_arrives_is_what_is_compared(every_type: Syncs) -> None:
    assert every_type.run().succeeded == Counts(added=2)
    columns = ", ".join(f"c{n}::text" for n in range(len(LOSSY)))
    (row, _) = every_type.pair.destination.rows(f"select {columns} from items order by id")  # noqa: S608
    assert list(row) == [arrived for _, _, _, arrived in LOSSY]
    assert every_type.run().planned.total == 0
    # A change that is rounded away is none.
    every_type.pair.source.execute("update items set c0 = '1.0051', c8 = 'abcxyz' where id = 1")
    assert every_type.run().planned.total == 0
    assert every_type.verify().in_step
    every_type.pair.source.execute("update items set c0 = '1.02' where id = 1")
    assert every_type.run().succeeded == Counts(changed=1)


def test_undeclared_it_is_refused_or_never_cut(syncs: Syncs) -> None:
    source, destination = syncs.pair.source, syncs.pair.destination
    source.execute(
        'create table items (id int primary key, "The Price" numeric, name text, seen date)',
        "insert into items values (1, 1.005, 'abc'), (2, 2, 'abcdef'), (3, 123456, 'x')",
    )
    destination.execute(
        'create table items (id int primary key, "The Price" numeric(6, 2), name varchar(3),'
        " seen timestamp)"
    )
    syncs.grant()
    with pytest.raises(DestinationError, match="might not arrive exactly") as caught:
        syncs.run(columns=["id", "The Price", "name"])
    assert '"The Price"::numeric(6,2) AS "The Price"' in str(caught.value.remedy)
    assert 'lossy: ["The Price"]' in str(caught.value.remedy)
    checked = sync.check(syncs.config(), *syncs.endpoints)
    assert not checked[-1].passed
    assert "lossy:" in str(checked[-1].remedy)

    fields: dict[str, Any] = {"lossy": ["The Price", "seen"]}
    checked = sync.check(syncs.config(**fields), *syncs.endpoints)
    assert checked[-1].passed
    assert "lossy, column 'The Price' as numeric(1000,2)" in checked[-1].detail
    outcome = syncs.run(**fields)
    # What is too long or too large is refused as a row, by the destination; it stops nothing.
    assert [one.sqlstate for one in outcome.rejections] == ["22001", "22003"]
    assert outcome.succeeded == Counts(added=1)
    outcome = syncs.run(**fields | {"lossy": ["The Price", "seen", "name"]})
    assert (outcome.succeeded.total, outcome.failed.total) == (2, 1)
    assert destination.rows("select name from items order by id") == [("abc",), ("abc",)]


def test_what_cannot_be_declared(syncs: Syncs) -> None:
    source, destination = syncs.pair.source, syncs.pair.destination
    source.execute("create table items (id int primary key, place point, mood text, other int)")
    destination.execute(
        "create type mood as enum ('good', 'bad')",
        "create table items (id int primary key, place int, mood mood)",
    )
    syncs.grant()
    columns = ["id", "place", "mood"]
    for name, told in (
        ("place", r"lossy, column 'place' as integer: cannot cast type point to integer"),
        ("mood", r"lossy, column 'mood' as mood: type \"mood\" does not exist"),
    ):
        with pytest.raises(ModelError, match=told):
            syncs.run(columns=["id", name], lossy=[name])
    with pytest.raises(ConfigurationError, match="lossy: 'other' is not mapped"):
        syncs.run(columns=columns, lossy=["other"])
    with pytest.raises(ConfigurationError, match=r"lossy: 'plac' is no column(?s:.*)place, mood"):
        syncs.run(columns=columns, lossy=["plac"])
    with pytest.raises(ConfigurationError, match="lossy: 'place' is not mapped"):
        syncs.run(columns=["id"], values={"place": {"value": 1}}, lossy=["place"])
