"""Dagster's own launcher of runs, which also notices that a run's server is gone.

Dagster's run monitoring asks a launcher whether the process of a run still lives, and its default
launcher cannot tell: a run whose machine or `dagster dev` was stopped in the middle stays `Started`
for ever, and whoever waits for its end (a sensor, a pool) waits with it.
"""

from __future__ import annotations

import json
import socket

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

CONNECT_TIMEOUT_S = 5.0
_ALIVE = CheckRunHealthResult(WorkerStatus.RUNNING)


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Runs are child processes of their code server, and end with it.

    A server that lives reports the death of a child itself, so that a look at the server is all
    that is missing. Only certainty counts: a server that is merely slow keeps its runs.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes, unlike the launcher that this one is."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the server that has started a run is still there.

        Args:
            run: in status `STARTED`.

        Returns:
            `FAILED` when nobody listens at the server's address any more; else `RUNNING`, also
            where the run has no server (it runs inside some Python process).
        """
        server = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
        if not server or _listens(server):
            return _ALIVE
        return CheckRunHealthResult(
            WorkerStatus.FAILED, "the code server that ran it has been stopped"
        )


def _listens(server: dict[str, object]) -> bool:
    try:
        with _connected(server):
            return True
    except (ConnectionRefusedError, FileNotFoundError):
        return False
    except OSError:
        return True  # slow or out of reach: nobody knows


def _connected(server: dict[str, object]) -> socket.socket:
    path = server.get("socket")
    if path is None:
        address = (str(server["host"]), int(str(server["port"])))
        return socket.create_connection(address, CONNECT_TIMEOUT_S)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(CONNECT_TIMEOUT_S)
    try:
        client.connect(str(path))
    except OSError:
        client.close()
        raise
    return client
