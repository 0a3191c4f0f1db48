"""What changed: the schema `hightouch_planner`, its lock, its plans and its snapshots."""

from ..connect import Session, migrate
from . import convert, keys
from .across import Across
from .advance import Advance
from .batches import Cut
from .carry import carry
from .diff import Diff
from .differences import differences
from .digest import Algorithm, newest_algorithm
from .forget import drop, forget
from .guard import accident
from .held import HeldPlan, PlanRecord, approve, content_of, find_plan, held_plans, note
from .in_place import InPlace
from .invalid_keys import invalid_keys
from .lock import Lock, locked
from .platform_keys import check_platform_keys
from .preview import Preview
from .reading import Question, Reading
from .refused_rows import (
    Chosen,
    RefusedReason,
    RefusedRow,
    RefusedStatus,
    forget_accepted,
    forget_others,
    parked_rows,
    refused_rows,
    refused_status,
    release,
    settle_refused,
)
from .run import Batches, Plan, Run
from .scope import Scope
from .shape import Shape
from .state import Planner, State
from .storage import STORAGES, Storage


def prepare(session: Session, schema: str) -> Planner:
    """Opens the planner, creating or migrating its schema first.

    Args:
        session: on the database that holds it.
        schema: its name.

    Raises:
        PrivilegeError: the schema does not exist and may not be created.
        SchemaVersionError: it was written by a newer version.
    """
    migrate(session, schema, __name__)
    return Planner(session, schema)


__all__ = [
    "Across",
    "Advance",
    "Algorithm",
    "Batches",
    "Cut",
    "Chosen",
    "Diff",
    "HeldPlan",
    "InPlace",
    "Lock",
    "Plan",
    "PlanRecord",
    "Planner",
    "Preview",
    "Question",
    "Reading",
    "RefusedReason",
    "RefusedRow",
    "RefusedStatus",
    "Run",
    "STORAGES",
    "Scope",
    "Shape",
    "State",
    "Storage",
    "accident",
    "approve",
    "carry",
    "check_platform_keys",
    "content_of",
    "convert",
    "differences",
    "drop",
    "find_plan",
    "forget",
    "forget_accepted",
    "forget_others",
    "held_plans",
    "invalid_keys",
    "keys",
    "locked",
    "newest_algorithm",
    "note",
    "parked_rows",
    "prepare",
    "refused_rows",
    "refused_status",
    "release",
    "settle_refused",
]
