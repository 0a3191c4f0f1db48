"""What Dagster's chart makes of deploy/values.yaml: `make chart` (needs Helm, and the internet).

CHART=path takes a chart that is here; ARGS are passed on to Helm. Every pod is looked at, and the
dagster.yaml that comes out is given to Dagster itself.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from dagster._config import process_config, resolve_to_config_type
from dagster._core.instance.config import (
    dagster_instance_config_schema,
    validate_concurrency_config,
)
from dagster_k8s.container_context import K8sContainerContext

VALUES = Path(__file__).parents[1] / "deploy" / "values.yaml"
OFFICIAL = "https://dagster-io.github.io/helm"
STORAGES = ("run_storage", "event_log_storage", "schedule_storage")


def expect(holds: bool, what: object) -> None:
    """Ends with words where something does not hold."""
    if not holds:
        raise SystemExit(f"deploy/values.yaml: {what}")


def rendered() -> list[dict[str, Any]]:
    """The objects that Helm would send to a cluster."""
    version = re.search(r"version (1\.\d+\.\d+):", VALUES.read_text(encoding="utf-8"))
    if version is None:
        raise SystemExit("deploy/values.yaml names no version of the chart")
    here = os.environ.get("CHART")
    chart = [here] if here else ["dagster", "--repo", OFFICIAL, "--version", version[1]]
    command = ["helm", "template", "dagster", *chart, "--namespace", "pgsync", "-f", str(VALUES)]
    command += sys.argv[1:]
    made = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return [one for one in yaml.safe_load_all(made.stdout) if one]


def pods(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each pod that somebody makes of them, with the name of what makes it."""
    for one in objects:
        if one["kind"] in ("Deployment", "Job", "StatefulSet", "DaemonSet"):
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]


def look_at_pod(name: str, pod: dict[str, Any]) -> None:
    """No root, nothing to write to but what is mounted, no capability; an image with a version."""
    expect(pod["securityContext"]["runAsNonRoot"] is True, f"{name} may be root")
    expect(
        pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, f"{name}: seccomp"
    )
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in [*pod["containers"], *(pod.get("initContainers") or [])]:
        where, security = f"{name}/{container['name']}", container["securityContext"]
        expect(security["readOnlyRootFilesystem"] is True, f"{where}: its root may be written")
        expect(security["allowPrivilegeEscalation"] is False, f"{where}: may get privileges")
        expect(security["capabilities"] == {"drop": ["ALL"]}, f"{where}: has capabilities")
        expect(not container["image"].endswith(":latest"), f"{where}: any image")
        mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
        expect(mounted <= volumes, f"{where}: no volume {mounted - volumes}")


def look_at_instance(text: str) -> None:
    """Dagster takes it: the whole by its schema, launcher and storage by their classes."""
    settings = yaml.safe_load(text)
    os.environ.setdefault("DAGSTER_PG_PASSWORD", "as the pods have it")
    schema = resolve_to_config_type(dagster_instance_config_schema())
    taken = process_config(schema, settings)
    expect(taken.success, taken.errors)
    validate_concurrency_config(settings)
    for part in ("run_launcher", *STORAGES):
        module = importlib.import_module(settings[part]["module"])
        kind = resolve_to_config_type(getattr(module, settings[part]["class"]).config_type())
        of_class = process_config(kind, settings[part]["config"])
        expect(of_class.success, (part, of_class.errors))


def look_at_runs(objects: list[dict[str, Any]]) -> None:
    """What the code server tells of its runs (image, variables, volumes) is what Dagster takes."""
    variables = [
        variable
        for _, pod in pods(objects)
        for container in pod["containers"]
        for variable in container["env"]
    ]
    (context,) = [v["value"] for v in variables if v["name"].endswith("CONTAINER_CONTEXT")]
    told = K8sContainerContext.create_from_config(json.loads(context))
    container = told.run_k8s_config.container_config
    expect({"secret_ref": {"name": "pgsync-connections"}} in container["env_from"], container)
    mounted = {mount["mount_path"] for mount in container["volume_mounts"]}
    expect({"/etc/pgsync/keys", "/etc/pgsync/storage"} <= mounted, f"runs mount only {mounted}")


def main() -> None:
    """Renders, and looks."""
    objects = rendered()
    kinds = sorted({one["kind"] for one in objects})
    expect("Secret" not in kinds and "Ingress" not in kinds, kinds)
    names = [name for name, _ in pods(objects)]
    expect(len(names) == 3, names)
    for name, pod in pods(objects):
        look_at_pod(name, pod)
    (instance,) = [
        one["data"]["dagster.yaml"]
        for one in objects
        if one["kind"] == "ConfigMap" and "dagster.yaml" in (one["data"] or {})
    ]
    look_at_instance(instance)
    look_at_runs(objects)
    sys.stdout.write(f"{len(objects)} objects: {', '.join(kinds)}; pods: {', '.join(names)}\n")


if __name__ == "__main__":
    main()
