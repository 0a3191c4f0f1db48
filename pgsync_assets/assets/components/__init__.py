"""What can be written in a `defs.yaml`."""

from .connections import PgConnectionsComponent
from .schedule import PgScheduleComponent
from .source_changed import PgSourceChangedComponent
from .sync import PgSyncComponent

__all__ = [
    "PgConnectionsComponent",
    "PgScheduleComponent",
    "PgSourceChangedComponent",
    "PgSyncComponent",
]
