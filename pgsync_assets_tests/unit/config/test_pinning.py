"""A pin is one more line in the user's file: comments, order and everything else stay."""

from __future__ import annotations

import pytest

from pgsync_assets.config.pinning import pinned

PIN = "AB:CD"
FILE = """\
# our databases
type: pgsync_assets.PgConnectionsComponent
attributes:
  connections:
    shop: {host: db1, database: shop, user: reader}   # in one line
    crm:  # the application
      # its host
      host: db2  # moved in May
      port: 5432
      database: crm
      user: writer
    many:
      host:
        - db3
        - db4
      database: many
      user: writer
---
type: pgsync_assets.PgSyncComponent
attributes:
  syncs: []  # none yet
"""


def changed(name: str, fingerprints: tuple[str, ...] = (PIN,), text: str = FILE) -> list[str]:
    """The lines that a pin adds to a text; all others have to be where they were."""
    after = pinned(text, name, fingerprints)
    assert after is not None
    before, lines = text.splitlines(keepends=True), after.splitlines(keepends=True)
    (new,) = [i for i in range(len(lines)) if lines[:i] + lines[i + 1 :] == before]
    return lines[new - 1 : new + 1]


def test_below_the_host() -> None:
    assert changed("crm") == [
        "      host: db2  # moved in May\n",
        '      certificate_sha256: "AB:CD"\n',
    ]


def test_several_for_several_hosts() -> None:
    assert changed("many", ("AB", "CD"))[1] == '      certificate_sha256: ["AB", "CD"]\n'


def test_line_ends_stay_as_they_are() -> None:
    assert changed("crm", text=FILE.replace("\n", "\r\n"))[1].endswith('CD"\r\n')


def test_at_the_end_of_a_file_without_a_line_end() -> None:
    short = "type: pgsync_assets.PgConnectionsComponent\nattributes:\n  connections:\n    a:\n"
    after = pinned(short + "      user: b\n      host: c", "a", [PIN])
    assert after == short + '      user: b\n      host: c\n      certificate_sha256: "AB:CD"\n'


def test_an_old_pin_is_replaced_and_its_comment_stays() -> None:
    old = FILE.replace("port: 5432", "certificate_sha256: '00:11'  # since June")
    after = pinned(old, "crm", [PIN])
    assert after == old.replace("'00:11'", '"AB:CD"')


@pytest.mark.parametrize("name", ["shop", "no_such"])
def test_what_cannot_be_done_line_by_line_is_left_to_people(name: str) -> None:
    assert pinned(FILE, name, [PIN]) is None


def test_a_mapping_that_another_connection_shares_is_not_touched() -> None:
    shared = """\
type: pgsync_assets.PgConnectionsComponent
attributes:
  connections:
    a: &a
      host: db
    b:
      <<: *a
"""
    assert pinned(shared, "b", [PIN]) is None
    assert pinned(shared, "a", [PIN]) is None
