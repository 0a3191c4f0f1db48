"""A run that found another one of its sync under way, as tag and metadata."""

from __future__ import annotations

import dagster as dg

from ..errors import AlreadyRunning
from .metadata import Metadata

ALREADY_RUNNING_TAG = "pgsync/already_running"
"""Tag of a run that did nothing, with the name of the sync that another run has in hand."""

DAGSTER_RUN = "Dagster run"


def running_metadata(error: AlreadyRunning) -> Metadata:
    """Who has the sync in hand, and since when; a run of Dagster as a link to it.

    Args:
        error: what is known of it.
    """
    kind, _, run_id = (error.by or "").rpartition(" ")
    link = {"pgsync/running_in": dg.MetadataValue.dagster_run(run_id)}
    since = error.since and dg.MetadataValue.timestamp(error.since.timestamp())
    return {
        "pgsync/already_running": error.message,
        **({"pgsync/running_by": error.by} if error.by else {}),
        **(link if kind == DAGSTER_RUN else {}),
        **({"pgsync/running_since": since} if since else {}),
    }
