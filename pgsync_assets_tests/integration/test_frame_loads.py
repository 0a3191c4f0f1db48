"""Loads of one model, one after another and at once: no reader sees one half, or another one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from pgsync_assets import frames, operations
from pgsync_assets import sync as engine
from pgsync_assets.config import ModelConfig, SyncConfig, placed
from pgsync_assets.connect import Endpoint, retry
from pgsync_assets.errors import ConfigurationError, GuardError, ModelError
from pgsync_assets.frames import loads
from pgsync_assets.frames.frame import Chunk, Frame, FrameColumn
from pgsync_assets.outcome import Outcome, Progress

from ..fix_databases import PLANNER_SCHEMA, Pair, Side
from ..fix_syncs import endpoint_of

TABLES = """
    select tablename from pg_tables where schemaname = 'hightouch_planner'
    and tablename like 'frame\\__%' order by length(tablename), tablename
"""
KNOWN = "select 'frame_' || number from hightouch_planner.frames order by number"


@pytest.fixture
def there(database_pair: Pair, platform_side: Side) -> There:
    """A platform, and an empty table `items` at the destination."""
    destination = database_pair.destination
    destination.execute("create table items (id bigint primary key, note text)")
    destination.grant_table("items", "select", "insert", "update", "delete")
    return There(platform_side, destination)


class There:
    """A sync of a frame into `public.items`."""

    def __init__(self, platform: Side, destination: Side) -> None:
        self.platform = platform
        self.destination = destination
        self.at = endpoint_of("platform", platform)

    def sync(self, **model: Any) -> SyncConfig:
        """As a project places it."""
        written = {
            "name": "items",
            "model": {"asset": "orders", "key": ["id"]} | model,
            "destination": "crm",
            "table": "public.items",
            "delete": "delete_row",
        }
        return placed(SyncConfig.model_validate(written), {})

    def load(self, *notes: str | None) -> frames.Load:
        """Rows 1, 2, 3 .. with these notes."""
        texts = pd.Series(notes, dtype=object)
        frame = pd.DataFrame({"id": range(1, len(notes) + 1), "note": texts})
        return frames.load(self.at, named(self.sync()), frame, by="test")

    def run(self, load: frames.Load, listener: Callable[[Progress], None] = print) -> Outcome:
        """Runs the sync on a load."""
        sync = frames.loaded(self.sync(), load)
        return engine.run(sync, *self.ends, platform=self.at, on_progress=listener)

    @property
    def ends(self) -> tuple[Endpoint, Endpoint]:
        """Source and destination."""
        return self.at, endpoint_of("crm", self.destination)

    @property
    def notes(self) -> list[str | None]:
        """What arrived."""
        return [note for (note,) in self.destination.rows("select note from items order by id")]

    @property
    def tables(self) -> list[str]:
        """Tables of loads, each of which is known."""
        found = [name for (name,) in self.platform.rows(TABLES)]
        assert found == [name for (name,) in self.platform.rows(KNOWN)]
        return found


def named(sync: SyncConfig) -> ModelConfig:
    return sync.model.model_copy(update={"name": sync.model_name})


def test_a_frame_is_a_model_like_others(there: There) -> None:
    assert there.run(there.load("a", None)).succeeded.added == 2
    assert there.notes == ["a", None]
    second = there.load("a", "b", "c")
    outcome = there.run(second)
    assert (outcome.succeeded.added, outcome.succeeded.changed) == (1, 1)
    assert there.run(there.load("a", "b", "c")).planned.total == 0  # another table, the same rows
    sync = frames.with_newest(there.sync(), there.at)
    plan = engine.plan(frames.loaded(sync, there.load("a", "b")), *there.ends, platform=there.at)
    assert (plan.counts.removed, plan.counts.total) == (1, 1)
    sync = frames.with_newest(there.sync(), there.at)
    engine.apply(sync, *there.ends, plan.run_id, platform=there.at)
    assert there.notes == ["a", "b"]
    assert engine.verify(sync, *there.ends, platform=there.at).in_step
    assert all(line.passed for line in engine.check(sync, *there.ends, platform=there.at))
    assert all(line.passed for line in engine.mapping(sync, *there.ends))
    assert operations.reset(there.sync(), *there.ends, platform=there.at).rows == 2
    assert operations.adopt(sync, *there.ends, platform=there.at).adopted == 2


def test_a_key_that_is_none_is_counted_by_the_run(there: There) -> None:
    frame = pd.DataFrame({"id": [1, 1, None, 2], "note": ["a", "b", "c", "d"]})
    sync = frames.with_rows(there.sync(types={"id": "bigint"}), there.at, by="test", frame=frame)
    outcome = engine.run(sync, *there.ends, platform=there.at)
    assert outcome.invalid_keys is not None
    assert (outcome.invalid_keys.missing, outcome.invalid_keys.repeated) == (1, 2)
    assert there.notes == ["d"]


def test_rows_that_are_gone_are_an_accident_first(there: There) -> None:
    there.run(there.load("a", "b"))
    with pytest.raises(GuardError, match="empty"):
        there.run(there.load())


def test_what_was_never_loaded_is_told(there: There) -> None:
    sync = there.sync()
    with pytest.raises(ModelError, match="model 'items' was never loaded") as caught:
        frames.with_rows(sync, there.at, by="test")
    assert caught.value.remedy == "materialize models/items"
    as_it_is = frames.with_newest(sync, there.at, is_needed=False)
    lines = {one.name: one for one in engine.check(as_it_is, *there.ends, platform=there.at)}
    assert lines["model items"].detail == "its rows were never loaded"
    with pytest.raises(ConfigurationError, match="nothing says where that is"):
        frames.with_rows(sync, None, by="test")
    with there.at.session("test") as session, session.transaction("test") as connection:
        connection.execute("create table hightouch_planner.migrations (number int)")
        connection.execute("insert into hightouch_planner.migrations values (4)")
    assert frames.newest(there.at, "items") is None  # of a version that knew none


def test_only_the_newest_two_are_kept(there: There) -> None:
    found = [there.load("a", str(number)) for number in range(4)]
    assert there.tables == ["frame_3", "frame_4"]
    assert frames.newest(there.at, "items") == found[-1]
    assert (found[-1].rows, found[-1].by) == (2, "test")
    assert found[-1].table == '"hightouch_planner"."frame_4"'
    frames.load(there.at, ModelConfig(name="other", asset="a", key=("id",)), FRAME, by="test")
    assert there.tables == ["frame_3", "frame_4", "frame_5"]  # each model for itself
    assert there.platform.rows(
        "select count(*) from pg_class where relname like 'frame\\__' and relpersistence = 'p'"
    ) == [(3,)]


FRAME = pd.DataFrame({"id": [1]})


def test_a_run_reads_its_load_while_newer_ones_come(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "DROP_WAIT", "100ms")
    first = there.load("first", "first")
    later: list[frames.Load] = []

    def listen(progress: Progress) -> None:
        if progress.step == "recover" and not later:
            later.extend(there.load(f"later {number}") for number in range(3))

    assert there.run(first, listen).succeeded.added == 2
    assert there.notes == ["first", "first"]
    assert there.tables == ["frame_1", "frame_3", "frame_4"]  # it was read: left to the next load
    there.load("next")
    assert there.tables == ["frame_4", "frame_5"]


def test_two_loads_take_turns(there: There) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> Iterator[pa.RecordBatch]:
        begun.set()
        yield pa.record_batch({"id": [1]})
        assert go_on.wait(20)
        yield pa.record_batch({"id": [2]})

    stream = pa.RecordBatchReader.from_batches(pa.schema({"id": pa.int64()}), slowly())
    model = named(there.sync())
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(frames.load, there.at, model, stream, by="slow")
        assert begun.wait(20)
        at = endpoint_of("platform", there.platform)
        quick = pool.submit(frames.load, at, model, FRAME, by="quick")
        with pytest.raises(TimeoutError):
            quick.result(0.5)
        assert frames.newest(there.at, "items") is None
        go_on.set()
        assert (slow.result(20).number, quick.result(20).number) == (1, 2)
    newest = frames.newest(there.at, "items")
    assert newest is not None
    assert newest.by == "quick"


@pytest.mark.parametrize("error", [ValueError("s3cret"), KeyboardInterrupt()])
def test_a_load_that_fails_midway_leaves_nothing(there: There, error: BaseException) -> None:
    kept = there.load("a")

    def chunks(_positions: Sequence[int]) -> Iterator[Chunk]:
        yield [[1], ["a"]]
        raise error

    broken = Frame((FrameColumn("id", "bigint"), FrameColumn("note", "text")), chunks)
    with pytest.raises(type(error)):
        frames.load(there.at, named(there.sync()), broken, by="test")
    assert there.tables == ["frame_1"]
    assert frames.newest(there.at, "items") == kept


def test_a_lost_connection_is_tried_again(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSES_S", (0.01,))
    cut: list[bool] = []

    def chunks(_positions: Sequence[int]) -> Iterator[Chunk]:
        if not cut:
            cut.append(True)
            there.platform.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name like 'pgsync/items load'"
            )
        yield [[1], ["a"]]

    frame = Frame((FrameColumn("id", "bigint"), FrameColumn("note", "text")), chunks)
    assert frames.load(there.at, named(there.sync()), frame, by="test").rows == 1
    assert len(there.tables) == 1


def test_other_models_are_left_as_they_are(there: There) -> None:
    other = SyncConfig.model_validate(
        {
            "name": "items",
            "source": "shop",
            "destination": "crm",
            "table": "public.items",
            "model": {"table": "public.items", "key": ["id"]},
        }
    )
    assert frames.with_rows(other, None, by="test") is other
    assert frames.with_newest(other, None) is other
    assert PLANNER_SCHEMA == "hightouch_planner"
