"""deploy/values.yaml: Dagster as in dagster.yaml, pods without rights, runs as Jobs, no secret.

What the chart makes of it is `make chart`: it needs Helm and the chart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type
from dagster_k8s import K8sRunLauncher
from dagster_k8s.job import (
    DagsterK8sJobConfig,
    UserDefinedDagsterK8sConfig,
    construct_dagster_k8s_job,
)

from pgsync_assets.assets.defs_folder import DEFS_VARIABLE

from .test_compose import DEPLOY, SERVICES, TOP

TEXT = (DEPLOY / "values.yaml").read_text(encoding="utf-8")
VALUES = yaml.safe_load(TEXT)
DAGSTER = yaml.safe_load((TOP / "dagster.yaml").read_text(encoding="utf-8"))
DAEMON = VALUES["dagsterDaemon"]
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
LAUNCHER = VALUES["runLauncher"]["config"]["k8sRunLauncher"]
PODS = {"code": CODE, "webserver": VALUES["dagsterWebserver"], "daemon": DAEMON}


def word(camel: str) -> str:
    """A key in the form of dagster.yaml: the chart's are in camel case."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", camel).lower()


def snake(value: Any) -> Any:
    """A value with its keys in the form of dagster.yaml."""
    if isinstance(value, dict):
        return {word(key): snake(inner) for key, inner in value.items()}
    return value


def job() -> dict[str, Any]:
    """The Job that Dagster makes of a run, with the launcher's part of the values."""
    config = {
        **{word(key): value for key, value in LAUNCHER.items() if key != "runK8sConfig"},
        "run_k8s_config": {word(key): v for key, v in LAUNCHER["runK8sConfig"].items()},
        "service_account_name": "s",
        "dagster_home": VALUES["global"]["dagsterHome"],
        "instance_config_map": VALUES["global"]["dagsterInstanceConfigMap"],
        "postgres_password_secret": VALUES["global"]["postgresqlSecretName"],
    }
    kind = resolve_to_config_type(K8sRunLauncher.config_type())  # type: ignore[no-untyped-call]
    taken = process_config(kind, config)
    assert taken.success, taken.errors
    pod = UserDefinedDagsterK8sConfig.from_dict(config["run_k8s_config"])  # type: ignore[no-untyped-call]
    made = construct_dagster_k8s_job(
        DagsterK8sJobConfig(
            job_image="image",
            dagster_home=config["dagster_home"],
            instance_config_map=config["instance_config_map"],
            postgres_password_secret=config["postgres_password_secret"],
            security_context=config["security_context"],
            volumes=CODE["volumes"],
            volume_mounts=CODE["volumeMounts"],
            env_secrets=[secret["name"] for secret in CODE["envSecrets"]],
        ),
        ["true"],
        "run",
        pod,
    )
    found: dict[str, Any] = made.to_dict()
    return found


