"""Reading the project: right files become models, wrong ones a sentence with file and line."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

import pgsync_assets
from pgsync_assets.errors import ConfigurationError
from pgsync_assets.project import read_project

CONNECTIONS = """\
type: pgsync_assets.PgConnectionsComponent
attributes:
  connections:
    shop: {host: localhost, database: shop, user: reader, password: $SHOP_PASSWORD}
    crm: {host: localhost, port: $CRM_PORT, database: crm, user: writer}
"""

SYNC = """\
type: pgsync_assets.PgSyncComponent
attributes:
  syncs:
    - name: orders
      source: shop
      destination: crm
      table: public.orders
      model: {table: public.orders, key: [id]}
"""


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        file = folder / name / "defs.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def _with(*replacements: tuple[str, str], text: str = SYNC) -> str:
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


def _more(text: str) -> str:
    return SYNC + textwrap.indent(text.lstrip("\n"), "    ")


def _problems(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_project(folder)
    return caught.value.message


def test_reads_connections_and_syncs_of_all_files(tmp_path: Path) -> None:
    project = read_project(_write(tmp_path, connections=CONNECTIONS, orders=SYNC))
    assert sorted(project.connections) == ["crm", "shop"]
    assert project.connections["crm"].port == "$CRM_PORT"
    assert project.sync("orders").model.key == ("id",)


def test_several_documents_in_one_file(tmp_path: Path) -> None:
    project = read_project(_write(tmp_path, all=f"{CONNECTIONS}---\n{SYNC}"))
    assert sorted(project.syncs) == ["orders"]


def test_an_empty_folder_is_an_empty_project(tmp_path: Path) -> None:
    project = read_project(tmp_path)
    assert (project.connections, project.syncs) == ({}, {})


def test_components_of_others_and_ours_without_syncs_are_passed_over(tmp_path: Path) -> None:
    others = "type: dagster.Other\nattributes: {host: '{{ env.X }}'}\n---\n"
    others += "type: pgsync_assets.PgScheduleComponent\nattributes: {name: daily}\n"
    project = read_project(_write(tmp_path, others=others))
    assert project.syncs == {}


def test_walks_as_dagster_does(tmp_path: Path) -> None:
    """A folder with a defs.yaml is a leaf, unless the file makes it a folder of definitions."""
    _write(tmp_path, connections=CONNECTIONS, leaf="type: dagster.Other\n")
    _write(tmp_path / "leaf", unread="not: [read\n")
    _write(tmp_path, inner="type: dagster.DefsFolderComponent\n")
    _write(tmp_path / "inner" / "plain", orders=SYNC)
    _write(tmp_path, __pycache__="not: [read\n")
    assert sorted(read_project(tmp_path).syncs) == ["orders"]


def test_sql_file_is_relative_to_its_yaml_file(tmp_path: Path) -> None:
    model = "model: {sql_file: orders.sql, key: [id]}"
    sync = _with(("model: {table: public.orders, key: [id]}", model))
    folder = _write(tmp_path, connections=CONNECTIONS, orders=sync)
    (folder / "orders" / "orders.sql").write_text("select 1 as id", encoding="utf-8")
    assert read_project(folder).sync("orders").model.sql == "select 1 as id"


def test_a_translation_may_hold_templates(tmp_path: Path) -> None:
    sync = SYNC + "  translation: {description: 'Sync {{ sync.name }}'}\n"
    read_project(_write(tmp_path, connections=CONNECTIONS, orders=sync))


def test_an_unknown_sync_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    project = read_project(_write(tmp_path, connections=CONNECTIONS, orders=SYNC))
    with pytest.raises(ConfigurationError, match="did you mean 'orders'") as caught:
        project.sync("order")
    assert caught.value.remedy


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no folder .*none") as caught:
        read_project(tmp_path / "none")
    assert "--defs" in str(caught.value.remedy)


SECOND = """
- name: more
  source: shop
  destination: crm
  table: public.more
  model: {table: public.more, key: [id]}
