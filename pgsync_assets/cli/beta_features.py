"""Dagster's parts that are beta, without a warning for each use: we have chosen them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def beta_features() -> Iterator[None]:
    """Nothing of Dagster, nor of how we use it, is warned of in the block."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"dagster|pgsync_assets\.assets")
        yield
