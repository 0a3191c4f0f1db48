"""A live, pinned session: tunnel, TLS, credentials, settings, and what an error means."""

from .authorities import Trust, refusal
from .certificate import Certificate, Server, matches, shown_chain
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
    "Certificate",
    "Endpoint",
    "Server",
    "Session",
    "Trust",
    "is_migrated",
    "is_row_level",
    "login_of",
    "matches",
    "migrate",
    "no_platform",
    "platform_config",
    "platform_endpoint",
    "pump",
    "refusal",
    "schema_problem",
    "shown_chain",
    "translate",
    "translated",
    "tried",
]
