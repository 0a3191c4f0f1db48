"""Mode `insert`: rows are copied straight into the table, each key once; nothing is looked up.

No unique index is needed, and no right but INSERT: what was sent is known by the planner's keys,
and how far a run came by the ledger.
"""

from __future__ import annotations

from .mode import WriteMode

INSERT = WriteMode(rights=("INSERT",), inserts=True, write=None)
