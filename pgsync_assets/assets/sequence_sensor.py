"""The sensor that takes every round of every sequence to its next step."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Listed
from dataclasses import dataclass

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus, RunRecord

from .run_requests import UNFINISHED, repository_of, run_request, under_way
from .sequence import (
    END_TAG,
    FAILED,
    FROM_TAG,
    OPEN,
    ROUND_TAG,
    SEQUENCE_TAG,
    STATE_TAG,
    STEP_TAG,
    Sequence,
)
from .sequence_events import events
from .sequence_round import Round, Turn, latest, round_of
from .translator import SYNC_TAG

INTERVAL_S = 15


def build_sequence_sensor(sequences: Listed[Sequence]) -> dg.SensorDefinition:
    """The sensor. It asks Dagster's storage only: a few queries, whatever the number of sequences.

    The run key of a request is made of round and sync, so that no sync runs twice in a round,
    whatever dies between a look and its runs. The cursor has the syncs that were requested: one
    whose run is not there any more is not requested again.

    Args:
        sequences: all of the project.
    """
    known = {sequence.name: sequence for sequence in sequences}
    keys = {key for one in sequences for member in one.members for key in member.keys}

    @dg.sensor(
        name="sequences",
        target=dg.AssetSelection.assets(*sorted(keys)),
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests the runs of the next step of each sequence that is under way.",
    )
    def next_steps(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        before: dict[str, list[str]] = json.loads(context.cursor or "{}")
        looks = list(_looks(context, known, before))
        for look in looks:
            _tell(context.instance, look)
        asked = [_request(context, look.start, turn) for look in looks for turn in look.new]
        requests = [one for one in asked if one is not None]
        told = "; ".join(f"{look.round.sequence.name}: {look.words}" for look in looks)
        open_rounds = (look.start.run_id for look in looks if look.round.end == OPEN)
        requested = {run_id: set(before.get(run_id, [])) for run_id in open_rounds}
        for one in requests:
            requested[one.tags[ROUND_TAG]].add(one.tags[SYNC_TAG])
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason(told or "no sequence is under way"),
            cursor=json.dumps({run_id: sorted(names) for run_id, names in requested.items()}),
        )

    return next_steps


@dataclass(frozen=True)
class _Look:
    """A round, and what to do about it.

    A run that was made, but not launched, is requested again: the run key finds it.

    Args:
        start: the run that started it.
        round: where it is.
        held: syncs that are due, and under way in runs of others: their end is awaited, as they
            may have read their source too early.
    """

    start: DagsterRun
    round: Round
    held: Listed[Turn]

    @property
    def new(self) -> list[Turn]:
        """Syncs to be requested."""
        return [turn for turn in self.round.due if turn not in self.held]

    @property
    def words(self) -> str:
        """Where it is."""
        return self.round.told([turn.member.sync for turn in self.held])


def _looks(
    context: dg.SensorEvaluationContext,
    known: Mapping[str, Sequence],
    requested: Mapping[str, Listed[str]],
) -> Iterator[_Look]:
    starts = list(_begun(context, known))
    runs = _runs(context.instance, starts)
    rounds = [
        round_of(
            known[start.tags[SEQUENCE_TAG]],
            latest(runs[start.run_id]),
            requested.get(start.run_id, ()),
            int(start.tags.get(FROM_TAG, 1)),
        )
        for start in starts
    ]
    is_due = any(found.due for found in rounds)
    busy = set(under_way(context.instance, repository_of(context))) if is_due else set()
    for start, found in zip(starts, rounds, strict=True):
        held = [
            turn
            for turn in found.due
            if turn.record is None and not busy.isdisjoint(turn.member.keys)
        ]
        yield _Look(start, found, held)
        busy |= {key for turn in found.due for key in turn.member.keys}


def _begun(
    context: dg.SensorEvaluationContext, known: Mapping[str, Sequence]
) -> Iterator[DagsterRun]:
    """Runs that have begun a round that is open, of this code location, the oldest first."""
    location = context.code_location_origin
    for run in reversed(context.instance.get_runs(dg.RunsFilter(tags={END_TAG: OPEN}))):
        origin = run.remote_job_origin
        if location and origin and origin.location_name != location.location_name:
            continue
        if run.tags.get(SEQUENCE_TAG) not in known:
            _close(context.instance, run, "there is no such sequence any more")
        elif run.status is DagsterRunStatus.SUCCESS:
            yield run
        elif run.status not in UNFINISHED:
            _close(context.instance, run, "did not start")


def _runs(instance: dg.DagsterInstance, starts: Listed[DagsterRun]) -> dict[str, list[RunRecord]]:
    """Runs of each round, by the run that started it."""
    found: dict[str, list[RunRecord]] = defaultdict(list)
    if starts:
        filters = dg.RunsFilter(tags={ROUND_TAG: [start.run_id for start in starts]})
        for record in instance.get_run_records(filters):
            found[record.dagster_run.tags[ROUND_TAG]].append(record)
    return found


def _tell(instance: dg.DagsterInstance, look: _Look) -> None:
    """Says what is new about a round; at least once, as the tags are set after it was said."""
    tags = {STATE_TAG: look.words, END_TAG: look.round.end}
    if tags.items() <= look.start.tags.items():
        return
    for event in events(look.round, look.start, look.words):
        instance.report_runless_asset_event(event)
    instance.add_run_tags(look.start.run_id, tags)


def _close(instance: dg.DagsterInstance, start: DagsterRun, words: str) -> None:
    instance.add_run_tags(start.run_id, {STATE_TAG: words, END_TAG: FAILED})


def _request(
    context: dg.SensorEvaluationContext, start: DagsterRun, turn: Turn
) -> dg.RunRequest | None:
    """The run of a sync, which names its round."""
    keys = frozenset(turn.member.keys)
    found = run_request(repository_of(context), keys, run_key=f"{start.run_id}/{turn.member.sync}")
    tags = {
        SYNC_TAG: turn.member.sync,
        SEQUENCE_TAG: start.tags[SEQUENCE_TAG],
        ROUND_TAG: start.run_id,
        STEP_TAG: str(turn.step),
    }
    return found and found.with_replaced_attrs(tags={**found.tags, **tags})