def without_rights(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert pod["run_as_non_root"] is True
    assert pod["run_as_user"] == pod["fs_group"] == int(SERVICES["code"]["user"].split(":")[0])
    assert pod["seccomp_profile"]["type"] == "RuntimeDefault"
    assert container["read_only_root_filesystem"] is True
    assert container["allow_privilege_escalation"] is False
    assert container["capabilities"]["drop"] == ["ALL"]


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_may_do_no_more_than_it_has_to(pod: str) -> None:
    values = PODS[pod]
    without_rights(snake(values["podSecurityContext"]), snake(values["securityContext"]))
    assert {"requests", "limits"} == set(values["resources"])
    mounted = {mount["mountPath"] for mount in values["volumeMounts"]}
    assert {"/tmp", f"{VALUES['global']['dagsterHome']}/storage"} <= mounted  # noqa: S108
    names = {volume["name"] for volume in values["volumes"]}
    assert {mount["name"] for mount in values["volumeMounts"]} <= names


def test_a_run_is_a_job_that_may_do_no_more_either() -> None:
    spec = job()["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    without_rights(pod["security_context"], container["security_context"])
    assert spec["backoff_limit"] == 0  # Dagster decides what is tried again
    assert spec["ttl_seconds_after_finished"] == 86400
    assert pod["termination_grace_period_seconds"] == 60
    given_up = {one["key"]: one["toleration_seconds"] for one in pod["tolerations"]}
    assert given_up == {f"node.kubernetes.io/{why}": 60 for why in ("not-ready", "unreachable")}
    mounted = {mount["mount_path"] for mount in container["volume_mounts"]}
    assert {mount["mountPath"] for mount in CODE["volumeMounts"]} <= mounted
    assert [source["secret_ref"]["name"] for source in container["env_from"]] == [
        "pgsync-connections"
    ]
    keys = next(volume for volume in pod["volumes"] if volume["name"] == "keys")
    assert keys["secret"]["default_mode"] == 0o440


def test_dagster_is_the_one_of_the_project() -> None:
    def same(name: str, *but: str) -> None:
        told = {k: v for k, v in snake(DAEMON[name]).items() if k not in but}
        ours = {k: v for k, v in DAGSTER[word(name)].items() if k not in but}
        assert ours.items() <= told.items()

    # Pods come and go more often than processes, and take longer to begin.
    same("runMonitoring", "start_timeout_seconds")
    assert snake(DAEMON["runMonitoring"])["start_timeout_seconds"] == 300
    same("runRetries", "max_retries")
    same("schedules")
    same("sensors")
    same("backfills")
    assert snake(VALUES["concurrency"]) == {"enabled": True, **DAGSTER["concurrency"]}
    assert snake(VALUES["retention"]) == {"enabled": True, **DAGSTER["retention"]}
    assert snake(VALUES["pythonLogs"]) == DAGSTER["python_logs"]
    assert VALUES["telemetry"] == DAGSTER["telemetry"]
    assert VALUES["additionalInstanceConfig"] == {"nux": DAGSTER["nux"]}
    queue = DAEMON["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert snake(queue) == DAGSTER["run_queue"]
    storage = VALUES["postgresql"]
    scheme = DAGSTER["storage"]["postgres"]["postgres_db"]["scheme"]
    assert storage["postgresqlScheme"] == scheme
    assert storage["postgresqlParams"]["sslmode"] == "verify-full"


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, str(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def test_no_secret_is_in_it() -> None:
    for path, _ in leaves(VALUES):
        assert not re.search(r"(?i)password$|token$", path[-1]), path
    assert VALUES["generatePostgresqlPasswordSecret"] is False
    assert VALUES["generateCeleryConfigSecret"] is False


def test_nothing_is_open_to_the_outside() -> None:
    assert VALUES["ingress"] == {"enabled": False}
    assert VALUES["dagsterWebserver"]["service"]["type"] == "ClusterIP"
    port = VALUES["dagsterWebserver"]["service"]["port"]
    assert port == VALUES["dagsterWebserver"]["readinessProbe"]["httpGet"]["port"] > 1024
    (policy,) = VALUES["extraManifests"]
    assert policy["spec"]["podSelector"]["matchLabels"]["deployment"] == CODE["name"]
    assert policy["spec"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": CODE["port"]}]


def test_versions_are_those_that_are_locked() -> None:
    lock = (TOP / "requirements-image.lock").read_text(encoding="utf-8")
    assert f"version {dg.__version__}:" in TEXT
    assert re.search(rf"^dagster=={re.escape(dg.__version__)} ", lock, re.MULTILINE)
    project = re.search(r'^version = "(.*)"', (TOP / "pyproject.toml").read_text(), re.MULTILINE)
    assert project
    assert {pod["image"]["tag"] for pod in PODS.values()} == {project[1]}
    storage = SERVICES["storage"]["image"]
    assert VALUES["postgresql"]["image"]["tag"] == re.split("[:@]", storage)[1]


def test_the_code_server_serves_what_the_project_serves() -> None:
    assert CODE["codeServerArgs"] == SERVICES["code"]["command"][-2:]
    assert CODE["name"].replace("-", "_") == "pgsync_assets"
    assert CODE["env"] == [{"name": DEFS_VARIABLE, "value": "/opt/pgsync/defs"}]
