"""Programs of others that do the same job, each set up as its own documentation says."""

from __future__ import annotations

from collections.abc import Callable

from ..contender import Contender
from .copiers import pgcopydb, pgloader
from .dlt import dlt
from .drt import drt
from .ingestr import ingestr
from .sling import sling

PEERS: dict[str, Callable[[], list[Contender]]] = {
    "sling": sling,
    "dlt": dlt,
    "ingestr": ingestr,
    "drt": drt,
    "pgcopydb": pgcopydb,
    "pgloader": pgloader,
}
"""By the names of the option `--peer`; each raises NotToBeHad where it is not to be had."""
