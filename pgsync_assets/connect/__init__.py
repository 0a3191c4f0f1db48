"""A live, pinned session: tunnel, TLS, credentials, settings, and what an error means."""

from .endpoint import Endpoint
from .failures import is_row_level, translate, translated
from .migrate import is_migrated, migrate
from .platform import no_platform, platform_config, platform_endpoint
from .pump import pump
from .retry import tried
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
    "no_platform",
    "platform_config",
    "platform_endpoint",
    "pump",
    "schema_problem",
    "translate",
    "translated",
    "tried",
]
