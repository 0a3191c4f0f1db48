"""What Dagster's web server answers about connections of every kind: names, and no secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import PythonFileTarget
from dagster_graphql.schema import create_schema

from pgsync_assets.embedded.loopback import free_port

from ..canaries import canary, look
from ..fix_databases import Pair

NAMES = ("CRM_PASSWORD", "KEY_PASSWORD", "SSH_PASSWORD", "SSH_PASSPHRASE", "JUMP_PASSWORD")
PROJECT = """
import os
import dagster as dg
from pgsync_assets import (
    JumpHost, PostgresConnection, PostgresWriter, ReverseTunnel, SshTunnel
)

address = {"database": os.environ["CRM_DATABASE"], "user": os.environ["CRM_USER"]}
crm = PostgresConnection(
    name="crm", host="127.0.0.1", port=dg.EnvVar.int("CRM_PORT"),
    password=dg.EnvVar("CRM_PASSWORD"), **address,
)
bastion = SshTunnel(
    host="127.0.0.1", port=dg.EnvVar.int("NOBODY"), user="tunnel", host_key=dg.EnvVar("HOST_KEY"),
    password=dg.EnvVar("SSH_PASSWORD"), private_key_passphrase=dg.EnvVar("SSH_PASSPHRASE"),
    jump=[
        JumpHost(
            host="127.0.0.1", port=dg.EnvVar.int("NOBODY"), user="j",
            host_key=dg.EnvVar("HOST_KEY"), password=dg.EnvVar("JUMP_PASSWORD"),
        )
    ],
)
behind = PostgresConnection(
    name="behind", host="db1,db2", password=dg.EnvVar("CRM_PASSWORD"), tunnel=bastion,
    sslcert="/c", sslkey="/k", sslpassword=dg.EnvVar("KEY_PASSWORD"), **address,
)
nested = PostgresConnection(
    name="nested", host="db", password=dg.EnvVar("CRM_PASSWORD"), **address,
    tunnel=SshTunnel(host="h", user="u", host_key="k", password=dg.EnvVar("SSH_PASSWORD")),
)
acme = ReverseTunnel(name="acme", port=15432)

@dg.asset
def fine(context, crm: PostgresConnection) -> None:
    with crm.connect() as connection:
        context.log.info(repr(connection.execute("select 1").fetchall()))
    context.log.info(f"{crm!r} {crm.endpoint()!r}")

@dg.asset
def lost(bastion: SshTunnel) -> None:
    with bastion.open("db", 5432):
        pass

@dg.asset
def unreachable(behind: PostgresConnection) -> None:
    with behind.connect():
        pass

defs = dg.Definitions(
    assets=[fine, lost, unreachable],
    resources={
        "crm": crm, "bastion": bastion, "behind": behind, "nested": nested, "acme": acme,
        "crm_writer": PostgresWriter(connection=crm),
    },
    executor=dg.in_process_executor,
)
"""
VALUES = "configuredValues { key value type } configFields { name defaultValueAsJson }"
RESOURCES = """
    query ($repository: RepositorySelector!) {
        allTopLevelResourceDetailsOrError(repositorySelector: $repository) {
            ... on ResourceDetailsList { results {
                name description VALUES nestedResources { name type resource { VALUES } }
            } }
        }
    }
""".replace("VALUES", VALUES)
SCHEMA = """
    query ($job: PipelineSelector!) {
        runConfigSchemaOrError(selector: $job) {
            ... on RunConfigSchema { rootDefaultYaml allConfigTypes {
                key description
                ... on CompositeConfigType { fields { name description defaultValueAsJson } }
            } }
        }
    }
"""
RUNS = """
    query { runsOrError { ... on Runs { results {
        runConfigYaml tags { key value } status
        eventConnection { events {
            __typename
            ... on MessageEvent { message }
            ... on ExecutionStepFailureEvent { error { message stack causes { message stack } } }
            ... on MaterializationEvent { metadataEntries { label description } }
        } }
    } } } }
"""

Ask = Callable[..., Any]


@pytest.fixture
def project(tmp_path: Path, database_pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Path:
    side = database_pair.destination
    for name in ("database", "port", "user"):
        monkeypatch.setenv(f"CRM_{name.upper()}", str(getattr(side, name)))
    for name in NAMES:
        monkeypatch.setenv(name, canary(name))
    monkeypatch.setenv("CRM_PASSWORD", side.password)
    monkeypatch.setenv("NOBODY", str(free_port()))
    host_key = asyncssh.generate_private_key("ssh-ed25519").export_public_key()
    monkeypatch.setenv("HOST_KEY", host_key.decode().strip())
    path = tmp_path / "project.py"
    path.write_text(PROJECT)
    return path


@pytest.fixture
def ask(project: Path, instance: dg.DagsterInstance) -> Iterator[Ask]:
    """Asks as the UI does: the definitions are in a process of their own."""
    target = PythonFileTarget(str(project), None, str(project.parent), "here")
    schema = create_schema()
    with WorkspaceProcessContext(instance, target) as workspace:

        def asked(query: str, **variables: Any) -> Any:
            context = workspace.create_request_context()
            result = asyncio.run(
                schema.execute_async(query, context_value=context, variable_values=variables)
            )
            assert not result.errors
            look("GraphQL", json.dumps(result.data))
            return result.data

        yield asked


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    home = tmp_path / "home"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as made:
        yield made


def test_graphql_shows_no_secret(project: Path, instance: dg.DagsterInstance, ask: Ask) -> None:
    names: dict[str, Any] = {}
    exec(project.read_text(), names)  # noqa: S102 - our own text
    job = names["defs"].resolve_implicit_global_asset_job_def()
    run = job.execute_in_process(instance=instance, raise_on_error=False)
    assert {event.step_key for event in run.get_step_failure_events()} == {"lost", "unreachable"}

    repository = {"repositoryLocationName": "here", "repositoryName": "__repository__"}
    resources = json.dumps(ask(RESOURCES, repository=repository))
    assert [name for name in NAMES if name not in resources] == []
    assert json.dumps(ask(SCHEMA, job=repository | {"pipelineName": "__ASSET_JOB"})).count("host")
    events = json.dumps(ask(RUNS))
    assert "cannot be reached" in events
    assert "STEP_SUCCESS" in events or "ExecutionStepSuccessEvent" in events
    # All that was stored and answered was looked through: see fix_canaries.
