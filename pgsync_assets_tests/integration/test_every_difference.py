"""What differs in any way is sent, also where `=` sees no difference; what does not, is not.

Images of most types are compared by `=`, as it tells all of their values apart. These are the
changes that this must not miss, whatever the state holds.
"""

from __future__ import annotations

import pytest

from pgsync_assets.outcome import Counts

from ..fix_syncs import ENGINES, Syncs
from ..invariants import violations

CHANGES = [
    ("int", "1", "null"),
    ("int", "null", "0"),
    ("text", "''", "null"),
    ("text", "null", "''"),
    ("text", "'a'", "'a '"),
    ("text", "'Bob'", "'bob'"),
    ("varchar(9)", "'Bob'", "'bob'"),
    ("citext", "'Bob'", "'bob'"),
    ("citext[]", "'{Bob}'", "'{bob}'"),
    ("name", "'Bob'", "'bob'"),
    ("char(3)", "'a'", "'b'"),
    ("bool", "false", "null"),
    ("timetz", "'12:00+01'", "'11:00+00'"),
    ("inet", "'10.0.0.1/8'", "'10.0.0.1/16'"),
    ("numeric", "1.0", "1.00"),
    ("numeric(4, 2)", "1", "null"),
    ("float8", "0", "'-0'"),
    ("jsonb", "'1.0'", "'1.00'"),
    ("interval", "'1 day'", "'24:00'"),
    ("int[]", "'{1}'", "'[0:0]={1}'"),
    ("int[]", "'{1,2}'", "'{{1,2}}'"),
    ("int[]", "'{1,2}'", "'{1,null}'"),
    ("int[]", "'{}'", "null"),
    ("int[]", "'{null}'", "'{}'"),
    ("text[]", "'{Bob}'", "'{bob}'"),
    ("text[]", "'{null}'", "'{\"null\"}'"),
    ("text[]", "'{\"a,b\"}'", "'{a,b}'"),
    ("text[]", "'{{a},{b}}'", "'{{a,b}}'"),
    ("numeric[]", "'{1.0}'", "'{1.00}'"),
    ("jsonb[]", "'{1.0}'", "'{1.00}'"),
    ("float8[]", "'{0}'", "'{-0}'"),
]
"""A type, a value, and another one."""


@pytest.mark.parametrize("state", ["lightning", "digest"])
def test_one_column_after_the_other(syncs: Syncs, state: str) -> None:
    syncs.fields |= ENGINES[state]
    for side in (syncs.pair.source, syncs.pair.destination):
        side.execute("create extension citext")
    columns = [f"c{number} {spelled}" for number, (spelled, _, _) in enumerate(CHANGES)]
    syncs.table(", ".join(["id int primary key", *columns]))
    values = ", ".join(value for _, value, _ in CHANGES)
    syncs.pair.source.execute(
        *(f"insert into items values ({number}, {values})" for number in range(len(CHANGES) + 1))  # noqa: S608
    )
    assert syncs.run().succeeded == Counts(added=len(CHANGES) + 1)
    assert syncs.run().succeeded == Counts()
    # Row n differs in column n; the last row, in which nothing changes, is written anew.
    syncs.pair.source.execute(
        *(
            f"update items set c{number} = {value} where id = {number}"  # noqa: S608
            for number, (_, _, value) in enumerate(CHANGES)
        ),
        f"update items set c0 = c0 where id = {len(CHANGES)}",  # noqa: S608
    )
    assert syncs.run().succeeded == Counts(changed=len(CHANGES))
    assert syncs.same()
    assert violations(syncs) == []
