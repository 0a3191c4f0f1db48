"""Schedules over syncs, partitioned ones included: one for all that run at the same times."""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import takewhile

import dagster as dg

# The ticks that Dagster's daemon makes: what is told of the next one, and what comes, are the same.
from dagster._utils.schedules import schedule_execution_time_iterator

from ..config import ScheduleConfig, SyncConfig
from ..config.recurrence import Recurrence
from ..config.recurrence_words import in_words, names_of
from ..errors import ConfigurationError
from .run_requests import name_of_run, run_request, runs_of, under_way
from .specs import SyncSpecs

_SHOWN = 10
_HORIZON = dt.timedelta(days=9 * 366)
"""The longest wait for a 29th of February."""


def build_sync_schedule(
    name: str,
    target: dg.AssetSelection,
    schedule: ScheduleConfig,
    *,
    description: str | None = None,
) -> dg.ScheduleDefinition:
    """A schedule that runs all of its syncs, a run for each, partitioned ones with all partitions.

    A sync whose last run has not ended is left out of the tick: runs never pile up.

    Args:
        name: name of the schedule.
        target: which assets.
        schedule: when; not one with `after`.
        description: default: when, in words.

    Raises:
        ConfigurationError: it has no times of its own.
    """
    recurrence = schedule.recurrence
    if recurrence is None:
        raise ConfigurationError(
            f"{name}: `after` has no times of its own", "write it as the `schedule:` of a sync"
        )

    crons = recurrence.crons

    @dg.schedule(
        name=name,
        target=target,
        cron_schedule=crons if len(crons) > 1 else crons[0],
        execution_timezone=recurrence.cron_zone,
        default_status=dg.DefaultScheduleStatus(schedule.status),
        description=description or f"{_sentence(recurrence)}.",
    )
    def tick(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        skipped = recurrence.skipped(context.scheduled_execution_time)
        if skipped is not None:
            yield dg.SkipReason(skipped)
            return
        requests, left_out = _requests(context, target)
        yield from requests
        for reason in left_out:
            context.log.info(reason)
        if not requests:
            yield dg.SkipReason("; ".join(left_out[:_SHOWN]) or "there is nothing to run")

    return tick


def _requests(
    context: dg.ScheduleEvaluationContext, target: dg.AssetSelection
) -> tuple[list[dg.RunRequest], list[str]]:
    """The runs of a tick, and what is left out of it, with the reason."""
    repository, requests, left_out = context.repository_def, [], []
    busy = under_way(context.instance, repository)
    for keys in runs_of(repository, target.resolve(repository.asset_graph)):
        name = name_of_run(repository, keys)
        request = run_request(repository, keys, run_key=name)  # tells the runs of a tick apart
        if not busy.isdisjoint(keys):
            left_out.append(f"{name}: the last run has not ended")
        elif request is None:
            left_out.append(f"{name}: its first partition is yet to come")
        else:
            requests.append(request)
    return requests, left_out


def build_schedules(syncs: Iterable[tuple[SyncConfig, SyncSpecs]]) -> list[dg.ScheduleDefinition]:
    """The schedules of syncs that have a `schedule:` with times: one for all with the same ones.

    Args:
        syncs: all syncs of a project, with their assets.
    """
    alike: dict[tuple[Recurrence, str], list[tuple[SyncConfig, SyncSpecs]]] = {}
    for sync, specs in syncs:
        recurrence = sync.schedule.recurrence if sync.schedule else None
        if sync.schedule is not None and recurrence is not None:
            alike.setdefault((recurrence, sync.schedule.status), []).append((sync, specs))
    names = names_of({recurrence for recurrence, _ in alike})
    return [_of_all(names[recurrence], together) for (recurrence, _), together in alike.items()]


def _of_all(name: str, together: list[tuple[SyncConfig, SyncSpecs]]) -> dg.ScheduleDefinition:
    schedule = together[0][0].schedule
    assert schedule and schedule.recurrence  # noqa: S101 - only those that have one are here
    keys = [spec.key for _, specs in together for spec in specs.written]
    syncs = listed([sync.name for sync, _ in together])
    return build_sync_schedule(
        name if schedule.status == "RUNNING" else f"{name}_stopped",
        dg.AssetSelection.assets(*keys),
        schedule,
        description=f"{_sentence(schedule.recurrence)}: {syncs}.",
    )


def _sentence(recurrence: Recurrence) -> str:
    words = in_words(recurrence)
    return words[0].upper() + words[1:]


def listed(names: list[str]) -> str:
    """Names as a text that stays short.

    Args:
        names: of syncs.
    """
    more = len(names) - _SHOWN
    return ", ".join(sorted(names)[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def next_tick(schedule: ScheduleConfig, after: dt.datetime) -> dt.datetime | None:
    """When a schedule runs next, whether or not it is switched on.

    Args:
        schedule: of a sync.
        after: a moment, with its time zone.

    Returns:
        The next moment behind it that counts, in the zone of the schedule; None where others decide
        (`after`), or where it does not run again.
    """
    recurrence = schedule.recurrence
    if recurrence is None:
        return None
    ticks = schedule_execution_time_iterator(
        after.timestamp(), recurrence.crons, recurrence.cron_zone
    )
    near = takewhile(lambda tick: tick < after + _HORIZON, ticks)
    return next((tick for tick in near if tick > after and recurrence.admits(tick)), None)
