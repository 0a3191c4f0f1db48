"""What can be written in a `defs.yaml`."""

from .alerts import PgAlertsComponent
from .columns import PgColumnsComponent
from .connections import PgConnectionsComponent
from .maintenance import PgMaintenanceComponent
from .plans_approved import PgPlansApprovedComponent
from .schedule import PgScheduleComponent
from .sequence import PgSequenceComponent
from .source_changed import PgSourceChangedComponent
from .sync import PgSyncComponent

__all__ = [
    "PgAlertsComponent",
    "PgColumnsComponent",
    "PgConnectionsComponent",
    "PgMaintenanceComponent",
    "PgPlansApprovedComponent",
    "PgScheduleComponent",
    "PgSequenceComponent",
    "PgSourceChangedComponent",
    "PgSyncComponent",
]
