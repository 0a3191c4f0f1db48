"""Dagster's webserver, asked as its own pages do."""

from __future__ import annotations

import time
from typing import Any

import requests

ENDED = ("SUCCESS", "FAILURE", "CANCELED")
ASSETS = "{ assetNodes { assetKey { path } } }"
LAUNCH = """
    mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
        __typename
        ... on LaunchRunSuccess { run { runId } }
        ... on PythonError { message }
    } }
"""
RUN = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status tags { key value } } } }"


def ask(url: str, query: str, **variables: Any) -> Any:
    """The answer to a question.

    Args:
        url: of the webserver.
        query: in GraphQL.
        variables: of it.
    """
    answer = requests.post(
        f"{url}/graphql", json={"query": query, "variables": variables}, timeout=60
    )
    found = answer.json()
    assert "errors" not in found, found
    return found["data"]


def asset_keys(url: str) -> set[str]:
    """Of all assets, as in `crm/public/orders`."""
    return {"/".join(node["assetKey"]["path"]) for node in ask(url, ASSETS)["assetNodes"]}


def launch(url: str, path: list[str]) -> str:
    """Asks for a run of one asset, as a click does: its id."""
    selector = {
        "repositoryLocationName": "pgsync_assets",
        "repositoryName": "__repository__",
        "pipelineName": "__ASSET_JOB",
        "assetSelection": [{"path": path}],
        "assetCheckSelection": [],
    }
    params = {"selector": selector, "runConfigData": {}, "mode": "default"}
    found = ask(url, LAUNCH, params=params)["launchPipelineExecution"]
    assert found["__typename"] == "LaunchRunSuccess", found
    return str(found["run"]["runId"])


def run_of(url: str, run: str) -> dict[str, Any]:
    """Its `status`, and its `tags` by name."""
    found: dict[str, Any] = ask(url, RUN, id=run)["runOrError"]
    return found | {"tags": {tag["key"]: tag["value"] for tag in found["tags"]}}


def ended(url: str, run: str, within_s: float) -> dict[str, Any]:
    """The same when it has ended."""
    deadline = time.monotonic() + within_s
    while True:
        found = run_of(url, run)
        if found["status"] in ENDED:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
