"""Tests of connections: a check of each sync, and a job for any of them, when somebody asks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from ..check_result import CheckResult
from ..config import ConnectionConfig, SyncConfig
from .failures import told_to_dagster
from .frame_rows import with_newest
from .metadata import Metadata
from .model_source import source_keys, source_of
from .on_demand import CONNECTION, steps_aside
from .resources import PostgresConnection
from .specs import SyncSpecs
from .writer import PostgresWriter, platform_of, writer_key

if TYPE_CHECKING:
    from ..steps.asked import Asked

TEST_CONNECTIONS = "test_connections"

_DESCRIPTION = (
    "On demand: both ends can be reached, and our roles may do there what this sync does. One line "
    "for each thing that was tried, with what to do where it fails; nothing stays of what is "
    "written. `pgsync-assets check` does the same."
)


def build_connection_check(
    sync: SyncConfig, specs: SyncSpecs, *, platform: ConnectionConfig | None = None
) -> dg.AssetChecksDefinition:
    """The check `connection` of one sync, a step of its own that waits for no pool.

    Args:
        sync: whose connections and rights are tried.
        specs: the assets around it.
        platform: where engine standard keeps its state; default: as the environment says.
    """
    key = specs.destination.key

    @dg.multi_asset_check(
        name=f"connection_{sync.name}",
        specs=[dg.AssetCheckSpec(CONNECTION, asset=key, description=_DESCRIPTION)],
        can_subset=True,  # so that it may end without a result
        required_resource_keys=source_keys(sync.source, sync.model)
        | {writer_key(sync.destination)},
    )
    def connection(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        op = context.op_execution_context
        if steps_aside(op, CONNECTION, key):
            return
        from .. import sync as engine  # here: loading definitions needs no database driver

        source = source_of(op.resources, sync.source, sync.model, platform)
        writer: PostgresWriter = getattr(op.resources, writer_key(sync.destination))
        with told_to_dagster(op):
            found = engine.check(
                with_newest(sync, platform, is_needed=False),
                source.unopened(),
                writer.connection.unopened(),
                platform=platform_of(platform),
            )
        failed = _failed(found)
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=CONNECTION,
            passed=not failed,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata={"pgsync/lines": _table(found)},
            description=f"failed: {', '.join(failed)}" if failed else None,
        )

    return connection


class ConnectionTestConfig(dg.Config):
    """Which connections are tested."""

    connections: list[str] = Field(
        default_factory=list, description="Names of connections; default: all of the project."
    )


def build_connection_tests(
    connections: Sequence[str], syncs: Sequence[SyncConfig]
) -> dg.JobDefinition:
    """The job `test_connections`: each connection as what the syncs use it for.

    Args:
        connections: names of all connections of the project, which are the keys of their resources.
        syncs: of the project.
    """

    @dg.op(name="try_connections", required_resource_keys=set(connections))
    def each(context: dg.OpExecutionContext, config: ConnectionTestConfig) -> None:
        from ..steps.asked import asked_of  # here: loading definitions needs no database driver

        names = config.connections or list(connections)
        unknown = sorted(set(names) - set(connections))
        if unknown:
            raise dg.Failure(
                f"there is no connection named {', '.join(unknown)}; "
                f"there is {', '.join(connections)}",
                allow_retries=False,
            )
        asked = {name: asked_of(name, syncs) for name in names}
        _tell(context, {name: _tried(context, name, asked[name]) for name in names})

    @dg.job(
        name=TEST_CONNECTIONS,
        description="Tests connections, as `pgsync-assets test-connection` does.",
    )
    def test_connections() -> None:
        each()

    return test_connections


def _tried(context: dg.OpExecutionContext, name: str, asked: "Asked") -> list[CheckResult]:
    from .. import sync as engine

    connection: PostgresConnection = getattr(context.resources, name)
    with told_to_dagster(context):
        return engine.try_connection(connection.unopened(), asked)


def _tell(context: dg.OpExecutionContext, found: Mapping[str, list[CheckResult]]) -> None:
    """The lines as metadata: of the output, or of the failure."""
    metadata: Metadata = {name: _table(lines) for name, lines in found.items()}
    failed = {name: _failed(lines) for name, lines in found.items()}
    told = [f"{name}: {', '.join(lines)}" for name, lines in failed.items() if lines]
    if told:
        raise dg.Failure(f"failed: {'; '.join(told)}", metadata=metadata, allow_retries=False)
    context.add_output_metadata(metadata)


def _failed(lines: Sequence[CheckResult]) -> list[str]:
    return [line.name for line in lines if not line.passed]


def _table(lines: Sequence[CheckResult]) -> dg.TableMetadataValue:
    names = ("check", "state", "seconds", "found", "what to do")
    records = [
        dg.TableRecord(
            {
                "check": line.name,
                "state": line.state,
                "seconds": line.seconds,
                "found": line.detail,
                "what to do": line.remedy or "",
            }
        )
        for line in lines
    ]
    types = {"seconds": "float"}
    columns = [dg.TableColumn(name, types.get(name, "string")) for name in names]
    return dg.MetadataValue.table(records, dg.TableSchema(columns))
