"""Which message is sent when: what Dagster's records say of syncs, against the rules."""

from .sensor import build_alert_sensor
from .trial import build_test_job

__all__ = ["build_alert_sensor", "build_test_job"]
