"""Alerts as YAML: what loads, what is refused in words, and the page that shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import dagster as dg
import pytest
import yaml

from pgsync_assets.alerts.message import SCHEMA, Alert, message_of
from pgsync_assets.assets.components.scaffolders import example
from pgsync_assets.config.alerts import ChannelConfig, Trigger

from .conftest import CONNECTIONS, ORDERS, DefsFolder
from .test_components import refusal
from .test_import_cost import loaded_by

PAGE = (Path(__file__).parents[3] / "docs" / "dagster.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## Alerts\n")[1].split("\n## ")[0]
FRESH = ORDERS + "      freshness: {within: 2 hours}\n"

ALERTS = """
type: pgsync_assets.PgAlertsComponent
attributes:
  name: alerts
  channels:
    ops: {{slack: {{webhook_url: {url}}}}}
  rules:
    - {{when: run_failed, channels: [ops]}}
    - {rule}
"""


def alerts(rule: str = "{when: guard, channels: [ops]}", url: str = "$SLACK_URL") -> str:
    return ALERTS.format(rule=rule, url=url)


def shown(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_page(defs_folder: DefsFolder) -> None:
    text = shown("yaml")
    definitions = defs_folder.write({"c": CONNECTIONS, "o": FRESH, "alerts": text}).load()
    (sensor,) = definitions.sensors or []
    assert (sensor.name, sensor.default_status) == ("alerts", dg.DefaultSensorStatus.RUNNING)
    assert definitions.resolve_job_def("test_alerts")
    written = yaml.safe_load(text)["attributes"]
    kinds = {kind for channel in written["channels"].values() for kind in channel}
    assert kinds == set(ChannelConfig.model_fields)
    assert {rule["when"] for rule in written["rules"]} == set(get_args(Trigger))
    told = set(re.findall(r"^\| `(\w+)` \|", SECTION, re.MULTILINE))
    assert told >= set(get_args(Trigger))


def test_the_alerts_of_operations(defs_folder: DefsFolder) -> None:
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    definitions = defs_folder.write({"c": CONNECTIONS, "o": FRESH, "alerts": text}).load()
    assert [sensor.name for sensor in definitions.sensors or []] == ["alerts"]


def test_the_json_of_the_page_is_what_a_webhook_gets() -> None:
    document = json.loads(shown("json"))
    made = message_of("alerts", 0, [Alert("r", "r", "new", "error", "s", "t", 0)]).document()
    assert document["schema"] == SCHEMA
    assert document.keys() == made.keys()
    assert document["alerts"][0].keys() == made["alerts"][0].keys()


def test_the_example_loads(defs_folder: DefsFolder) -> None:
    text = example("alerts.yaml").replace("EXAMPLE", "mine")
    definitions = defs_folder.write({"c": CONNECTIONS, "o": ORDERS, "mine": text}).load()
    assert [sensor.name for sensor in definitions.sensors or []] == ["mine"]
    commented = re.sub(r"^(\s*)# (?!Tells|Launch)", r"\1", text, flags=re.MULTILINE)
    found = yaml.safe_load(commented)["attributes"]
    assert {rule["when"] for rule in found["rules"]} == set(get_args(Trigger))
    assert len(found["channels"]) == len(ChannelConfig.model_fields)
    for channel in found["channels"].values():
        ChannelConfig.model_validate(channel)


REFUSED = {
    "unknown channel": (alerts("{when: guard, channels: [opps]}"), "did you mean 'ops'"),
    "unknown sync": (alerts("{when: guard, channels: [ops], syncs: [ordres]}"), "'orders'"),
    "twice the same": (alerts("{when: run_failed, channels: [ops]}"), "give each a `name`"),
    "never late": (
        alerts("{when: did_not_run, channels: [ops], syncs: [orders]}"),
        "has no `freshness`",
    ),
    "a key of another trigger": (
        alerts("{when: guard, channels: [ops], factor: 2}"),
        "factor does not go with `when: guard`",
    ),
    "unknown trigger": (alerts("{when: guarded, channels: [ops]}"), "run_failed"),
    "unknown key, with its line": (alerts("{when: guard, channels: [ops], evry: 1}"), "yaml:9"),
    "template": (alerts(url='"{{ env.SLACK_URL }}"'), "a secret is written as $NAME"),
    "not a link": (alerts().replace("name: alerts", "name: a\n  dagster_url: ftp://x"), "https"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_words(case: str, defs_folder: DefsFolder) -> None:
    text, words = REFUSED[case]
    defs_folder.write({"connections": CONNECTIONS, "orders": ORDERS, "wrong": text})
    assert words in refusal(defs_folder)


def test_a_secret_in_the_file_is_refused_and_not_repeated(defs_folder: DefsFolder) -> None:
    text = alerts(url="https://hooks.slack.com/services/geheim-4711")
    defs_folder.write({"connections": CONNECTIONS, "orders": ORDERS, "wrong": text})
    message = refusal(defs_folder)
    assert "a secret is written as $NAME" in message
    assert "geheim-4711" not in message


def test_definitions_load_without_what_delivers(defs_folder: DefsFolder) -> None:
    defs_folder.write({"c": CONNECTIONS, "o": ORDERS, "alerts": alerts()})
    load = "from pgsync_assets.definitions import defs; assert list(defs().sensors)"
    found = loaded_by(load, PGSYNC_DEFS=str(defs_folder.path))
    assert not found & {"slack_sdk", "dagster_msteams", "psycopg"}
