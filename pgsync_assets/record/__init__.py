"""What happened: the schema `hightouch_audit`, row by row and run by run."""

from .audit import Audit, Fate
from .batches import sent_batches, sent_statements
from .circumstances import Circumstances, Error, Spent
from .ended import ended_runs
from .forget_row import Found, added_up
from .former_names import add_former_name, former_names
from .identities import WrongSum, wrong_sums
from .prune import Say, prune
from .pruned import Place, Pruned, PrunedTable, place_of
from .report import (
    FailedRow,
    LastRun,
    RunReport,
    RunRow,
    last_runs,
    recent_runs,
    run_report,
)
from .row_history import RowHistory, Version, row_history, values_shown
from .run_page import RunPage, run_page, seen
from .sent import SentRecord
from .trend import Trend, trends

__all__ = [
    "Audit",
    "Circumstances",
    "Error",
    "FailedRow",
    "Fate",
    "Found",
    "LastRun",
    "Place",
    "Pruned",
    "PrunedTable",
    "RowHistory",
    "RunPage",
    "RunReport",
    "RunRow",
    "Spent",
    "Trend",
    "Say",
    "Version",
    "WrongSum",
    "SentRecord",
    "add_former_name",
    "ended_runs",
    "added_up",
    "former_names",
    "last_runs",
    "place_of",
    "prune",
    "recent_runs",
    "row_history",
    "run_page",
    "run_report",
    "seen",
    "trends",
    "values_shown",
    "sent_batches",
    "sent_statements",
    "wrong_sums",
]
