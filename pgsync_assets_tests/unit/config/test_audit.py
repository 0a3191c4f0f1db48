"""`audit:` of a sync: what may be written there."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pgsync_assets.config import SyncConfig
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.privacy import Privacy

KEY = {"hash_key": "$AUDIT_KEY"}


def sync_of(audit: Any, **fields: Any) -> SyncConfig:
    """A sync with a key of two columns."""
    model = {"table": "public.people", "key": ["tenant", "mail"]}
    written = {"name": "people", "source": "a", "destination": "b", "table": "public.people"}
    return SyncConfig.model_validate({**written, "model": model, "audit": audit, **fields})


WRONG = {
    "a hash needs a key": {"values": {"mail": "hash"}},
    "is of the key, which names a row: write hash": {"values": {"mail": "omit"}},
    "a secret is written as .NAME": {"hash_key": "hunter2"},
    "is for level full": {"server_detail": True},
    "and these are not: name": {"level": "full", "server_detail": True, "values": {"name": "omit"}},
    "Input should be 'include', 'hash' or 'omit'": {"values": {"name": "mask"}},
}


@pytest.mark.parametrize("told", WRONG)
def test_what_cannot_be_is_said(told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        sync_of(WRONG[told])


def privacy(*hashed: str, **fields: Any) -> Privacy:
    """Of a sync that hashes some columns."""
    of = Privacy.of(sync_of({"values": dict.fromkeys(hashed, "hash"), **KEY}, **fields))
    return Privacy(of.sync, of.key, of.values, of.hash_key, of.sources, {"AUDIT_KEY": "k" * 16})


def test_what_is_computed_is_shown_as_what_it_is_made_of() -> None:
    values = {"copy": {"column": "born", "cast": "text"}, "own": {"sql": "lower(model.born)"}}
    found = privacy("born", columns={"mail": "to", "born": "since"}, values=values)
    hidden = ("born", "born (sent)", "since (sent 2)", "since", "copy", "copy (sent)")
    assert {found.shows(name) for name in hidden} == {"hash"}
    assert {found.shows(name) for name in ("mail", "own", "name")} == {"include"}


def test_a_key_is_given_by_column_or_as_it_is_listed() -> None:
    found = privacy("mail")
    assert found.plain_names(["1", "a"]) == ('["1", "a"]', '[1, "a"]')
    assert found.plain_names(['[1.0,"ü"]']) == ('[1.0, "ü"]',)
    assert found.plain_names(["1", "2"]) == ('["1", "2"]', '["1", 2]', '[1, "2"]', "[1, 2]")
    hashed = found.hashed("a")
    assert found.row_ids(['[1, "a"]']) == (f'[1, "{hashed}"]', '[1, "a"]')
    for wrong in (["a"], ["[1]"], ["1", "2", "3"], ["{}"]):
        with pytest.raises(ConfigurationError, match="its key is tenant, mail"):
            found.plain_names(wrong)


def test_a_row_without_a_key_and_one_that_was_forgotten_keep_their_names() -> None:
    found = privacy("tenant", "mail")
    assert found.name("(forgotten)") == "(forgotten)"
    assert found.name('[null, "a"]') == f'[null, "{found.hashed("a")}"]'
    assert found.name("[true, 1.50]") == f'["{found.hashed("true")}", "{found.hashed("1.50")}"]'
