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
from .find_row import PlannedRow, SentRow, StateOf, asked, planned_row, sent_row, states_of
from .forget import drop, forget
from .guard import accident
from .held import HeldPlan, PlanRecord, approve, content_of, find_plan, held_plans, note
from .holder import Holder, find_holder
from .in_place import InPlace
from .incarnation import Incarnation
from .invalid_keys import invalid_keys
from .lock import Lock, await_turn, held_locks, lock_key, locked
from .part import Part
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
    keyless_rows,
    parked_rows,
    plainly,
    refused_rows,
    refused_status,
    release,
    settle_refused,
    silent_rows,
)
from .rename import renamed
from .retention import needed_runs, old_runs, prune_rejections, prune_runs
from .run import Batches, Plan, Run
from .scope import Scope
from .shape import Shape
from .sides import Sides
from .state import Planner, State
from .storage import STORAGES, Storage
from .streamed import PLACE, Streamed, between, unplan
from .survey import KnownState, Neighbour, PlannerId, neighbours, survey


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
    "Holder",
    "InPlace",
    "Incarnation",
    "KnownState",
    "Lock",
    "Neighbour",
    "PLACE",
    "Part",
    "Plan",
    "PlanRecord",
    "PlannedRow",
    "PlannerId",
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
    "SentRow",
    "Shape",
    "Sides",
    "State",
    "StateOf",
    "Streamed",
    "Storage",
    "accident",
    "approve",
    "asked",
    "await_turn",
    "between",
    "carry",
    "check_platform_keys",
    "content_of",
    "convert",
    "differences",
    "drop",
    "find_holder",
    "find_plan",
    "forget",
    "forget_accepted",
    "forget_others",
    "held_locks",
    "held_plans",
    "invalid_keys",
    "keyless_rows",
    "keys",
    "lock_key",
    "locked",
    "needed_runs",
    "neighbours",
    "newest_algorithm",
    "note",
    "old_runs",
    "parked_rows",
    "plainly",
    "planned_row",
    "prepare",
    "prune_rejections",
    "prune_runs",
    "refused_rows",
    "refused_status",
    "release",
    "renamed",
    "sent_row",
    "settle_refused",
    "silent_rows",
    "states_of",
    "survey",
    "unplan",
]
