"""What a sequence is to Dagster: a job that starts a round, and an asset that shows how it goes.

Everything about a round is in Dagster's runs and their tags, so that nothing is forgotten when a
process dies: the run of the job is the round, and each sync of it a run that names it.
"""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from ..config import OnError

SEQUENCE_TAG = "pgsync/sequence"
"""Of every run of a round: name of the sequence."""
ROUND_TAG = "pgsync/sequence_run"
"""Of the run of a sync: id of the run that started its round."""
STEP_TAG = "pgsync/sequence_step"
"""Of the run of a sync: number of its step, from 1."""
FROM_TAG = "pgsync/sequence_from"
"""Of the run that started a round: number of the first step of it."""
STATE_TAG = "pgsync/sequence_state"
"""Of the run that started a round: how it goes, in words."""
END_TAG = "pgsync/sequence_end"
"""Of the run that started a round: one of the three below."""
OPEN, SUCCEEDED, FAILED = "open", "succeeded", "failed"

CHECK = "every_sync_succeeded"


@dataclass(frozen=True)
class Member:
    """A sync of a sequence.

    Args:
        sync: its name.
        keys: what a run of it materialises, the destination table first.
        partitions: a run has all of them.
    """

    sync: str
    keys: tuple[dg.AssetKey, ...]
    partitions: dg.PartitionsDefinition | None = None

    @property
    def is_empty(self) -> bool:
        """Whether its first partition is yet to come: there is nothing to run."""
        return self.partitions is not None and self.partitions.get_first_partition_key() is None


@dataclass(frozen=True)
class Step:
    """Syncs that run side by side.

    Args:
        members: the syncs.
        on_error: what happens after it when one of them failed.
    """

    members: tuple[Member, ...]
    on_error: OnError = "stop"


@dataclass(frozen=True)
class Sequence:
    """Steps in their order.

    Args:
        name: of the sequence.
        steps: each sync stands in one of them.
        description: in words.
    """

    name: str
    steps: tuple[Step, ...]
    description: str | None = None

    @property
    def job_name(self) -> str:
        """Name of the job that starts it, and of its schedule."""
        return f"sequence_{self.name}"

    @property
    def key(self) -> dg.AssetKey:
        """Key of the asset that shows how it goes."""
        return dg.AssetKey(["sequences", self.name])

    @property
    def members(self) -> tuple[Member, ...]:
        """The syncs of all steps."""
        return tuple(member for step in self.steps for member in step.members)


def sequence_spec(sequence: Sequence) -> dg.AssetSpec:
    """The asset of a sequence. Nobody can materialise it: it is told when a round ends.

    Args:
        sequence: the sequence.
    """
    lines = [
        f"{number}. {' + '.join(f'`{one.sync}`' for one in step.members)}{_AFTER[step.on_error]}"
        for number, step in enumerate(sequence.steps, 1)
    ]
    told = f"Started by the job `{sequence.job_name}`."
    return dg.AssetSpec(
        sequence.key,
        deps=[member.keys[0] for member in sequence.members],
        description="\n\n".join(filter(None, [sequence.description, "\n".join(lines), told])),
        group_name="sequences",
        kinds={"sequence"},
        tags={SEQUENCE_TAG: sequence.name},
    )


_AFTER: dict[OnError, str] = {"stop": "", "continue": ", and goes on when it fails"}
