"""What docs/dagster.md shows of sequences and sensors loads as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg

from .conftest import CONNECTIONS, DefsFolder
from .test_components import one_sync

PAGE = (Path(__file__).parents[3] / "docs" / "dagster.md").read_text(encoding="utf-8")


def test_the_pages_examples(defs_folder: DefsFolder) -> None:
    shown = [
        text
        for section in ("Sequences", "Sensors")
        for text in re.findall(
            r"^```yaml\n(.*?)^```",
            PAGE.split(f"## {section}\n")[1].split("\n## ")[0],
            re.MULTILINE | re.DOTALL,
        )
    ]
    syncs = [
        one_sync(name, table=f"app.{name}")
        for name in ("customers", "orders", "tickets", "invoices")
    ]
    files = {"connections": CONNECTIONS, "syncs": "---".join(syncs)}
    definitions = defs_folder.write(
        files | {f"shown_{number}": text for number, text in enumerate(shown)}
    ).load()
    sensors = {sensor.name: sensor.default_status for sensor in definitions.sensors or []}
    running = dg.DefaultSensorStatus.RUNNING
    assert sensors == {"sequences": running, "changed": running, "approved": running}
    schedule = definitions.resolve_schedule_def("sequence_nightly")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Europe/Berlin")
    graph = definitions.resolve_asset_graph()
    node = graph.get(dg.AssetKey(["sequences", "nightly"]))
    assert {key.path[-1] for key in node.parent_keys} == {
        "customers",
        "orders",
        "tickets",
        "invoices",
    }
    assert "2. `orders` + `tickets`, and goes on when it fails" in (node.description or "")
