"""Runs of a sync in processes of their own, to be killed and stopped."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from typing import IO, Any

import pytest

from pgsync_assets.config import ModelConfig
from pgsync_assets.record import own_table

from .fix_databases import Side
from .fix_syncs import Syncs, connection_of


class Child:
    """The process of `faults/child.py`; its answers are read line by line."""

    def __init__(self, most_bytes: int | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pgsync_assets_tests.faults.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if most_bytes is not None:  # of address space
            resource.prlimit(self._process.pid, resource.RLIMIT_AS, (most_bytes, most_bytes))

    def start(
        self,
        syncs: Syncs,
        failpoint: str | None = None,
        partition: str | None = None,
        plan_id: int | None = None,
        known: tuple[str, ...] | None = None,
        old: str | None = None,
        part: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Starts a run, applies a plan, or moves the state of an old name, in a fork of it.

        `answer` tells what becomes of it.
        """
        pair = syncs.pair
        sides = {"shop": pair.source, "crm": pair.destination}
        if syncs.platform:
            sides["platform"] = syncs.platform
        more = {"shop": syncs.source, "crm": syncs.destination, "platform": syncs.at_platform}
        order = {
            "sync": syncs.config(**fields).model_dump(mode="json"),
            "endpoints": {
                name: connection_of(side, **more.get(name, {})).model_dump(mode="json")
                for name, side in sides.items()
            },
            "environment": {"TEST_PASSWORD": pair.source.password},
            "partition": partition,
            "plan_id": plan_id,
            "known": known,
            "old": old,
            "part": part or {},
            "failpoint": failpoint,
            "own_table": own_table.OWN_TABLE,
        }
        self._send(order)

    def deliver(
        self, side: Side, rows: list[dict[str, Any]], failpoint: str | None, **delivery: Any
    ) -> None:
        """Starts a delivery in a fork of it; `answer` tells what becomes of it."""
        self._send(
            {
                "rows": rows,
                "delivery": delivery,
                "endpoints": {"crm": connection_of(side).model_dump(mode="json")},
                "environment": {"TEST_PASSWORD": side.password},
                "failpoint": failpoint,
            }
        )

    def load(self, side: Side, model: ModelConfig, failpoint: str | None) -> None:
        """Starts to load a file in a fork of it; `answer` tells what becomes of it."""
        self._send(
            {
                "model": model.model_dump(mode="json", exclude_defaults=True),
                "endpoints": {"platform": connection_of(side).model_dump(mode="json")},
                "environment": {"TEST_PASSWORD": side.password},
                "failpoint": failpoint,
            }
        )

    def _send(self, order: dict[str, Any]) -> None:
        pipe(self._process.stdin).write(json.dumps(order) + "\n")
        pipe(self._process.stdin).flush()

    def answer(self) -> tuple[str, int]:
        """`("exit", code)` or `("stopped", pid)`."""
        what, _, number = pipe(self._process.stdout).readline().partition(" ")
        return what, int(number)

    def run(self, syncs: Syncs, *order: Any, **fields: Any) -> int:
        """Runs to the end. Exit code; negative: the signal that killed it."""
        self.start(syncs, *order, **fields)
        what, code = self.answer()
        assert what == "exit"
        return code

    def close(self) -> None:
        """Ends the process."""
        for stream in (self._process.stdin, self._process.stdout):
            pipe(stream).close()
        self._process.wait()


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


@pytest.fixture(scope="session")
def child() -> Iterator[Child]:
    """One process for the whole test run: importing the engine is what takes time."""
    process = Child()
    yield process
    process.close()
