"""Make it so: the destination table, the ledger, and batches that are in or are not."""

from .arbiter import find_arbiter, nullable
from .batch import BatchWriter
from .cascades import cascades
from .create import Making, fitting_target, untaken
from .distant_ledger import DistantLedger, check_replay
from .fit import fit
from .job import Job
from .ledger import Entry, Ledger, Reject
from .ledger_rights import ledger_problem
from .look import look
from .rows import PlanRows
from .target import Target, read_target

__all__ = [
    "BatchWriter",
    "DistantLedger",
    "Entry",
    "Job",
    "Ledger",
    "Making",
    "PlanRows",
    "Reject",
    "Target",
    "cascades",
    "check_replay",
    "find_arbiter",
    "fit",
    "fitting_target",
    "ledger_problem",
    "look",
    "nullable",
    "read_target",
    "untaken",
]
