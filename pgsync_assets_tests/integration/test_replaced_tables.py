"""A table that is replaced while it is about to be read is read whole: never empty, never half."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.errors import Contention
from pgsync_assets.outcome import Counts
from pgsync_assets.plan import Across, InPlace
from pgsync_assets.verify.comparison import Comparison

from ..fix_syncs import Syncs

SWAPPED = """
    begin;
    create table items_new (like items including all);
    insert into items_new select id, name || '!' from items;
    alter table items rename to items_old;
    alter table items_new rename to items;
    grant select on items to public;
    commit;
    drop table items_old;
"""  # as `dbt build` does it
TRUNCATED = """
    begin;
    create temporary table kept on commit drop as select id, name || '!' as name from items;
    truncate items;
    insert into items select * from kept;
    commit;
"""
REWRITTEN = "alter table items alter name type varchar(99) using name || '!'"
JOINED = "select i.id, i.name from labels as l left join items as i using (id)"
FIELDS: dict[str, Any] = {
    "delete": "delete_row",
    "guard": {"allow_empty_model": True, "max_removed": "100%"},
}


def fill(syncs: Syncs) -> None:
    syncs.table("id int primary key, name varchar")
    syncs.pair.source.execute(
        "insert into items values (1, 'a'), (2, 'b'), (3, 'c')",
        "create table labels as select id from items",
        "grant select on labels to public",
    )
    assert syncs.run(**FIELDS).succeeded == Counts(added=3)


@pytest.fixture
def once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that fails for a while is tried once more, at once."""
    monkeypatch.setattr("pgsync_assets.connect.retry.PAUSES_S", (0.0,))


class Between:
    """Runs SQL between the moment of which a transaction reads and its reading, once each."""

    def __init__(
        self,
        syncs: Syncs,
        monkeypatch: pytest.MonkeyPatch,
        *statements: str,
        kinds: tuple[type, ...] = (InPlace, Across),
        method: str = "model",
    ) -> None:
        self.done, self.read = 0, 0
        for kind in kinds:
            read = getattr(kind, method)

            def reading(*args: Any, read: Any = read, **options: Any) -> Any:
                self.read += 1
                if self.done < len(statements):
                    self.done += 1
                    syncs.pair.source.execute(statements[self.done - 1])
                return read(*args, **options)

            monkeypatch.setattr(kind, method, reading)


@pytest.mark.usefixtures("once_more")
def test_the_run_reads_the_new_table(either: Syncs, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(either)
    for how in (SWAPPED, TRUNCATED, REWRITTEN):
        between = Between(either, monkeypatch, how)
        assert either.run(**FIELDS).succeeded == Counts(changed=3)
        assert (between.done, between.read) == (1, 2)
        assert either.same()


@pytest.mark.usefixtures("once_more")
def test_where_a_query_or_a_view_reads_it_with_others(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(syncs)
    view = f"create view names as {JOINED}; grant select on names to public"
    syncs.pair.source.execute(view)
    for model in ({"table": "public.names"}, {"sql": JOINED}):
        between = Between(syncs, monkeypatch, TRUNCATED)
        changed = syncs.run(**FIELDS, model={**model, "key": ["id"]}).succeeded
        assert (changed, between.read) == (Counts(changed=3), 2)
        assert syncs.same()


@pytest.mark.usefixtures("once_more")
def test_one_that_is_always_replaced_is_named_and_nothing_is_sent(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(syncs)
    Between(syncs, monkeypatch, SWAPPED, SWAPPED)
    with pytest.raises(Contention, match="shop: reading the model: items was replaced") as caught:
        syncs.run(**FIELDS)
    assert caught.value.remedy
    assert syncs.pair.destination.rows("select name from items order by 1") == [*zip("abc")]


def test_what_keeps_its_rows_is_no_replacement(
    syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index, another column, rows: a snapshot holds these still."""
    fill(syncs)
    between = Between(
        syncs,
        monkeypatch,
        "create index on items (name); update items set name = 'x'; alter table items add n int",
    )
    assert syncs.run(**FIELDS).planned == Counts()
    assert between.read == 1


def test_verify_does_not_take_it_for_empty(syncs: Syncs, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(syncs)
    Between(syncs, monkeypatch, TRUNCATED, kinds=(Comparison,), method="read_model")
    with pytest.raises(Contention, match="truncated"):
        syncs.verify()
    assert syncs.verify().pending == Counts(changed=3)
