"""Alerts as YAML."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg
from pydantic import BaseModel, Field, TypeAdapter, field_validator

from ...config import Name
from ...config.alerts import ChannelConfig, Link, RuleConfig
from ...config.validation import suggestion
from ...errors import ConfigurationError
from ..alerts import build_alert_sensor, build_test_job
from ..alerts.sensor import Alerting
from .help import YamlComponent
from .plain import plain, plain_by_name, plain_model
from .project_syncs import ProjectSyncs
from .scaffolders import AlertsScaffolder
from .sync import project_of

if TYPE_CHECKING:
    Channels = Mapping[str, ChannelConfig]
    Rules = Sequence[RuleConfig]
else:
    Channels = plain_by_name("channels", ChannelConfig, "Ways to people, by name.")
    Rules = plain(list[RuleConfig], "Who is told what, and when.")


@dg.scaffold_with(AlertsScaffolder)
class PgAlertsComponent(YamlComponent):
    """Tells people what needs them: a failed run, refused rows, a sync that is late.

    A sensor reads what Dagster has recorded, and sends one message to each channel that has
    something to hear: counts, SQLSTATEs, names and a link to the run, never values of rows. The job
    `test_<name>` sends a message through each channel.
    """

    name: str = Field(description="Name of the sensor.")
    channels: Channels
    rules: Rules
    dagster_url: str | None = Field(
        default=None,
        description="Where people open Dagster, as in https://dagster.example.com: messages link "
        "to the page of the run; may be `$NAME`.",
    )
    default_status: Literal["RUNNING", "STOPPED"] = Field(
        default="RUNNING", description="Of the sensor, until somebody turns it on or off."
    )

    @field_validator("dagster_url")
    @classmethod
    def _is_link(cls, value: str | None) -> str | None:
        return value and TypeAdapter(Link).validate_python(value)

    @classmethod
    def model(cls) -> type[BaseModel]:
        """What a `defs.yaml` of this component may hold; `dg` makes its JSON schema of it."""
        return plain_model(
            super().model(), channels=dict[Name, ChannelConfig], rules=list[RuleConfig]
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The sensor and the job. No database is asked, no variable is read.

        Raises:
            ConfigurationError: a rule names a channel or a sync that there is none of.
        """
        project = project_of(context)
        syncs = {sync.name: sync for sync in project.syncs}
        wrong = list(self._wrong(syncs))
        if wrong:
            raise ConfigurationError("\n".join(wrong))
        alerting = Alerting(
            self.name,
            self.channels,
            self.rules,
            self.dagster_url,
            {name: sync.freshness for name, sync in syncs.items() if sync.freshness},
            self._connections(project),
        )
        status = dg.DefaultSensorStatus(self.default_status)
        sensor = build_alert_sensor(alerting, default_status=status)
        return dg.Definitions(sensors=[sensor], jobs=[build_test_job(alerting)])

    def _connections(self, project: ProjectSyncs) -> dict[str, frozenset[str]]:
        """Connections of each sync, where a rule wants to know."""
        if not any(rule.when == "connection_failed" and rule.syncs for rule in self.rules):
            return {}
        return {sync.name: frozenset({sync.source, sync.destination}) for sync in project.syncs}

    def _wrong(self, syncs: Mapping[str, Any]) -> Iterator[str]:
        """What one rule cannot know."""
        titles = Counter(rule.title for rule in self.rules)
        for position, rule in enumerate(self.rules):
            at = f"rules[{position}]"
            if titles[rule.title] > 1:
                yield f"{at}: several rules are named {rule.title!r}; give each a `name`"
            for name in rule.channels:
                if name not in self.channels:
                    told = suggestion(name, self.channels)
                    yield f"{at}.channels: no channel is named {name!r}; {told}"
            for name in rule.syncs or ():
                if name not in syncs:
                    yield f"{at}.syncs: no sync is named {name!r}; {suggestion(name, syncs)}"
                elif rule.when == "did_not_run" and syncs[name].freshness is None:
                    yield f"{at}.syncs: {name!r} has no `freshness`, so that it is never late"
