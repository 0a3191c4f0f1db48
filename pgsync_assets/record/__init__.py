"""What happened: the schema `hightouch_audit`, row by row and run by run."""

from .audit import Audit, Fate
from .report import FailedRow, RunReport, RunRow, recent_runs, run_report, wrong_sums

__all__ = [
    "Audit",
    "FailedRow",
    "Fate",
    "RunReport",
    "RunRow",
    "recent_runs",
    "run_report",
    "wrong_sums",
]
