"""`PostgresWriter` in an asset of one's own: the run names the delivery, its retry goes on."""

from collections.abc import Callable
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from pgsync_assets import PostgresWriter
from pgsync_assets.assets.step_name import RETRIES
from pgsync_assets.errors import OtherRows

from ...fix_writers import Writer

DAYS = dg.StaticPartitionsDefinition(["monday", "tuesday"])
Rows = Callable[[dg.AssetExecutionContext], Any]


def scores(rows: Rows, partitions: dg.PartitionsDefinition[str] | None = None) -> Any:
    """An asset that writes rows, and fails after its first try if it is told so."""

    @dg.asset(partitions_def=partitions)
    def scores(
        context: dg.AssetExecutionContext, crm_writer: PostgresWriter
    ) -> dg.MaterializeResult[Any]:
        result = crm_writer.write(rows(context), "public.items", key=["id"], mode="insert")
        if context.run.tags.get("fails"):
            raise dg.Failure("behind the delivery")
        return dg.MaterializeResult(metadata=result.metadata)

    return scores


@pytest.fixture
def items(writer: Writer) -> Writer:
    """A table that takes any row as often as it comes."""
    writer.table("id int, note text")
    return writer


def run(items: Writer, asset: Any, instance: dg.DagsterInstance, **more: Any) -> Any:
    """One run of an asset."""
    resources = {"crm_writer": items.resource}
    return dg.materialize([asset], resources=resources, instance=instance, **more)


def test_an_asset_delivers_a_dataframe_and_shows_what_became_of_it(items: Writer) -> None:
    asset = scores(lambda _: pd.DataFrame({"id": [1, 2], "note": ["a", None]}))
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = run(items, asset, instance)
        assert outcome.success
        (event,) = outcome.asset_materializations_for_node("scores")
        shown = {name: value.value for name, value in event.metadata.items()}
        assert shown["dagster/row_count"] == 2
        assert shown["pgsync/delivery"] == outcome.run_id
        assert run(items, asset, instance).success  # another run is another delivery
    assert items.rows() == [(1, "a"), (1, "a"), (2, None), (2, None)]


@pytest.mark.parametrize("tag", RETRIES)
def test_a_retry_of_a_run_is_the_same_delivery(items: Writer, tag: str) -> None:
    asset = scores(lambda _: [{"id": 1, "note": "a"}])
    definitions = dg.Definitions(
        [asset], resources={"crm_writer": items.resource}, executor=dg.in_process_executor
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        first = job.execute_in_process(
            instance=instance, raise_on_error=False, tags={"fails": "yes"}
        )
        assert not first.success
        parent = first.run_id
        for tags in ({tag: "1", "fails": "yes"}, {tag: "2"}):
            made = instance.create_run_for_job(
                job, tags=tags, parent_run_id=parent, root_run_id=first.run_id
            )
            parent = execute_run(InMemoryJob(job), made, instance).dagster_run.run_id
        event = instance.get_latest_materialization_event(dg.AssetKey("scores"))
    assert event is not None
    assert event.asset_materialization is not None
    shown = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    assert shown["pgsync/already_delivered"] is True
    assert shown["pgsync/delivery"] == first.run_id
    assert items.rows() == [(1, "a")]


def test_partitions_are_delivered_apart(items: Writer) -> None:
    asset = scores(lambda context: [{"id": 1, "note": context.partition_key}], DAYS)
    with dg.DagsterInstance.ephemeral() as instance:
        for day in DAYS.get_partition_keys():
            assert run(items, asset, instance, partition_key=day).success
    assert items.rows() == [(1, "monday"), (1, "tuesday")]
    known = items.side.rows("select writer, partition from pgsync_ledger.pgsync_deliveries")
    assert known == [("writer:scores public.items", day) for day in ("monday", "tuesday")]


def test_two_deliveries_of_a_step_to_one_table_need_names(items: Writer) -> None:
    @dg.op
    def twice(crm_writer: PostgresWriter) -> None:
        for n in (1, 2):
            crm_writer.write([{"id": n, "note": "x"}], "public.items", mode="insert")

    @dg.job(resource_defs={"crm_writer": items.resource})
    def deliver() -> None:
        twice()

    with pytest.raises(OtherRows, match=r"give rows that are new a delivery of their own"):
        deliver.execute_in_process()
    assert items.rows() == [(1, "x")]
