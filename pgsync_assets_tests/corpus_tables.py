"""The corpus as two tables: each type has six columns, each literal is in all of them.

`value` has the literal itself. PostgreSQL makes the others from it: `list` (an array with a NULL),
`domain` and `domains` (an array of that), `field` and `fields` (a composite that holds the value, a
number, and an array of two dimensions with lower bounds of its own; and an array of those).

The tables `before` and `after` have the same rows, but in `after` each column has the next literal
of its type, with NULL among them, and behind the last one the first. A row has literals of some
types only, as a page does not hold a row with all of them. Values that `=` calls equal follow each
other in rows where nothing else changes: there a change must not be lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import psycopg
from psycopg import sql

from .corpus_types import EQUAL_BUT_DIFFERENT, EXTENSIONS, LEFT_OUT, MAKE, OWN, SINCE
from .corpus_values import CORE
from .fix_databases import AnyConnection, Pair, Side

TYPES_OF_A_ROW = 12
TYPES_WITHOUT_A_COLUMN = """
    select format_type(t.oid, null)
    from pg_type as t
    left join pg_type as element on element.oid = t.typelem and t.typcategory = 'A'
    left join pg_class as c on c.oid in (t.typrelid, element.typrelid)
    where t.typtype in ('b', 'c', 'd', 'e', 'm', 'r')
        and coalesce(c.relkind, 'c') = 'c'
        and coalesce(element.typtype, 'b') <> 'p'
        and not t.oid in (
            select atttypid from pg_attribute where attrelid = 'before'::regclass and attnum > 0
        )
