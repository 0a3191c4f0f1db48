"""How a round of a sequence begins: a job, by hand or by a schedule; one round at a time."""

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus
from pydantic import Field

from ..config import ScheduleConfig
from ..config.recurrence_words import in_words
from ..errors import ConfigurationError
from .run_requests import UNFINISHED
from .sequence import (
    CHECK,
    END_TAG,
    FAILED,
    FROM_TAG,
    OPEN,
    SEQUENCE_TAG,
    STATE_TAG,
    SUCCEEDED,
    Sequence,
)


class StartConfig(dg.Config):
    """What can be chosen where a sequence is started by hand."""

    from_step: int = Field(
        default=1, ge=1, description="Number of the first step; those before it are left out."
    )


def build_sequence_job(sequence: Sequence) -> dg.JobDefinition:
    """The job that starts a round. Its run is over at once: the sensor does the rest.

    Args:
        sequence: the sequence.
    """

    @dg.op(name=f"start_{sequence.name}", description="Starts a round of the sequence.")
    def start(context: dg.OpExecutionContext, config: StartConfig) -> None:
        if config.from_step > len(sequence.steps):
            raise dg.Failure(
                f"{sequence.name} has {len(sequence.steps)} steps: there is no step "
                f"{config.from_step}",
                allow_retries=False,
            )
        other = round_under_way(context.instance, sequence, but_for=context.run_id)
        if other is not None:
            raise dg.Failure(
                f"{told(sequence, other)}\nWait for its end, or cancel the runs of its syncs.",
                metadata={"pgsync/under_way": dg.MetadataValue.dagster_run(other.run_id)},
                allow_retries=False,
            )
        begun = {END_TAG: OPEN, STATE_TAG: "starts", FROM_TAG: str(config.from_step)}
        context.instance.add_run_tags(context.run_id, begun)
        context.log.info(
            f"A round of {sequence.name} has begun. The sensor `sequences` requests its runs; the "
            f"asset {sequence.key.to_user_string()} shows how it goes."
        )

    @dg.job(
        name=sequence.job_name,
        tags={SEQUENCE_TAG: sequence.name},
        description=f"Starts the sequence `{sequence.name}`.",
    )
    def job() -> None:
        start()

    return job


def build_sequence_schedule(
    sequence: Sequence, job: dg.JobDefinition, schedule: ScheduleConfig
) -> dg.ScheduleDefinition:
    """The schedule that starts a round, unless the one before is still under way.

    Args:
        sequence: the sequence.
        job: that starts it.
        schedule: when; not one with `after`.

    Raises:
        ConfigurationError: it has no times of its own.
    """
    recurrence = schedule.recurrence
    if recurrence is None:
        raise ConfigurationError(
            f"sequence {sequence.name}: `after` has no times of its own",
            "make what it waits for the first step",
        )
    crons = recurrence.crons

    @dg.schedule(
        name=sequence.job_name,
        job=job,
        cron_schedule=crons if len(crons) > 1 else crons[0],
        execution_timezone=recurrence.cron_zone,
        default_status=dg.DefaultScheduleStatus(schedule.status),
        description=f"Starts the sequence `{sequence.name}`: {in_words(recurrence)}.",
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        skipped = recurrence.skipped(context.scheduled_execution_time)
        if skipped is not None:
            return dg.SkipReason(skipped)
        other = round_under_way(context.instance, sequence)
        return dg.SkipReason(told(sequence, other)) if other else dg.RunRequest()

    return tick


def build_sequence_check(sequence: Sequence) -> dg.AssetChecksDefinition:
    """The check that is told with the end of each round; executed, it tells the last end again.

    Args:
        sequence: the sequence.
    """

    @dg.asset_check(
        asset=sequence.key,
        name=CHECK,
        description="The last round brought every sync to its end.",
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        ended = {SEQUENCE_TAG: sequence.name, END_TAG: [SUCCEEDED, FAILED]}
        filters = dg.RunsFilter(job_name=sequence.job_name, tags=ended)
        runs = context.instance.get_runs(filters, limit=1)
        if not runs:
            return dg.AssetCheckResult(passed=True, description="No round has ended yet.")
        tags = runs[0].tags
        return dg.AssetCheckResult(
            passed=tags[END_TAG] == SUCCEEDED,
            description=tags.get(STATE_TAG),
            metadata={"pgsync/run": dg.MetadataValue.dagster_run(runs[0].run_id)},
        )

    return check


def round_under_way(
    instance: dg.DagsterInstance, sequence: Sequence, *, but_for: str | None = None
) -> DagsterRun | None:
    """The run of a round that has not ended, or is about to begin.

    Of two that begin at once, the one that was made first has its way: it sees no other one, as a
    round is open only from its own look on.

    Args:
        instance: that has the runs.
        sequence: the sequence.
        but_for: id of the run that asks.
    """
    named = {SEQUENCE_TAG: sequence.name}
    opened = dg.RunsFilter(job_name=sequence.job_name, tags={**named, END_TAG: OPEN})
    beginning = dg.RunsFilter(job_name=sequence.job_name, tags=named, statuses=UNFINISHED)
    records = [
        *(r for r in instance.get_run_records(opened) if r.dagster_run.status not in _DEAD),
        *instance.get_run_records(beginning),
    ]
    mine = next((r.storage_id for r in records if r.dagster_run.run_id == but_for), None)
    for record in records:
        run = record.dagster_run
        is_open = run.tags.get(END_TAG) == OPEN
        if run.run_id != but_for and (is_open or mine is None or record.storage_id < mine):
            return run
    return None


_DEAD = (DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)  # before their round began


def told(sequence: Sequence, run: DagsterRun) -> str:
    """That a round is under way, in words.

    Args:
        sequence: the sequence.
        run: that started the round.
    """
    state = run.tags.get(STATE_TAG, "about to start")
    return f"{sequence.name} is under way already ({state}): run {run.run_id}"
