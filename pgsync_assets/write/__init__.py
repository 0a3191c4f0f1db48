"""Make it so: the destination table, the ledger, and batches that are in or are not."""

from .arbiter import find_arbiter, nullable
from .batch import BatchWriter
from .cascades import cascades
from .create import Making, find_there, fitting_target, untaken
from .deliveries import Deliveries, KnownDelivery, Offered
from .distant_ledger import DistantLedger, check_replay
from .entries import LedgerEntry, drop_entries, ledger_entries
from .fit import fit, longest_texts
from .into import Into
from .job import Job
from .kind import TABLE
from .ledger import UNWRITTEN, Entry, Ledger, Reject, other_history
from .ledger_rights import ledger_problem
from .look import look
from .lossy import lossy_columns
from .modes import mode_of
from .never_sent import NeverSent, never_sent
from .reject import SAID, SILENT
from .rights import check_rights, rights_of, written
from .rows import PlanRows, Rows
from .same_table import incarnation
from .source_rows import SourceRows
from .stamps import stamped
from .suggest import MappingLine, arrival, suggest
from .taken import Taken
from .target import Target, TargetColumn, find_target, own_model, read_target
from .trace import Step, Trace, TracedBatch
from .types import MICROSECONDS, numeric_modifier

__all__ = [
    "BatchWriter",
    "DistantLedger",
    "Deliveries",
    "Entry",
    "Into",
    "Job",
    "Ledger",
    "KnownDelivery",
    "LedgerEntry",
    "MICROSECONDS",
    "NeverSent",
    "Making",
    "Offered",
    "PlanRows",
    "MappingLine",
    "Reject",
    "Rows",
    "SAID",
    "SILENT",
    "SourceRows",
    "Step",
    "TABLE",
    "Taken",
    "Target",
    "TargetColumn",
    "Trace",
    "TracedBatch",
    "UNWRITTEN",
    "arrival",
    "cascades",
    "drop_entries",
    "check_rights",
    "check_replay",
    "find_arbiter",
    "find_target",
    "fit",
    "find_there",
    "fitting_target",
    "incarnation",
    "ledger_entries",
    "ledger_problem",
    "longest_texts",
    "never_sent",
    "look",
    "mode_of",
    "nullable",
    "other_history",
    "numeric_modifier",
    "lossy_columns",
    "own_model",
    "read_target",
    "rights_of",
    "stamped",
    "suggest",
    "untaken",
    "written",
]
