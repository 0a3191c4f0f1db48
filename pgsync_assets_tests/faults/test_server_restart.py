"""A server crashes while rows are on their way (fsync on: what was committed is there afterwards)."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pgsync_assets import sync as engine
from pgsync_assets.embedded import Cluster
from pgsync_assets.outcome import Progress

from ..fix_databases import AUDIT_SCHEMA, LEDGER_SCHEMA, PLANNER_SCHEMA, Pair, database_on
from ..fix_syncs import Syncs
from ..invariants import log_writes, violations, writes
