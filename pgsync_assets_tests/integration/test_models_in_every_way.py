"""Each text of the corpus of models, in every mode and engine: the same rows arrive, and go."""

from __future__ import annotations

from typing import Any

import pytest

from pgsync_assets.outcome import Counts

from ..corpus_models import NAMED, SELECTS, model_of
from ..fix_syncs import Syncs

MODES: dict[str, dict[str, Any]] = {
    "upsert": {"delete": "delete_row"},
    "update": {"delete": "delete_row"},
    "mirror": {},
    "insert": {"delete": "do_nothing"},
}


@pytest.mark.nightly(
    "a product: by day each text goes by two ways, and each mode by the usual text",
    but=("lightning-upsert", "standard-mirror"),
)
@pytest.mark.parametrize("mode", MODES)
def test_every_text_in_every_way(every: Syncs, mode: str) -> None:
    every.pair.source.execute("create table items (id integer primary key, name text)")
    every.pair.source.grant_table("items")
    every.pair.source.execute("insert into items values (1, 'a'), (2, 'b')", NAMED)
    for number, text in enumerate(SELECTS):
        send(every, f"items_{number}", {"mode": mode, **MODES[mode], **model_of(text)})


def send(syncs: Syncs, name: str, fields: dict[str, Any]) -> None:
    """A first run and one without a change, in a table of its own."""
    destination = syncs.pair.destination
    destination.execute(f"create table {name} (id integer primary key, name text)")
    destination.grant_table(name, "select", "insert", "update", "delete")
    if fields["mode"] == "update":
        destination.execute(f"insert into {name} values (1), (2)")
    fields = fields | {"name": name, "table": f"public.{name}"}
    assert syncs.run(**fields).succeeded == Counts(added=2), fields
    assert destination.rows(f"select * from {name} order by 1") == [(1, "a"), (2, "b")]  # noqa: S608
    assert syncs.run(**fields).planned == Counts(), fields
