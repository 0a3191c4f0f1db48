"""Make it so: the destination table, the ledger, and batches that are in or are not."""

from .arbiter import find_arbiter, nullable
from .batch import BatchWriter
from .cascades import cascades
from .create import Making, fitting_target, untaken
from .deliveries import Deliveries, Offered
from .distant_ledger import DistantLedger, check_replay
from .fit import fit, longest_texts
from .into import Into
from .job import Job
from .kind import TABLE
from .ledger import Entry, Ledger, Reject, other_history
from .ledger_rights import ledger_problem
from .look import look
from .lossy import lossy_columns
from .modes import mode_of
from .rights import check_rights, rights_of, written
from .rows import PlanRows
from .suggest import MappingLine, arrival, suggest
from .target import Target, TargetColumn, own_model, read_target
from .types import MICROSECONDS, numeric_modifier

__all__ = [
    "BatchWriter",
    "DistantLedger",
    "Deliveries",
    "Entry",
    "Into",
    "Job",
    "Ledger",
    "MICROSECONDS",
    "Making",
    "Offered",
    "PlanRows",
    "MappingLine",
    "Reject",
    "TABLE",
    "Target",
    "TargetColumn",
    "arrival",
    "cascades",
    "check_rights",
    "check_replay",
    "find_arbiter",
    "fit",
    "fitting_target",
    "ledger_problem",
    "longest_texts",
    "look",
    "mode_of",
    "nullable",
    "other_history",
    "numeric_modifier",
    "lossy_columns",
    "own_model",
    "read_target",
    "rights_of",
    "suggest",
    "untaken",
    "written",
]
