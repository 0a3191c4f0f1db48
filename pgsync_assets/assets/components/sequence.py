"""Sequences as YAML."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import BaseModel, Field

from ...config import Name, ScheduleConfig, SequenceStep, SyncConfig, repeated
from ...config.sequence import Steps as WrittenSteps
from ...config.validation import suggestion
from ...errors import ConfigurationError
from ..partitions import partitions_definition
from ..sequence import Member, Sequence, Step, sequence_spec
from ..sequence_job import build_sequence_check, build_sequence_job, build_sequence_schedule
from ..sequence_sensor import build_sequence_sensor
from ..specs import SyncSpecs
from .help import YamlComponent
from .plain import plain, plain_model
from .scaffolders import SequenceScaffolder
from .sync import project_of

if TYPE_CHECKING:
    Steps = tuple[SequenceStep, ...]
    Schedule = ScheduleConfig | None
else:
    Steps = plain(WrittenSteps, "Steps, one after the other; each has one or several syncs.")
    Schedule = plain(ScheduleConfig | None, "When it starts by itself; default: by hand only.")

Known = dict[str, tuple[SyncConfig, SyncSpecs]]


@dg.scaffold_with(SequenceScaffolder)
class PgSequenceComponent(YamlComponent):
    """Runs syncs one step after the other; each step says what its failure means for the next.

    Becomes a job that starts it, a schedule where one is written, and the asset
    `sequences/<name>`, which shows how it goes. One sensor, `sequences`, drives all of a project.
    """

    name: Name = Field(description="Name of it in Dagster.")
    description: str | None = Field(default=None, description="What it is for, in words.")
    steps: Steps
    schedule: Schedule = None

    @classmethod
    def model(cls) -> type[BaseModel]:
        """What a `defs.yaml` of this component may hold; `dg` makes its JSON schema of it."""
        return plain_model(super().model(), steps=WrittenSteps, schedule=ScheduleConfig | None)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The job, the schedule and the asset. No database is asked.

        Raises:
            ConfigurationError: a sync does not exist, or stands in it twice; another sequence has
                the same name; the schedule is none that a sequence can have.
        """
        every = list(context.component_tree.get_all_components(of_type=PgSequenceComponent))
        known = {sync.name: (sync, specs) for sync, specs in project_of(context).every()}
        if [other.name for other in every].count(self.name) > 1:
            raise ConfigurationError(f"sequence {self.name}: another one has the same name")
        sequence = self.sequence(known)
        job = build_sequence_job(sequence)
        sequences = [other.sequence(known) for other in every] if every[0] is self else []
        return dg.Definitions(
            assets=[sequence_spec(sequence)],
            asset_checks=[build_sequence_check(sequence)],
            jobs=[job],
            schedules=list(self._schedules(sequence, job)),
            sensors=[build_sequence_sensor(sequences)] if sequences else [],
        )

    def sequence(self, known: Known) -> Sequence:
        """The sequence with the assets of its syncs.

        Args:
            known: the syncs of the project and their assets, by name.

        Raises:
            ConfigurationError: a sync does not exist, or stands in it twice.
        """
        twice = repeated(self.steps)
        if twice:
            raise ConfigurationError(
                f"sequence {self.name}: {', '.join(twice)} stands in it more than once",
                "a sync runs once in each round; a second sequence may have it too",
            )
        steps = [
            Step(
                tuple(self._member(name, number, known) for name in step.syncs),
                step.on_error,
            )
            for number, step in enumerate(self.steps, 1)
        ]
        return Sequence(self.name, tuple(steps), self.description)

    def _member(self, name: str, step: int, known: Known) -> Member:
        if name not in known:
            raise ConfigurationError(
                f"sequence {self.name}, step {step}: no sync is named {name!r}; "
                f"{suggestion(name, known)}"
            )
        sync, specs = known[name]
        keys = tuple(spec.key for spec in specs.written)
        return Member(name, keys, partitions_definition(sync))

    def _schedules(
        self, sequence: Sequence, job: dg.JobDefinition
    ) -> Iterator[dg.ScheduleDefinition]:
        if self.schedule is None:
            return
        yield build_sequence_schedule(sequence, job, self.schedule)
