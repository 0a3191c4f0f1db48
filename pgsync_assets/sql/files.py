"""Fixed statements live in `.sql` files that run in psql as they are.

The files use psql's own variables: `:"name"` for an identifier and `:'name'` for a value, so that
`psql -v planner=hightouch_planner -v sync=orders -f claim.sql` runs exactly what we run. Here the
first becomes a quoted identifier and the second a bound parameter; nothing is ever pasted.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from psycopg import sql

_VARIABLE = re.compile(r""":(?:"(?P<identifier>\w+)"|'(?P<value>\w+)')""")


@cache
def text(package: str, name: str) -> str:
    """Reads a `.sql` file that lies beside the code of a room.

    Args:
        package: dotted name of the room, as in `pgsync_assets.plan`.
        name: file name with its ending; `migrations/001_planner.sql` for a file in a folder.
    """
    return files(package).joinpath(name).read_text(encoding="utf-8")


@cache
def statement(package: str, name: str, **identifiers: str) -> sql.Composed:
    """A statement from a file, with its identifiers filled in and its values as parameters.

    Args:
        package: dotted name of the room.
        name: file name with its ending.
        identifiers: what each `:"name"` of the file stands for.

    Returns:
        A statement to be executed with a mapping that holds each `:'name'` of the file (an empty
        mapping where there is none: a `%` in the file is doubled).

    Raises:
        KeyError: an identifier of the file was not given.
    """
    source = text(package, name)
    parts: list[sql.Composable] = []
    position = 0
    for match in _VARIABLE.finditer(source):
        parts.append(_plain(source[position : match.start()]))
        if match["identifier"]:
            identifier = sql.Identifier(identifiers[match["identifier"]])
            parts.append(_plain(identifier.as_string(None)))  # a name may have a % in it, too
        else:
            parts.append(sql.Placeholder(match["value"]))
        position = match.end()
    parts.append(_plain(source[position:]))
    return sql.Composed(parts)


def script(package: str, name: str, **identifiers: str) -> sql.Composed:
    """A file of several statements without values, as a migration is.

    Args:
        package: dotted name of the room.
        name: file name with its ending.
        identifiers: what each `:"name"` of the file stands for.
    """
    parts = statement(package, name, **identifiers)
    return sql.Composed(
        [
            # Executed without parameters, where psycopg leaves `%` alone.
            sql.SQL(part.as_string(None).replace("%%", "%")) if isinstance(part, sql.SQL) else part
            for part in parts
        ]
    )


def _plain(fragment: str) -> sql.SQL:
    return sql.SQL(fragment.replace("%", "%%"))