"""
TABLE = "model: {table: public.orders, key: [id]}"

WRONG_SYNCS = {
    "misspelt key": (_with(("source:", "sorce:")), 5, "unknown key 'sorce'; did you mean 'source'"),
    "missing key": (_with(("      source: shop\n", "")), 4, "syncs[0]: source is missing"),
    "misspelt inner key": (_with(("key: [id]", "kye: [id]")), 8, "did you mean 'key'"),
    "wrong type": (_more("  batch_size: many"), 9, "batch_size: should be a whole number"),
    "out of range": (_more("  batch_size: 0"), 9, "greater than or equal to 1"),
    "unknown mode": (_more("  mode: merge"), 9, "mode: should be"),
    "list where text is meant": (_with(("shop", "[shop]")), 5, "source: should be text"),
    "text where a list is meant": (_with(("[id]", "id")), 8, "model.key: should be a list"),
    "empty key": (_with(("[id]", "[]")), 8, "model.key: is empty"),
    "no model kind": (_with(("table: public.orders, key", "key")), 8, "exactly one of table"),
    "two model kinds": (_with(("key:", "sql: select 1, key:")), 8, "found table and sql"),
    "a key column twice": (_with(("[id]", "[id, id]")), 8, "named twice"),
    "a column mapped twice": (_more("  columns: {a: x, b: x}"), 9, "mapped more than once: x"),
    "columns of a wrong kind": (_more("  columns: 3"), 9, "mapping (name: value); or: should be"),
    "column that is no text": (_more("  columns:\n    a: 1"), 10, "columns.a: should be text"),
    "table without schema": (_with(("public.orders\n", "orders\n")), 7, "is not schema.table"),
    "name with a blank": (_with(("name: orders", "name: my orders")), 4, "is not a name"),
    "too long a name": (_with(("[id]", f"[{'x' * 64}]")), 8, "has 64 bytes"),
    "partitions begin within a month": (
        _more("  partitions: {column: id, every: month, start: 2024-01-02}"),
        9,
        "is not the first day of a month",
    ),
    "unknown connection": (_with(("shop", "shpo")), 5, "did you mean 'shop'?"),
    "connection unlike any": (_with(("shop", "zzz")), 5, "there is crm, shop"),
    "same name twice": (_more(SECOND.replace("more\n", "orders\n", 1)), 9, "named 'orders' too"),
    "same model name, other model": (
        _more(SECOND.replace("{table", "{name: orders, table")),
        13,
        "another model named 'orders'",
    ),
    "a sync deletes what another one writes": (
        _more(SECOND.replace("public.more\n", "public.orders\n", 1) + "  delete: delete_row"),
        12,
        "writes into public.orders too",
    ),
    "writes what it reads": (_with(("crm", "shop")), 7, "the table that it reads"),
    "sql_file that is not there": (
        _with((TABLE, "model: {sql_file: none.sql, key: [id]}")),
        8,
        "none.sql: cannot be read",
    ),
    "template": (_with(("shop", '"{{ env.SOURCE }}"')), 5, "write $NAME"),
    "array literal that Dagster takes for a template": (
        _with((TABLE, "model: {sql: \"select '{{1}}'::int[]\", key: [id]}")),
        8,
        "sql_file",
    ),
    "unknown attribute": (SYNC + "  sync: 1\n", 9, "unknown key 'sync'; did you mean 'syncs'"),
    "unknown key of the file": (SYNC + "atributes: 1\n", 9, "did you mean 'attributes'"),
    "no attributes": ("type: pgsync_assets.PgSyncComponent\n", 1, "syncs is missing"),
    "syncs are no list": (
        "type: pgsync_assets.PgSyncComponent\nattributes:\n  syncs: {a: 1}\n",
        3,
        "should be a list",
    ),
    "no type": ("attributes: {}\n", 1, "begins with `type: ...`"),
    "not a mapping": ("- a\n", 1, "begins with `type: ...`"),
    "misspelt type": (
        "type: pgsync_assets.PgSyncsComponent\n",
        1,
        "did you mean 'pgsync_assets.PgSyncComponent'",
    ),
    "not YAML": ("a: }\n", 1, "is not YAML"),
}

PARTITIONS = {
    "too few": ("{hash: 1}", "hash: should be greater than or equal to 2"),
    "misspelt kind": ("{hahs: 8}", "unknown key 'hahs'; did you mean 'hash'?"),
    "key of another kind": ("{hash: 8, column: id}", "unknown key 'column'; there is hash"),
    "misspelt kind of a column": ("{column: a, rangs: [1]}", "did you mean 'ranges'?"),
    "misspelt key of a kind": ("{column: a, values: [x], othr: false}", "did you mean 'other'?"),
    "no kind": ("{column: a}", "say how to cut: every"),
    "no mapping": ("[a]", "partitions: should be a mapping"),
    "no bound": ("{column: a, ranges: []}", "ranges: is empty"),
    "one value for a list": ("{column: a, ranges: 5}", "ranges: should be a list"),
    "null as a bound": ("{column: a, ranges: [1, null]}", "ranges[1]: should be one value, not"),
    "null within": ("{column: a, ranges: {x: null, y: 5}}", "the end of the last range only"),
    "only null": ("{column: a, ranges: {x: null}}", "one partition would hold everything"),
    "a bound twice": ("{column: a, ranges: [1, '1']}", "the bound '1' is written twice"),
    "a name of Dagster's": ("{column: a, ranges: ['.5']}", "Dagster writes ranges with '...'"),
    "a number with a point": ("{column: a, ranges: [0.5]}", "put the number in quotes"),
    "Norway": ("{column: a, values: [DE, NO]}", "values[1]: YAML reads yes, no"),
    "a value twice": ("{column: a, values: {x: [DE], y: [DE]}}", "'DE' is written twice"),
    "two others": ("{column: a, values: {other: [DE]}}", "would be named 'other'"),
    "an empty list": ("{column: a, values: {x: []}}", "values.x: is empty"),
    "text for a list": ("{column: a, values: {x: DE}}", "values.x: should be a list"),
    "a name with a blank": ("{column: a, values: [' DE']}", "begins or ends with a blank"),
    "a name with a line": ('{column: a, values: ["a\\nb"]}', "that cannot be shown"),
    "too long a name": (f"{{column: a, values: [{'x' * 101}]}}", "more than 100 characters"),
    "NUL": ('{column: a, values: ["a\\0b"]}', "cannot contain the character NUL"),
    "no column": ("{every: day, start: 2024-01-01}", "column is missing"),
    "unknown length": ("{column: a, every: fortnight, start: 2024-01-01}", "every: should be"),
    "unknown zone": (
        "{column: a, every: day, start: 2024-01-01, time_zone: Mars}",
        "'Mars' is not a time zone",
    ),
}


@pytest.mark.parametrize(("text", "message"), PARTITIONS.values(), ids=PARTITIONS.keys())
def test_wrong_partitions_are_told_with_the_line_and_once(
    tmp_path: Path, text: str, message: str
) -> None:
    sync = _more(f"  partitions: {text}")
    told = _problems(_write(tmp_path, connections=CONNECTIONS, crm=sync))
    assert told.startswith(f"{tmp_path / 'crm' / 'defs.yaml'}:9: syncs[0].partitions"), told
    assert message in told
    assert "\n" not in told


@pytest.mark.parametrize(("text", "line", "message"), WRONG_SYNCS.values(), ids=WRONG_SYNCS.keys())
def test_a_wrong_sync_is_told_with_file_and_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    told = _problems(_write(tmp_path, connections=CONNECTIONS, crm=text))
    assert told.startswith(f"{tmp_path / 'crm' / 'defs.yaml'}:{line}: "), told
    assert message in told
    assert "\n" not in told


SHOP = "    shop: {host: localhost, database: shop, user: reader, password: $SHOP_PASSWORD}"
WRONG_CONNECTIONS = {
    "secret in the file": (("$SHOP_PASSWORD", "hunter2"), 4, "a secret is written as $NAME"),
    "secret that looks like a number": (("$SHOP_PASSWORD", "1234567"), 4, "password: should be"),
    "misspelt key": (("database: shop", "databse: shop, database: shop"), 4, "'database'?"),
    "port out of range": (("$CRM_PORT", "70000"), 5, "port: should be less than"),
    "unknown sslmode": (("user: writer", "user: writer, sslmode: none"), 5, "sslmode: should be"),
    "tunnel with two pins": (
        (
            "user: writer",
            "user: writer, tunnel: {host: a, user: b, host_key: c, known_hosts_file: d}",
        ),
        5,
        "tunnel: host_key or known_hosts_file, not both",
    ),
    "bad name": (("    crm:", "    c r m:"), 5, "'c r m' is not a name"),
    "not a mapping": (("shop: {", "shop: 3 #{"), 4, "should be a mapping"),
    "written twice": (("    crm:", "    shop:"), 5, "'shop' is written twice"),
}


@pytest.mark.parametrize(
    ("change", "line", "message"), WRONG_CONNECTIONS.values(), ids=WRONG_CONNECTIONS.keys()
)
def test_a_wrong_connection_is_told_with_file_and_line(
    tmp_path: Path, change: tuple[str, str], line: int, message: str
) -> None:
    told = _problems(_write(tmp_path, connections=_with(change, text=CONNECTIONS)))
    assert told.startswith(f"{tmp_path / 'connections' / 'defs.yaml'}:{line}: "), told
    assert message in told
    assert "hunter2" not in told
    assert "1234567" not in told


def test_a_connection_in_two_files_is_told(tmp_path: Path) -> None:
    told = _problems(_write(tmp_path, a=CONNECTIONS, b=CONNECTIONS))
    assert f"{tmp_path / 'b' / 'defs.yaml'}:4: " in told
    assert "another connection is named 'shop' too" in told


def test_all_errors_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """And a sync is not told that a connection is missing which is only wrong."""
    wrong = _with(("database: shop, ", ""), text=CONNECTIONS)
    sync = _with(("[id]", "id"), ("public.orders\n", "orders\n"))
    told = _problems(_write(tmp_path, connections=wrong, orders=sync)).splitlines()
    assert told[0] == "3 errors in the configuration"
    assert [line.split(": ")[1] for line in told[1:]] == [
        "connections.shop",
        "syncs[0].table",
        "syncs[0].model.key",
    ]


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "defs.yaml").write_bytes(b"type: \xff\n")
    assert "defs.yaml: is not UTF-8 text" in _problems(tmp_path)


def test_files_below_the_working_directory_are_shown_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _problems(_write(Path("defs"), bad="a: }\n")).startswith("defs/bad/defs.yaml:1: ")


def test_the_definitions_of_the_demo_are_right() -> None:
    project = read_project(Path(pgsync_assets.__file__).parent / "demo" / "defs")
    assert sorted(project.syncs) == ["airports", "carriers", "flights", "planes"]


def test_what_dg_scaffolds_is_right(tmp_path: Path) -> None:
    examples = Path(pgsync_assets.__file__).parent / "assets" / "components" / "examples"
    files = {file.stem: file.read_text(encoding="utf-8") for file in examples.glob("*.yaml")}
    project = read_project(_write(tmp_path, **files))
    assert project.connections
    assert project.syncs
