"""Which types travel in their binary form: the same at both ends, with no value that one lacks."""

from __future__ import annotations

import pytest
from psycopg import postgres

from pgsync_assets.connect import BINARY, TEXT
from pgsync_assets.write.travel import FORMS, format_of

OLD, NEW = 120_022, 180_001


def oid(name: str) -> int:
    base = name.removesuffix("[]")
    return postgres.types[base].array_oid if name.endswith("[]") else postgres.types[base].oid


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ("int8", "int8"),
        ("text", "varchar"),
        ("varchar", "text"),
        ("jsonb", "jsonb"),
        ("text[]", "text[]"),
        ("tstzrange[]", "tstzrange[]"),
    ],
)
def test_the_same_form(sent: str, taken: str) -> None:
    for source, destination in ((OLD, NEW), (NEW, OLD)):
        assert format_of([oid(sent)], [oid(taken)], source, destination) == BINARY


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ("int4", "int8"),
        ("float8", "int8"),
        ("timestamp", "timestamptz"),
        ("json", "jsonb"),
        ("text", "bpchar"),
        ("text[]", "varchar[]"),
        ("xml", "xml"),
        ("money", "money"),
    ],
)
def test_another_form(sent: str, taken: str) -> None:
    assert format_of([oid(sent)], [oid(taken)], NEW, NEW) == TEXT


@pytest.mark.parametrize(
    ("name", "since"), [("numeric", 14), ("numeric[]", 14), ("numrange", 14), ("interval", 17)]
)
def test_values_that_an_older_server_would_misread(name: str, since: int) -> None:
    before, then = since * 10_000 - 1, since * 10_000
    types = [oid(name)]
    assert format_of(types, types, then, before) == TEXT
    assert format_of(types, types, before, then) == BINARY
    assert format_of(types, types, before, before) == BINARY
    assert format_of(types, types, then, then) == BINARY


def test_one_column_decides_for_all_and_one_that_is_not_there_too() -> None:
    int4 = oid("int4")
    assert format_of([int4, oid("xml")], [int4, oid("xml")], NEW, NEW) == TEXT
    assert format_of([int4, None], [int4, int4], NEW, NEW) == TEXT


def test_types_of_a_database_have_no_form_that_is_known() -> None:
    first_of_users = 16_384
    assert max(FORMS) < first_of_users
    assert format_of([first_of_users], [first_of_users], NEW, NEW) == TEXT
