"""What syncs did, told in the destination: for its owner, who need not see the source."""

from .about import About, about_sync, about_writer
from .ended import Ended
from .log import Known, Log, prepare_log
from .prune import prune
from .rights import log_problem
from .run_log import Done, Refused, RunLog
from .telling import sqlstate_of, untold

__all__ = [
    "About",
    "Done",
    "Ended",
    "Known",
    "Log",
    "Refused",
    "RunLog",
    "about_sync",
    "about_writer",
    "log_problem",
    "prepare_log",
    "prune",
    "sqlstate_of",
    "untold",
]
