"""CSV and Parquet files, and functions of Python, as models: what PostgreSQL reads of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pgsync_assets import frames
from pgsync_assets.config import ModelConfig
from pgsync_assets.errors import ConfigurationError, ModelError, PgsyncError
from pgsync_assets.frames import csv_file

from ..fix_databases import Side
from ..fix_frames import SECRET, texts
from ..fix_syncs import endpoint_of

Loaded = Callable[..., dict[str, list[str | None]]]


@pytest.fixture
def loaded(frames_side: Side, tmp_path: Path) -> Loaded:
    """Loads a file with some content, and reads it back."""

    def load(content: bytes, types: dict[str, str] | None = None, **config: Any) -> Any:
        path = tmp_path / "rows.csv"
        path.write_bytes(content)
        file = {"path": str(path)} | config
        return texts(frames_side, load_model(frames_side, file=file, types=types or {}))

    return load


def load_model(frames_side: Side, **fields: Any) -> frames.Load:
    written = {"name": "rows", "key": ["id"]} | fields
    model = ModelConfig.model_validate(written)
    return frames.load(endpoint_of("platform", frames_side), model, frames.read(model), by="test")


CSV: dict[str, tuple[bytes, dict[str, Any], list[str | None]]] = {
    "plain": (b"id,a\n1,x\n", {}, ["x"]),
    "zeros in front": (b"id,a\n1,007\n", {}, ["007"]),
    "NULL and empty": (b'id,a\n1,\n2,""\n', {}, [None, ""]),
    "a word for NULL": (b'id,a\n1,NULL\n2,"NULL"\n3,\n', {"null": "NULL"}, [None, "NULL", ""]),
    "quotes": (b'id,a\n1,"say ""hi"", \nthere"\n', {}, ['say "hi", \nthere']),
    "other signs": (b"id;a\n1;'x;''y'\n", {"delimiter": ";", "quote": "'"}, ["x;'y"]),
    "tabs": (b"id\ta\n1\tx,y\\n\n", {"delimiter": "\t"}, ["x,y\\n"]),
    "lines of Windows": (b'id,a\r\n1,"x\r\ny"\r\n', {}, ["x\r\ny"]),
    "old lines": (b"id,a\r1,x\r2,y", {}, ["x", "y"]),
    "no end of line": (b"id,a\n1,x", {}, ["x"]),
    "a mark": (b"\xef\xbb\xbfid,a\n1,\xc3\xbc\n", {}, ["ü"]),
    "another encoding": ("id,a\n1,ü€\n".encode("cp1252"), {"encoding": "cp1252"}, ["ü€"]),
    "two bytes": ("id,a\n1,ü€\n".encode("utf-16"), {"encoding": "utf-16"}, ["ü€"]),
    "big ends": ("\ufeffid,a\n1,ü\n".encode("utf-16-be"), {"encoding": "utf-16-be"}, ["ü"]),
    "no rows": (b"id,a\n", {}, []),
    "an end of data in quotes": (b'id,a\n1,"\\."\n2,\\.x\n', {}, ["\\.", "\\.x"]),
}


@pytest.mark.parametrize("case", CSV)
def test_a_csv_file_is_read_as_postgresql_reads_it(loaded: Loaded, case: str) -> None:
    content, config, expected = CSV[case]
    assert loaded(content, **config)["a"] == expected


def test_declared_types_are_read_and_others_are_text(loaded: Loaded) -> None:
    content = b'id,price,day,at,n,label\n1,"1.50",2024-02-29,2024-01-01T01:02:03Z,,x \n'
    types = {
        "id": "bigint",
        "price": "numeric(10,2)",
        "day": "date",
        "at": "timestamptz",
        "n": "integer",
        "label": "varchar(3)",
    }
    assert loaded(content, types) == {
        "id": ["1"],
        "price": ["1.50"],
        "day": ["2024-02-29"],
        "at": ["2024-01-01 01:02:03+00"],
        "n": [None],
        "label": ["x "],
    }


def test_a_name_of_a_header_may_be_anything(loaded: Loaded) -> None:
    assert loaded(b'id,"a ""b"",\n c",\xc3\xbc\n1,2,3\n') == {
        "id": ["1"],
        'a "b",\n c': ["2"],
        "ü": ["3"],
    }


S = SECRET.encode()
WRONG: dict[str, tuple[bytes, dict[str, str], dict[str, Any], str]] = {
    "empty": (b"", {}, {}, "rows.csv: is empty"),
    "no key": (b"a\n1\n", {}, {}, "key: no column is named 'id'"),
    "twice": (b"id,id\n1,2\n", {}, {}, "several columns are named 'id'"),
    "a column too many": (b"id,a\n1,x\n2,y," + S, {}, {}, "line 3: extra data after last"),
    "a column too few": (b"id,a\n1,x\n" + S, {}, {}, "line 3: missing data for column .a"),
    "an open quote": (b'id,a\n1,"x\n', {}, {}, "unterminated CSV quoted field"),
    "no number": (b"id,a\n1,1\n2," + S, {"a": "int"}, {}, r"line 3: .* its column \(column a\)"),
    "too large": (b"id,a\n1,99999", {"a": "smallint"}, {}, r"line 2: .*range.*\(column a\)"),
    "rounded": (b"id,a\n1,1.0\n2,1.005\n", {"a": "numeric(10,2)"}, {}, "line 3, column 'a': the"),
    "rounded in quotes": (b'id,a\n1,1.0"05"\n', {"a": "numeric(10,2)"}, {}, "line 2, column 'a'"),
    "a time in a date": (b"id,a\n1,2024-01-01 10:00\n", {"a": "date"}, {}, "line 2, column 'a'"),
    "a zone": (b'id,a\n1,"2024-01-01 01:00+01"\n', {"a": "timestamp"}, {}, "line 2, column 'a'"),
    "not UTF-8": (b"id,a\n1,\xfc\n", {}, {}, "line 2: a text is not valid"),
    "not as said": (b"id,a\n1,\x81\n", {}, {"encoding": "cp1252"}, "is not cp1252 text"),
    "an unknown encoding": (b"id,a\n", {}, {"encoding": "no-such"}, "knows no encoding 'no-such'"),
    "a NUL": (b"id,a\n1,\0\n", {}, {}, "line 2: a text is not valid"),
    "an end of data": (b"id,a\n1,x\n\\.\n2,y\n", {}, {}, r"is \\. alone, which"),
    "an end of data at the end": (b"id,a\r\n1,x\r\n\\.", {}, {}, r"is \\. alone, which"),
    "a wide delimiter": (b"id\n", {}, {"delimiter": "ü"}, "single one-byte character"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_read_is_told(loaded: Loaded, case: str) -> None:
    content, types, config, told = WRONG[case]
    with pytest.raises(PgsyncError, match=told) as caught:
        loaded(content, types, **config)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("cut", range(1, 12))
def test_chunks_may_end_anywhere(loaded: Loaded, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    monkeypatch.setattr(csv_file, "CHUNK", cut)
    content = b'id,a\r\n1,"x\r\ny"\r\n2,\xc3\xbc\xe2\x82\xac\r\n'
    assert loaded(content, {"id": "bigint", "a": "varchar(9)"})["a"] == ["x\r\ny", "ü€"]
    with pytest.raises(ModelError, match="end of the data"):
        loaded(content + b"\\.\r\n3,z\r\n")


def test_a_file_that_changes_while_it_is_read_is_not_loaded(
    frames_side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id\n1\n2\n")
    before = frames.newest(endpoint_of("platform", frames_side), "rows")

    def grows(_name: str) -> None:
        with path.open("a") as file:
            file.write("3\n")

    monkeypatch.setattr(csv_file, "failpoint", grows)
    with pytest.raises(ModelError, match="was changed while it was read; nothing was loaded"):
        load_model(frames_side, file=str(path))
    assert frames.newest(endpoint_of("platform", frames_side), "rows") == before


def test_paths(frames_side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.txt"
    path.write_text("id\n1\n")
    monkeypatch.setenv("ROWS", str(path))
    with pytest.raises(ConfigurationError, match="its ending does not say what it is"):
        load_model(frames_side, file="$ROWS")
    assert load_model(frames_side, file={"path": "$ROWS", "format": "csv"}).rows == 1
    with pytest.raises(ConfigurationError, match="environment variable NO_ROWS is not set"):
        load_model(frames_side, file="$NO_ROWS")
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        load_model(frames_side, file=str(tmp_path / "none.csv"))
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        load_model(frames_side, file={"path": str(tmp_path), "format": "csv"})
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        load_model(frames_side, file=str(tmp_path / "none.parquet"))
    (tmp_path / "odd.parquet").write_text("id\n1\n")
    with pytest.raises(ModelError, match="odd.parquet: is no Parquet file"):
        load_model(frames_side, file=str(tmp_path / "odd.parquet"))


def test_a_parquet_file(frames_side: Side, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    frame = pd.DataFrame(
        {"id": pd.array([1, None, 3], dtype="Int64"), "a.b": ["x", None, ""], "n": [[1], [], None]}
    )
    frame.set_index(pd.Index([5, 6, 8])).to_parquet(path)
    one = load_model(frames_side, file=str(path))
    assert one.columns == {"id": "bigint", "a.b": "text", "n": "bigint[]"}
    assert texts(frames_side, one) == {
        "id": ["1", None, "3"],
        "a.b": ["x", None, ""],
        "n": ["{1}", "{}", None],
    }
    # A file that was cut off: its schema is at its end.
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelError, match="is no Parquet file"):
        load_model(frames_side, file=str(path))


def test_without_pyarrow_it_is_said_what_to_install(
    frames_side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.frames.recognise.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="not installed") as caught:
        load_model(frames_side, file=str(tmp_path / "rows.parquet"))
    assert caught.value.remedy == "pip install 'pgsync-assets[parquet]'"


FUNCTIONS = """
import pandas as pd
from pgsync_assets.errors import GuardError

