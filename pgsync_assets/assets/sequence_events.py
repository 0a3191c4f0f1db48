"""What the asset of a sequence is told about a round: each step as it begins, and the end."""

from __future__ import annotations

import time
from collections.abc import Iterator

import dagster as dg
from dagster import DagsterRun, RunRecord

from .metadata import Metadata
from .sequence import CHECK, OPEN, SUCCEEDED
from .sequence_round import Round, Turn

Event = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


def events(found: Round, start: DagsterRun, words: str) -> Iterator[Event]:
    """What is new about a round.

    A round that came to its last step is a materialisation; one that is under way or was stopped
    an observation. The end is also what the check says.

    Args:
        found: where the round is.
        start: the run that started it.
        words: where it is.
    """
    metadata = _metadata(found, start, words)
    kind = dg.AssetObservation if found.end == OPEN or found.stopped else dg.AssetMaterialization
    yield kind(found.sequence.key, description=words, metadata=metadata)
    if found.end != OPEN:
        yield dg.AssetCheckEvaluation(
            asset_key=found.sequence.key,
            check_name=CHECK,
            passed=found.end == SUCCEEDED,
            description=words,
            metadata=metadata,
        )


def _metadata(found: Round, start: DagsterRun, words: str) -> Metadata:
    """Every sync with its run, and links to those that went wrong."""
    links = {
        f"pgsync/failed_{turn.member.sync}": dg.MetadataValue.dagster_run(
            turn.record.dagster_run.run_id
        )
        for turn in found.failed
        if turn.record
    }
    return {
        "pgsync/sequence_state": words,
        "pgsync/syncs": dg.MetadataValue.table([_row(turn) for turn in found.turns], _SCHEMA),
        "pgsync/started_by": dg.MetadataValue.dagster_run(start.run_id),
        "pgsync/syncs_failed": len(found.failed),
        **links,
        **(_seconds(found) if found.end != OPEN else {}),
    }


_SCHEMA = dg.TableSchema(
    [
        dg.TableColumn("step", "int"),
        dg.TableColumn("sync"),
        dg.TableColumn("status"),
        dg.TableColumn("seconds", "float"),
        dg.TableColumn("run"),
    ]
)


def _row(turn: Turn) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "step": turn.step,
            "sync": turn.member.sync,
            "status": turn.status,
            "seconds": _took(turn.record) if turn.record else None,
            "run": turn.record.dagster_run.run_id[:8] if turn.record else "",
        }
    )


def _took(record: RunRecord) -> float | None:
    if record.start_time is None:
        return None
    return round((record.end_time or time.time()) - record.start_time, 1)


def _seconds(found: Round) -> Metadata:
    """From the first run of the round to the end of its last one."""
    records = [turn.record for turn in found.turns if turn.record]
    began = [record.start_time for record in records if record.start_time]
    ended = [record.end_time for record in records if record.end_time]
    return {"pgsync/seconds": round(max(ended) - min(began), 1)} if began and ended else {}
