"""What HTTP clients write into their logs at level DEBUG: addresses, which may be passwords."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")
_here = threading.local()


def _is_told(_record: logging.LogRecord) -> bool:
    return not getattr(_here, "is_quiet", False)


@contextmanager
def unlogged() -> Iterator[None]:
    """Keeps urllib3 from logging what this thread does in the block."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_is_told)  # once, however often it is added
    _here.is_quiet = True
    try:
        yield
    finally:
        _here.is_quiet = False


SILENT = logging.Logger("pgsync_assets.alerts.silent", logging.CRITICAL + 1)
"""For clients that are given a logger."""
