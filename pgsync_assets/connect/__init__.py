"""A live, pinned session: tunnel, TLS, credentials, settings, and what an error means."""

from .authorities import Trust, refusal
from .certificate import Certificate, Server, matches, shown_chain
from .copy_format import BINARY, TEXT, Format
from .endpoint import Endpoint
from .failures import is_row_level, spoken, translate, translated
from .migrate import is_migrated, migrate
from .outgoing import Ahead, Outgoing
from .platform import no_platform, nowhere_to_load, platform_config, platform_endpoint
from .pooler import PoolMode, is_pooled, pool_mode
from .pump import hand_on, pump
from .reach import reach
from .retry import PAUSES_S, tried
from .rights import (
    excess_rights,
    may_create,
    schema_problem,
    tables_problem,
    tls_of,
    try_schema,
    try_temporary,
    visible_tables,
)
from .server import UNKNOWN_BYTES, read_server
from .session import NOTHING, READ_ONLY, REPEATABLE_READ, Rows, Session, at_once
from .together import meanwhile, opened_together

__all__ = [
    "Ahead",
    "BINARY",
    "NOTHING",
    "PAUSES_S",
    "READ_ONLY",
    "REPEATABLE_READ",
    "TEXT",
    "UNKNOWN_BYTES",
    "Certificate",
    "Endpoint",
    "Format",
    "Outgoing",
    "PoolMode",
    "Rows",
    "Server",
    "Session",
    "Trust",
    "at_once",
    "excess_rights",
    "hand_on",
    "is_migrated",
    "is_pooled",
    "is_row_level",
    "matches",
    "may_create",
    "meanwhile",
    "migrate",
    "no_platform",
    "nowhere_to_load",
    "opened_together",
    "platform_config",
    "platform_endpoint",
    "pool_mode",
    "pump",
    "reach",
    "read_server",
    "refusal",
    "schema_problem",
    "shown_chain",
    "tables_problem",
    "spoken",
    "tls_of",
    "translate",
    "translated",
    "tried",
    "try_schema",
    "try_temporary",
    "visible_tables",
]
