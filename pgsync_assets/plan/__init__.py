"""What changed: the schema `hightouch_planner`, its lock, its plans and its snapshots."""

from ..connect import Session, migrate
from . import keys
from .advance import Advance
from .diff import Diff
from .guard import guard
from .invalid_keys import invalid_keys
from .lock import Lock, locked
from .preview import preview
from .shape import Shape
from .state import Plan, Planner, Run, State


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
    "Advance",
    "Diff",
    "Lock",
    "Plan",
    "Planner",
    "Run",
    "Shape",
    "State",
    "guard",
    "invalid_keys",
    "keys",
    "locked",
    "prepare",
    "preview",
]
