"""A run that has everything a page can show, with markup wherever somebody else's text is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pgsync_assets.cli.report_page import Shown
from pgsync_assets.outcome import Change, Counts
from pgsync_assets.record import RunPage, RunRow
from pgsync_assets.record.run_page import LoggedChange, ReasonLine, SentText
from pgsync_assets.sent import SentBatch

MARKUP = "</style><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\"'\x1b[31m\u202e"
AT = dt.datetime(2024, 5, 2, 7, 30, tzinfo=dt.timezone.utc)
LONG = "a_very_long_name_without_any_place_to_break_it_" * 4


def batch(number: int, **changes: Any) -> SentBatch:
    """A batch that took a tenth of a second."""
    values: dict[str, Any] = {
        "batch": number,
        "attempt": 1,
        "started_at": AT + dt.timedelta(seconds=number / 10),
        "seconds": 0.1,
        "first_row": 1000 * (number - 1),
        "last_row": 1000 * number,
        "rows": 1000,
        "removals": 0,
        "rejected": 0,
        "bytes": 50_000,
        "status": "committed",
        "sqlstate": None,
        "error": None,
        "statements": 4,
    }
    return SentBatch(**values | changes)


def run_row(number: int, status: str = "succeeded", rows: int = 10) -> RunRow:
    """A run of the past."""
    counts = Counts(rows)
    return RunRow(number, "orders", "", status, AT, AT, counts, counts, 0, "public.orders", None)


def full_page(status: str = "succeeded", **changes: Any) -> RunPage:
    """Everything at once."""
    recorded = {
        f"num_{kind}_{verb}": 1000 * place
        for place, kind in enumerate(("failed", "succeeded", "attempted", "planned"), 1)
        for verb in ("add", "change", "remove")
    } | {
        "status": status,
        "error": f"the server said {MARKUP}",
        "model_name": f"model {MARKUP}",
        "destination_table": f"public.{LONG}",
        "primary_key": MARKUP,
        "partition": MARKUP,
        "run_by": MARKUP,
        "seconds": {"advance": 0.5, "write": 200, "plan": 3, "total": 203.5},
        "num_parked": 3,
        "bytes": 10_000_000,
    }
    failed = batch(
        7, started_at=AT + dt.timedelta(seconds=0.65), rows=0, status="rolled_back",
        sqlstate="40001", error=f"{MARKUP}{LONG}",
    )  # fmt: skip
    values: dict[str, Any] = {
        "run_id": 7,
        "sync": "orders",
        "connection": MARKUP,
        "recorded": recorded,
        "planned": {"status": "settled", "is_full": False},
        "started_at": AT,
        "planned_at": AT + dt.timedelta(seconds=3),
        "ended_at": AT + dt.timedelta(seconds=203),
        "batches": (
            batch(0, rows=0),
            *(batch(n) for n in range(1, 7)),
            failed,
            batch(7, attempt=2, rejected=5),
            *(batch(n) for n in range(8, 2000)),
        ),
        "texts": (SentText(f"INSERT INTO {LONG}\n{MARKUP}", [MARKUP], 2000, 100.0, 1),),
        "reasons": (ReasonLine("23514", f"constraint {MARKUP}", 5, [MARKUP, LONG, "3"]),),
        "changes": (
            LoggedChange(
                Change(MARKUP, "changed", {MARKUP: MARKUP, "a": None}, {MARKUP: LONG, "a": ""}),
                "failed",
            ),
            LoggedChange(Change(LONG, "removed", {"a": LONG}, None), "succeeded"),
        ),
        "recent": (run_row(7), run_row(6, "failed"), run_row(5, "held"), run_row(4, rows=0)),
    }
    return RunPage(**values | changes)


def shown(page: RunPage) -> Shown:
    """The page of a run of a sync that the project does not have any more."""
    return Shown(page, None, None, AT)
