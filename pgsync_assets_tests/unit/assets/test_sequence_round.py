"""Where a round is, by what has become of its runs."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from pgsync_assets.assets.already_running import ALREADY_RUNNING_TAG
from pgsync_assets.assets.sequence import STEP_TAG, Member, Sequence, Step
from pgsync_assets.assets.sequence_round import Round, latest, round_of
from pgsync_assets.assets.translator import SYNC_TAG

SUCCESS, FAILURE = DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE


def step(*names: str, on_error: str = "stop") -> Step:
    members = tuple(Member(name, (dg.AssetKey(name),)) for name in names)
    return Step(members, "continue" if on_error == "continue" else "stop")


STOPS = Sequence("s", (step("a", "b"), step("c")))
GOES_ON = Sequence("s", (step("a", "b", on_error="continue"), step("c")))


@dg.job
def nothing() -> None: ...


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def found(
    instance: dg.DagsterInstance,
    sequence: Sequence,
    *runs: tuple[str, DagsterRunStatus, dict[str, str]],
    requested: tuple[str, ...] = (),
    first: int = 1,
) -> Round:
    for name, status, tags in runs:
        instance.create_run_for_job(
            nothing, status=status, tags={SYNC_TAG: name, STEP_TAG: "1", **tags}
        )
    return round_of(sequence, latest(instance.get_run_records()), requested, first)


def due(one: Round) -> list[str]:
    return [turn.member.sync for turn in one.due]


def test_a_step_ends_with_all_of_its_syncs(instance: dg.DagsterInstance) -> None:
    one = found(instance, STOPS, ("a", FAILURE, {}), ("b", DagsterRunStatus.STARTED, {}))
    assert (one.end, due(one), one.told()) == ("open", [], "step 1 of 2: b (a failed)")
    assert due(found(instance, STOPS)) == []


@pytest.mark.parametrize(
    ("status", "tags", "words"),
    [
        (FAILURE, {}, "a failed"),
        (DagsterRunStatus.CANCELED, {}, "a was canceled"),
        (SUCCESS, {ALREADY_RUNNING_TAG: "a"}, "a was running already"),
    ],
)
def test_what_is_a_failure(
    instance: dg.DagsterInstance, status: DagsterRunStatus, tags: dict[str, str], words: str
) -> None:
    stopped = found(instance, STOPS, ("a", status, tags), ("b", SUCCESS, {}))
    assert (stopped.end, stopped.told()) == ("failed", f"stopped at step 1 of 2: {words}")
    goes_on = found(instance, GOES_ON)
    assert (goes_on.end, due(goes_on), goes_on.told()) == (
        "open",
        ["c"],
        f"step 2 of 2: c ({words})",
    )


def test_a_run_that_is_gone_is_a_failure_and_not_requested_again(
    instance: dg.DagsterInstance,
) -> None:
    one = found(instance, STOPS, ("b", SUCCESS, {}), requested=("a", "b"))
    assert (due(one), one.told()) == ([], "stopped at step 1 of 2: a has lost its run")


def test_a_run_that_dagster_tries_again_has_not_failed(instance: dg.DagsterInstance) -> None:
    retried = ("a", FAILURE, {"dagster/will_retry": "true"})
    assert found(instance, STOPS, ("b", SUCCESS, {}), retried).end == "open"
    assert due(found(instance, STOPS, ("a", SUCCESS, {}))) == ["c"]


def test_the_last_step_has_nothing_after_it_to_stop(instance: dg.DagsterInstance) -> None:
    one = found(instance, STOPS, ("c", FAILURE, {}), first=2)
    assert (one.end, one.stopped, one.told()) == ("failed", False, "ended: c failed")


def test_a_sync_that_was_added_meanwhile_runs(instance: dg.DagsterInstance) -> None:
    runs = [(name, SUCCESS, dict[str, str]()) for name in "abc"]
    assert found(instance, STOPS, *runs).told() == "ended: every sync succeeded"
    longer = Sequence("s", (step("new"), *STOPS.steps))
    assert due(found(instance, longer)) == ["new"]
