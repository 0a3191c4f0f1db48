"""docs/versions.md says since when what is so; the code says the same."""

from __future__ import annotations

import re
from pathlib import Path

from pgsync_assets.plan import buckets
from pgsync_assets.plan.digest import newest_algorithm
from pgsync_assets.steps import may_stream
from pgsync_assets.write import travel

from ..fix_versions import VERSIONS
from ..versions.conftest import ALWAYS

PAGE = (Path(__file__).parents[2] / "docs" / "versions.md").read_text(encoding="utf-8")


def since(words: str) -> int:
    """The version at the beginning of the line with these words."""
    (line,) = [line for line in PAGE.splitlines() if line.startswith("| ") and words in line]
    return int(line.split("|")[1])


def test_the_page_has_the_versions_of_the_code() -> None:
    assert since("by bucket") * 10_000 == buckets._HAVE_BIT_XOR
    assert since("straight from the table") * 10_000 == may_stream.SINCE
    first = since("hash_record_extended") * 10_000
    assert (newest_algorithm(first), newest_algorithm(first - 1)) == ("record", "text")
    assert {
        "numeric": since("`numrange`"),
        "numrange": since("`numrange`"),
        "interval": since("as `interval`"),
    } == travel._NEW_VALUES


def test_the_page_says_what_is_tested_always() -> None:
    waiting = [name.removeprefix("pg") for name in VERSIONS if name not in ALWAYS]
    always = [name.removeprefix("pg") for name in ALWAYS]
    assert f"{', '.join(always[:-1])} and {always[-1]} always" in PAGE
    assert f"{', '.join(waiting[:-1])} and {waiting[-1]} by `make nightly`" in PAGE
    assert re.search(r"# PostgreSQL (\d+) to (\d+)", PAGE)[0] == "# PostgreSQL 12 to 18"  # type: ignore[index]