def orders():
    return pd.DataFrame({"id": [1, 2]})

def broken():
    raise ValueError("s3cret-value")

def guarded():
    raise GuardError("nothing came from upstream")

def rows():
    return [{"id": 1}]

def wanting(more):
    return more

number = 7
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module in the working directory."""
    name = f"shop_{time.time_ns()}"
    (tmp_path / f"{name}.py").write_text(FUNCTIONS)
    (tmp_path / f"{name}_odd.py").write_text("raise RuntimeError('s3cret-value')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield name
    sys.modules.pop(name, None)


def test_a_function_is_called(frames_side: Side, shop: str) -> None:
    assert load_model(frames_side, python=f"{shop}:orders").rows == 2
    assert sys.path[-1] == str(Path.cwd())  # behind all others


@pytest.mark.parametrize(
    ("function", "error", "told"),
    [
        (":broken", ModelError, "broken failed with ValueError"),
        (":wanting", ModelError, "wanting failed with TypeError"),
        (":rows", ModelError, "a list is no DataFrame"),
        (":number", ConfigurationError, "has no function number"),
        (":none", ConfigurationError, "has no function none"),
        ("_none:orders", ConfigurationError, "cannot be imported .No module named"),
        ("_odd:orders", ConfigurationError, "cannot be imported .RuntimeError"),
        (":guarded", PgsyncError, "nothing came from upstream"),
    ],
)
def test_a_function_that_fails_is_named(
    frames_side: Side, shop: str, function: str, error: type[PgsyncError], told: str
) -> None:
    with pytest.raises(error, match=told) as caught:
        load_model(frames_side, python=shop + function)
    assert SECRET not in str(caught.value)
    if function == ":broken":
        assert isinstance(caught.value.__cause__, ValueError)