"""


@dataclass(frozen=True)
class Typed:
    """A type of the corpus.

    Args:
        number: of it, in the names of its columns.
        spelled: as in a column definition.
        literals: values of it, with NULL.
        twins: two more that `=` calls equal; or none.
        is_array: an array of it is of the same type.
    """

    number: int
    spelled: str
    literals: tuple[str | None, ...]
    twins: tuple[str, ...]
    is_array: bool

    @property
    def columns(self) -> dict[str, tuple[str, str]]:
        """Its columns: the type of each, and how it is made of a value."""
        own, domain, composite = self.spelled, f"d{self.number}", f"p{self.number}"
        value = f"v{self.number}"
        many = value if self.is_array else f"array_fill({value}, '{{1,2}}', '{{2,-1}}')"
        field = f"row({value}, {self.number}, {many})::{composite}"
        made = {
            "value": (own, value),
            "list": (f"{own}[]", f"array[{value}, null::{own}, {value}]"),
            "domain": (domain, f"{value}::{domain}"),
            "domains": (f"{domain}[]", f"array[{value}::{domain}, null::{domain}]"),
            "field": (composite, field),
            "fields": (f"{composite}[]", f"array[{field}, null::{composite}, {field}]"),
        }
        if self.is_array:
            del made["list"]
        return {f"{name}_{self.number}": how for name, how in made.items()}

    @property
    def makes(self) -> str:
        """The statements that make its domain and its composite."""
        many = self.spelled if self.is_array else f"{self.spelled}[]"
        return (
            f"create domain d{self.number} as {self.spelled};"
            f"create type p{self.number} as (v {self.spelled}, n integer, many {many});"
        )


Cells = tuple[Typed, str | None, tuple[str, ...]]  # a literal, and the columns that it is in
Row = list[tuple[Typed, str | None, str | None, tuple[str, ...]]]  # before and after


@dataclass(frozen=True)
class Corpus:
    """The corpus in the databases of a pair.

    Args:
        pair: both have its types, and only the source its tables.
        types: those that both servers know.
    """

    pair: Pair
    types: tuple[Typed, ...]

    @property
    def columns(self) -> dict[str, tuple[str, str]]:
        """Of all types, in the order of the tables; before them is `id`."""
        return {name: how for typed in self.types for name, how in typed.columns.items()}

    @property
    def cells(self) -> int:
        """Values that arrive when one of the tables is sent: literals in all variants."""
        return sum(len(t.columns) * len((*t.literals, *t.twins)) for t in self.types)

    @property
    def is_all_of_the_source(self) -> bool:
        """The destination has every type that the source has."""
        return major_version(self.pair.source) <= major_version(self.pair.destination)

    @property
    def lacks(self) -> set[str]:
        """Types of the source's server that no column has: of all that a table can store, and their
        arrays, but for those that are left out for a reason, and the row types of tables and views,
        which are composites like others."""
        reasons = LEFT_OUT | {
            "an array of it is of the same type": tuple(
                f"{typed.spelled}[]" for typed in self.types if typed.is_array
            )
        }
        if not all(map(reads_xml, (self.pair.source, self.pair.destination))):
            reasons = reasons | {"a server is built without libxml": ("xml",)}
        bare = {name for names in reasons.values() for name in names}
        found = {row[0] for row in self.pair.source.rows(TYPES_WITHOUT_A_COLUMN)}
        return found - bare - {f"{name}[]" for name in bare}

    def make_destination(self, name: str, more: str = "") -> None:
        """A table that takes the corpus, with the rights that a sync needs."""
        side = self.pair.destination
        side.execute(f"create table {name} ({self._definition}{more})")
        side.grant_table(name, "select", "insert", "update", "delete")

    def arrived(self, name: str, expected: str) -> set[tuple[str, str | None]]:
        """What is not the same on both sides, by image; rows on one side only are `row` and id.

        The destination's rows are copied back into the source, which compares images.

        Args:
            name: of the destination's table.
            expected: SELECT at the source of what it should have.

        Returns:
            Column and type, and what is expected there.
        """
        with self.pair.source.connect() as here, self.pair.destination.connect() as there:
            here.execute("create temporary table back (like before)")
            copy = f"copy (select id, {', '.join(self.columns)} from {name}) to stdout"
            with (
                there.cursor().copy(copy.encode()) as read,
                here.cursor().copy("copy back from stdin") as write,
            ):
                for block in read:
                    write.write(block)
            both = f"from ({expected}) as wanted full join back using (id)"
            lonely = f"select 'row', id::text {both} where wanted.id is null or back.id is null"
            found = set(here.execute(lonely.encode()).fetchall())
            differ = f"select count(*) {both} where wanted *<> back"
            if here.execute(differ.encode()).fetchone() != (0,):
                for column, (spelled, _) in self.columns.items():
                    query = (
                        f"select %s, wanted.{column}::text {both}"
                        f" where record_image_ne(row(wanted.{column}), row(back.{column}))"
                    )
                    found |= set(here.execute(query.encode(), [f"{column} {spelled}"]).fetchall())
            return found

    def make(self) -> None:
        """Makes types and tables."""
        makes = "".join(typed.makes for typed in self.types)
        for side in (self.pair.source, self.pair.destination):
            side.execute(makes)
        with self.pair.source.connect(autocommit=False) as connection:
            for table in ("before", "after"):
                connection.execute(f"create table {table} ({self._definition})".encode())
            rows = [*self._of_all_types(), *self._of_twins()]
            for number, row in enumerate(rows, start=1):
                _insert(connection, "before", number, [(t, v, names) for t, v, _, names in row])
                _insert(connection, "after", number, [(t, v, names) for t, _, v, names in row])
        for name in ("before", "after"):
            self.pair.source.execute(f"analyze {name}")
            self.pair.source.grant_table(name)

    def _of_all_types(self) -> Iterator[Row]:
        by_length = sorted(self.types, key=lambda typed: -len(typed.literals))
        for first in range(0, len(by_length), TYPES_OF_A_ROW):
            together = by_length[first : first + TYPES_OF_A_ROW]
            for place in range(len(together[0].literals)):
                yield [
                    (typed, old, new, tuple(typed.columns))
                    for typed in together
                    for old, new in list(pairwise((*typed.literals, typed.literals[0])))[
                        place : place + 1
                    ]
                ]

    def _of_twins(self) -> Iterator[Row]:
        for typed in self.types:
            for old, new in pairwise(typed.twins):
                for column in typed.columns:
                    yield [(typed, old, new, (column,))]

    @property
    def _definition(self) -> str:
        columns = (f"{name} {spelled}" for name, (spelled, _) in self.columns.items())
        return f"id integer primary key, {', '.join(columns)}"


def _insert(connection: AnyConnection, table: str, number: int, row: list[Cells]) -> None:
    made = {name: typed.columns[name][1] for typed, _, names in row for name in names}
    given = ", ".join(f"%s::{typed.spelled} as v{typed.number}" for typed, _, _ in row)
    query = (
        f"insert into {table} (id, {', '.join(made)})"
        f" select %s, {', '.join(made.values())} from (select {given}) as given"
    )
    connection.execute(query.encode(), [number, *(value for _, value, _ in row)])


def make_corpus(pair: Pair, only: tuple[str, ...] = ()) -> Corpus:
    """Makes the corpus, or only some types of it, of what both servers know, in two databases."""
    both = (pair.source, pair.destination)
    values = CORE | OWN
    for side in both:
        side.execute("create schema if not exists public", *MAKE)
        side.execute(f"grant usage on schema public to {side.user}")
    for extension, more in EXTENSIONS.items():
        if all(_has(side, extension) for side in both):
            values = values | more
            for side in both:
                side.execute(f"create extension {extension}")
    oldest = oldest_version(pair)
    wanted = dict.fromkeys([*values, *EQUAL_BUT_DIFFERENT])
    types = [
        Typed(
            number,
            spelled,
            _literals(values, spelled, oldest),
            EQUAL_BUT_DIFFERENT.get(spelled, ()),
            spelled.endswith("[]") or SINCE.get((f"{spelled}[]", ""), 0) > oldest,
        )
        for number, spelled in enumerate(known_types(pair, only or wanted))
    ]
    corpus = Corpus(pair, tuple(types))
    corpus.make()
    return corpus


def known_types(pair: Pair, types: Iterable[str]) -> list[str]:
    """Those that both servers have, and read values of."""
    oldest = oldest_version(pair)
    known = [spelled for spelled in types if SINCE.get((spelled, ""), 0) <= oldest]
    for side in (pair.source, pair.destination):
        with side.connect() as connection:
            query = (
                "select t from unnest(%s::text[]) as t"
                r" where to_regtype(regexp_replace(t, '\(.*\)', '')) is not null"
            )
            found = {row[0] for row in connection.execute(query, [known])}
        if not reads_xml(side):
            found.discard("xml")
        known = [t for t in known if t in found]
    return known


def reads_xml(side: Side) -> bool:
    """Whether a server is built with libxml."""
    with side.connect() as connection:
        try:
            connection.execute("select ''::xml")
        except psycopg.errors.FeatureNotSupported:
            return False
    return True


def oldest_version(pair: Pair) -> int:
    """Of the two servers: what both know of values."""
    return min(map(major_version, (pair.source, pair.destination)))


def major_version(side: Side) -> int:
    """Of the server, such as 18."""
    with side.connect() as connection:
        return connection.info.server_version // 10_000


def _literals(values: dict[str, list[str]], spelled: str, oldest: int) -> tuple[str | None, ...]:
    known = (v for v in values.get(spelled, ()) if SINCE.get((spelled, v), 0) <= oldest)
    return (*known, None)


def _has(side: Side, extension: str) -> bool:
    query = sql.SQL("select 1 from pg_available_extensions where name = {}")
    with side.connect() as connection:
        return bool(connection.execute(query.format(extension)).fetchone())
