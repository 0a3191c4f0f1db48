"""A key as people write it: in order, by name, as it is listed; and what is no key."""

from __future__ import annotations

import pytest

from pgsync_assets.errors import ConfigurationError
from pgsync_assets.record.asked_key import texts_of


@pytest.mark.parametrize(
    ("names", "given", "texts"),
    [
        (["id"], ["7"], ("7",)),
        (["id"], ["id=7"], ("7",)),
        (["id"], ["id=id=7"], ("id=7",)),
        (["id"], ["x=7"], ("x=7",)),
        (["id"], [""], ("",)),
        (["id"], ['["a"]'], ('["a"]',)),
        (["a", "b"], ["1", "2"], ("1", "2")),
        (["a", "b"], ["b=2", "a=1"], ("1", "2")),
        (["a", "b"], ["a=", "b==x"], ("", "=x")),
        (["a", "b"], ['["say \\"hi\\"", null]'], ('say "hi"', None)),
        (["a", "b"], ["[1.10, true]"], ("1.10", "true")),
        (["a", "b"], ['[{"x": [1.50, null]}, 9007199254740993]'],
         ('{"x": [1.50, null]}', "9007199254740993")),
        (["a", "b"], ["null", "[1]"], ("null", "[1]")),
    ],
)  # fmt: skip
def test_it_is_read(names: list[str], given: list[str], texts: tuple[str | None, ...]) -> None:
    assert texts_of(names, given) == texts


@pytest.mark.parametrize(
    ("names", "given"),
    [
        (["id"], ["1", "2"]),
        (["a", "b"], ["1"]),
        (["a", "b"], ["a=1"]),
        (["a", "b"], ["a=1", "2"]),
        (["a", "b"], ["a=1", "a=2"]),
        (["a", "b"], ["[1]"]),
        (["a", "b"], ["[1, 2"]),
        (["a", "b"], ["1", "2", "3"]),
    ],
)
def test_what_is_no_key_is_refused(names: list[str], given: list[str]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        texts_of(names, given)
    assert f"--key {names[0]}=VALUE" in str(raised.value.remedy)
