"""Every value of every type arrives as it is: in every mode, engine and form of the state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from pgsync_assets.config import DeleteBehavior, Mode, ModelConfig
from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.servers import DESTINATION_ROLE, PLATFORM_ROLE, SOURCE_ROLE
from pgsync_assets.errors import ModelError
from pgsync_assets.model import describe
from pgsync_assets.outcome import Counts

from ..corpus_tables import Corpus, make_corpus
from ..corpus_values import REFUSED
from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, database
from ..fix_syncs import ENGINES, Syncs

MODES: dict[Mode, dict[str, DeleteBehavior]] = {
    "upsert": {"lightning": "soft_delete", "digest": "clear_fields", "standard": "delete_row"},
    "update": {"lightning": "clear_fields", "standard": "soft_delete"},
    "mirror": {"digest": "delete_row", "standard": "delete_row"},
    "insert": {"lightning": "do_nothing", "standard": "do_nothing"},
}
DELETES: dict[Mode, tuple[DeleteBehavior, ...]] = {
    "upsert": ("delete_row", "soft_delete", "clear_fields"),
    "update": ("delete_row", "soft_delete", "clear_fields"),
    "mirror": ("delete_row",),
    "insert": ("do_nothing",),
}
ALSO = [
    (mode, engine, delete)
    for mode, deletes in DELETES.items()
    for engine in ENGINES
    for delete in deletes
    if MODES[mode].get(engine) != delete
]
LEAVING = 5  # rows that are in the model at first, and not later


@pytest.fixture(scope="module")
def corpus(source_server: Cluster, destination_server: Cluster) -> Iterator[Corpus]:
    """The corpus at the source, read only; each sync has a table of its own."""
    with (
        database(source_server, SOURCE_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as source,
        database(destination_server, DESTINATION_ROLE, LEDGER_SCHEMA) as destination,
    ):
        yield make_corpus(Pair(source, destination))


@pytest.fixture(scope="module")
def corpus_syncs(corpus: Corpus, destination_server: Cluster) -> Iterator[Syncs]:
    """Syncs of the corpus."""
    with database(destination_server, PLATFORM_ROLE, PLANNER_SCHEMA, AUDIT_SCHEMA) as platform:
        yield Syncs(corpus.pair, platform=platform)


class Road:
    """The corpus on its way in one mode and engine."""

    def __init__(
        self, corpus: Corpus, syncs: Syncs, mode: Mode, engine: str, delete: DeleteBehavior
    ) -> None:
        self._corpus, self._syncs = corpus, syncs
        self._delete = delete
        self._table = f"{mode}_{engine}_{delete}"
        self._fields: dict[str, Any] = ENGINES[engine] | {
            "mode": mode,
            "delete": delete,
            "name": self._table,
            "table": f"public.{self._table}",
        }
        if delete == "soft_delete":
            self._fields["deleted_column"] = "gone"
        corpus.make_destination(self._table, ", gone timestamptz")
        columns = ", ".join(corpus.columns)
        nulls = ", ".join(f"null::{spelled}" for spelled, _ in corpus.columns.values())
        leaving = f"from before where id <= {LEAVING}"
        self.first = f"select * from before union all select id + 1000, {columns} {leaving}"
        self.later = "select * from after"
        if mode == "insert":  # what changed is not sent again; what is new, is
            self.later += f" union all select id + 2000, {columns} from after"
        self.left = {
            "do_nothing": f"{self.first} union all select id + 2000, {columns} from after",
            "delete_row": self.later,
            "soft_delete": f"{self.later} union all select id + 1000, {columns} {leaving}",
            "clear_fields": f"{self.later} union all select id + 1000, {nulls} {leaving}",
        }[delete]
        if mode == "update":
            ids = self._ids(f"select id from ({self.first}) as model")
            corpus.pair.destination.execute(
                f"insert into {self._table} (id) select unnest('{ids}'::int[])"
            )

    def _ids(self, query: str) -> str:
        return str({row[0] for row in self._corpus.pair.source.rows(query)})

    def run(self, model: str) -> Counts:
        """Sends what a SELECT says; what PostgreSQL took."""
        outcome = self._syncs.run(model={"sql": model, "key": ["id"]}, **self._fields)
        assert outcome.rejections == ()
        return outcome.succeeded

    def wrong(self, expected: str) -> set[tuple[str, str | None]]:
        """What is not there as a SELECT at the source says."""
        return self._corpus.arrived(self._table, expected)

    def marked(self) -> int:
        """Rows that are marked as removed."""
        query = f"select count(*) from {self._table} where gone is not null"
        return int(self._corpus.pair.destination.rows(query)[0][0])


def walk(corpus: Corpus, syncs: Syncs, mode: Mode, engine: str, delete: DeleteBehavior) -> None:
    """All values arrive by a first sync, and as changes of other values."""
    rows, changed = corpus.pair.source.rows(
        "select count(*), count(*) filter (where b *<> a)"
        " from before as b join after as a using (id)"
    )[0]
    road = Road(corpus, syncs, mode, engine, delete)
    assert road.run(road.first) == Counts(added=rows + LEAVING), engine
    assert road.wrong(road.first) == set(), engine
    changes = Counts(changed=changed, removed=LEAVING)
    later = Counts(added=rows) if mode == "insert" else changes
    assert road.run(road.later) == later, engine
    assert road.wrong(road.left) == set(), engine
    assert road.marked() == (LEAVING if delete == "soft_delete" else 0), engine
    if mode == "upsert":
        assert road.run(road.later) == Counts(), engine


@pytest.mark.parametrize("mode", MODES)
def test_the_corpus_arrives_first_and_later(
    corpus: Corpus, corpus_syncs: Syncs, mode: Mode
) -> None:
    for engine, delete in MODES[mode].items():
        walk(corpus, corpus_syncs, mode, engine, delete)


@pytest.mark.nightly("the rest of the product: by day each mode meets each engine but two")
@pytest.mark.parametrize(("mode", "engine", "delete"), ALSO)
def test_the_corpus_arrives_in_every_other_way(
    corpus: Corpus, corpus_syncs: Syncs, mode: Mode, engine: str, delete: DeleteBehavior
) -> None:
    walk(corpus, corpus_syncs, mode, engine, delete)


def test_what_did_not_arrive_is_found(corpus: Corpus) -> None:
    corpus.make_destination("damaged")
    corpus.pair.destination.execute("insert into damaged (id) values (1), (2)")
    found = corpus.arrived("damaged", "select * from before where id in (1, 3)")
    assert {("row", "2"), ("row", "3")} < found
    assert len({what for what, _ in found}) > 50


def test_the_corpus_has_every_type_of_the_server(corpus: Corpus) -> None:
    assert corpus.lacks == set()
    assert len(corpus.types) > 100


def test_the_corpus_is_large(corpus: Corpus) -> None:
    """Literals in their variants, times modes: the number of cases that the tests above are."""
    assert corpus.cells * len(MODES) > 12_000


@pytest.mark.parametrize("why", REFUSED)
def test_types_that_cannot_be_sent_are_refused(corpus_syncs: Syncs, why: str) -> None:
    names = [spelled for name in REFUSED[why] for spelled in (name, f"{name}[]")]
    query = "select name from unnest(%s::text[]) as name where to_regtype(name) is not null"
    with corpus_syncs.pair.source.connect() as connection:
        known = [row[0] for row in connection.execute(query, [names])]
    assert len(known) > 5
    with corpus_syncs.endpoints[0].session("test") as session:
        for name in known:
            model = ModelConfig(sql=f"select 1 as id, null::pg_catalog.{name} as v", key=("id",))
            with pytest.raises(ModelError, match=f"(?s)'v' .*{re.escape(name)}.*{why}.*::text"):
                describe(session, model)
