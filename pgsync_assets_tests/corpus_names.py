"""Names that PostgreSQL allows in double quotes, and that break whoever quotes them wrongly."""

from __future__ import annotations

NAMES = [
    "a" * 63,
    "é" * 31,
    "Upper Case",
    "1st",
    " ",
    " padded ",
    "a.b",
    'double "quote"',
    "single 'quote'",
    "back\\slash",
    "new\nline",
    "tab\t",
    "100%",
    "%s",
    "%(x)s",
    "{}",
    "{0}",
    "$1",
    ":x",
    ":'x'",
    ':"x"',
    "@",
    "a;b--c",
    "/* c */",
    "select",
    "user",
    "end",
    "\u202eevil",
    "zero\u200bwidth",
    "\u0430dmin",  # a Cyrillic a
    "old",
    "new",
    "model",
    "excluded",
    "p",
    "s",
    "refused",
    "snapshot_1",
    "ledger",
    "row_id",
    "pgsync_stage",
]

HARDEST = ('double "quote"', "%(x)s")
"""Each of them means something to one of those who read a statement on its way."""

NUMBERS = range(len(NAMES))
HARDEST_NUMBERS = [str(NAMES.index(name)) for name in HARDEST]
"""As ids of tests: what pytest makes of the names themselves is hard to say."""
