"""A live, pinned session: tunnel, TLS, credentials, settings, and what an error means."""

from .endpoint import Endpoint
from .failures import is_row_level, translate, translated
from .migrate import is_migrated, migrate
from .rights import login_of, schema_problem
from .session import READ_ONLY, REPEATABLE_READ, Session

__all__ = [
    "READ_ONLY",
    "REPEATABLE_READ",
    "Endpoint",
    "Session",
    "is_migrated",
    "is_row_level",
    "login_of",
    "migrate",
    "schema_problem",
    "translate",
    "translated",
]
