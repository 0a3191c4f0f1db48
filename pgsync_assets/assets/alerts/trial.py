"""A job that sends a message through each channel: before somebody relies on it."""

import os
import time

import dagster as dg
from pydantic import Field

from ...alerts import Alert
from ...alerts.message import message_of
from .outbox import Pending, deliver
from .sensor import Alerting


class ChannelTestConfig(dg.Config):
    """Which channels are tested."""

    channels: list[str] = Field(
        default_factory=list, description="Names of channels; default: all of the component."
    )


def build_test_job(alerting: Alerting) -> dg.JobDefinition:
    """The job `test_<name>`.

    Args:
        alerting: whose channels are tested.
    """

    @dg.op(name=f"send_{alerting.name}")
    def send(context: dg.OpExecutionContext, config: ChannelTestConfig) -> None:
        names = config.channels or list(alerting.channels)
        unknown = sorted(set(names) - set(alerting.channels))
        if unknown:
            raise dg.Failure(
                f"there is no channel named {', '.join(unknown)}; "
                f"there is {', '.join(alerting.channels)}",
                allow_retries=False,
            )
        now = time.time()
        message = message_of(alerting.name, now, [_alert(alerting, context.run.run_id, now)])
        pending = [Pending(name, message.dumps(), now) for name in names]
        delivery = deliver(pending, alerting.channels, os.environ, now)
        for name in delivery.sent:
            context.log.info(f"channel {name!r} has taken the message")
        if delivery.errors:
            told = [error.split(";")[0] for error in delivery.errors]
            raise dg.Failure("\n".join(told), allow_retries=False)

    @dg.job(
        name=f"test_{alerting.name}",
        description="Sends a test message through each channel of the alerts.",
        executor_def=dg.in_process_executor,
    )
    def test_alerts() -> None:
        send()

    return test_alerts


def _alert(alerting: Alerting, run_id: str, now: float) -> Alert:
    url = alerting.url
    return Alert(
        rule="test",
        when="test",
        state="test",
        severity="info",
        subject=alerting.name,
        summary="This channel works. Alerts of pgsync_assets come here.",
        since=now,
        incident=f"{alerting.name}/test/{run_id}",
        run_id=run_id,
        run_url=f"{url}/runs/{run_id}" if url else None,
    )
