"""A process that forks a run of a sync for each order it reads, so that the run can be killed.

It imports the engine once; a fork of it runs one sync and ends. An order is one line of JSON on
standard input (never an argument: it holds a password). The answer is one line for each thing that
happens to the fork: `stopped PID` or `exit CODE` (negative: the signal that killed it).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from pgsync_assets import frames, operations
from pgsync_assets import sync as engine
from pgsync_assets.config import ConnectionConfig, ModelConfig, SyncConfig
from pgsync_assets.connect import Endpoint
from pgsync_assets.delivery import Order, deliver
from pgsync_assets.errors import AlreadyRunning, FencedOff, PgsyncError
from pgsync_assets.failpoints import VARIABLE
from pgsync_assets.record import own_table

SUCCEEDED, FAILED, ALREADY_RUNNING, FENCED_OFF = 0, 1, 2, 3


def main() -> None:
    """Serves orders until standard input ends."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os._exit(obey(json.loads(line)))
        report(pid)


def report(pid: int) -> None:
    """Tells what happens to a fork, until it has ended."""
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            print(f"exit {os.waitstatus_to_exitcode(status)}", flush=True)
            return
        print(f"stopped {pid}", flush=True)


def obey(order: dict[str, Any]) -> int:
    """Does what was ordered, under a failpoint if the order names one."""
    if order["failpoint"]:
        os.environ[VARIABLE] = order["failpoint"]
    ends = {
        name: Endpoint(name, ConnectionConfig.model_validate(fields), order["environment"])
        for name, fields in order["endpoints"].items()
    }
    try:
        if "model" in order:
            load(order, ends["platform"])
        elif "rows" in order:
            deliver(Order(**order["delivery"]), order["rows"], ends["crm"])
        else:
            run(order, ends)
    except AlreadyRunning:
        return ALREADY_RUNNING
    except FencedOff:
        return FENCED_OFF
    except PgsyncError as error:
        print(error, file=sys.stderr)
        return FAILED
    return SUCCEEDED


def run(order: dict[str, Any], ends: dict[str, Endpoint]) -> None:
    """Runs a sync, applies a plan of it, or gives it the state of an old name."""
    own_table.OWN_TABLE = order["own_table"]  # as the test has it
    sync = SyncConfig.model_validate(order["sync"])
    partition = sync.partition_named(order["partition"]) if order["partition"] else None
    sides, where = (ends["shop"], ends["crm"]), (ends.get("platform"), partition)
    if order["old"]:
        operations.move(order["old"], sync, *sides, platform=where[0])
    elif order["plan_id"]:
        engine.apply(sync, *sides, order["plan_id"], platform=where[0], partition=where[1])
    else:
        more = {"known": order["known"], **order["part"]}
        engine.run(sync, *sides, platform=where[0], partition=where[1], **more)


def load(order: dict[str, Any], platform: Endpoint) -> None:
    """Loads the rows of a file."""
    model = ModelConfig.model_validate(order["model"])
    frames.load(platform, model, frames.read(model), by="child")


if __name__ == "__main__":
    main()
