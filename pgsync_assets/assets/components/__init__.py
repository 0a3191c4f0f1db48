"""What can be written in a `defs.yaml`."""

from .connections import PgConnectionsComponent
from .plans_approved import PgPlansApprovedComponent
from .schedule import PgScheduleComponent
from .source_changed import PgSourceChangedComponent
from .sync import PgSyncComponent

__all__ = [
    "PgConnectionsComponent",
    "PgPlansApprovedComponent",
    "PgScheduleComponent",
    "PgSourceChangedComponent",
    "PgSyncComponent",
]
