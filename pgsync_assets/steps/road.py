"""The way to a database, one line for each thing that can be in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from psycopg import sql

from ..check_result import CheckResult
from ..config import ReverseTunnelRef, SslMode
from ..connect import (
    UNKNOWN_BYTES,
    Endpoint,
    PoolMode,
    Session,
    excess_rights,
    is_pooled,
    pool_mode,
    reach,
    read_server,
    tls_of,
)
from ..errors import CertificateError, PgsyncError, TerminalError
from .lines import Found, Lines, Patience

SUMMARY = ("credentials", "server version", "certificate")
"""Lines that say in a few words where one has arrived."""

CHECKED: dict[SslMode, str] = {
    "verify-full": "certificate and name checked",
    "verify-ca": "certificate checked, not the name",
    "require": "certificate not checked",
}
POOLERS: dict[PoolMode, Found] = {
    "none": Found("none: the server itself answers"),
    "transaction": Found("one in transaction mode: a sync works through it"),
    "session": Found(
        "one in session mode, or a cloud's proxy: each session of a sync keeps a server for itself"
    ),
    "statement": Found(
        "one in statement mode, which allows no transactions",
        "failed",
        "let the pooler use pool_mode = transaction for this database",
    ),
    "unknown": Found(
        "one whose mode cannot be seen: no server of the pool was free for a second session",
        "warning",
        "a sync needs several sessions at once: let the pool be larger",
    ),
}


@contextmanager
def travelled(
    lines: Lines, endpoint: Endpoint, *, writes: bool = False
) -> Iterator[Session | None]:
    """Goes to a database step by step; the session is open for the length of the block.

    Args:
        lines: get a line for each step; where one fails, those behind it are skipped.
        endpoint: the database.
        writes: rows are written there: its encoding has to take them.

    Returns:
        None where it did not get there.
    """
    with ExitStack() as stack:
        way = _Way(endpoint, stack, writes)
        steps = dict(way.steps)
        for name in list(steps):
            if not lines.tried(name, steps.pop(name)):
                lines.skipped(tuple(steps), f"not tried: {name} failed")
                way.session = None
                break
        yield way.session


@contextmanager
def arrived(lines: Lines, endpoint: Endpoint, *, writes: bool = False) -> Iterator[Session | None]:
    """Goes to a database; its steps are one line, and one for each that is not fine.

    Args:
        lines: get these lines.
        endpoint: the database.
        writes: see `travelled`.
    """
    steps = Lines()
    with travelled(steps, endpoint, writes=writes) as session:
        lines.results += _summary(f"connection {endpoint.name}", steps.results)
        yield session


def _summary(name: str, steps: list[CheckResult]) -> Iterator[CheckResult]:
    seconds = round(sum(one.seconds for one in steps), 3)
    if all(one.passed for one in steps):
        found = {one.name: one.detail for one in steps}
        yield CheckResult(name, "ok", ", ".join(found[one] for one in SUMMARY), None, seconds)
    for one in steps:
        if one.state in ("warning", "failed"):
            detail = f"{one.name}: {one.detail}"
            yield CheckResult(name, one.state, detail, one.remedy, one.seconds)


class _Way:
    """How far it got.

    Args:
        endpoint: where it leads.
        stack: closes what was opened.
        writes: see `travelled`.
    """

    def __init__(self, endpoint: Endpoint, stack: ExitStack, writes: bool) -> None:
        self.session: Session | None = None
        self._endpoint = endpoint
        self._stack = stack
        self._writes = writes
        self._refused: PgsyncError | None = None
        self._patience = Patience()
        self._server_encoding = ""

    @property
    def steps(self) -> dict[str, Callable[[], str | Found]]:
        """In their order."""
        return {
            "SSH tunnel": self._tunnel,
            "host": self._host,
            "certificate": self._certificate,
            "credentials": self._credentials,
            "server version": self._version,
            "pooler": self._pooler,
            "encoding": self._encoding,
            "role": self._role,
        }

    def _tunnel(self) -> Found:
        tunnel = self._endpoint.config.tunnel
        if tunnel is None:
            return Found("not asked for", "skipped")
        patience = Patience()
        patience.tried(lambda: self._stack.enter_context(self._endpoint))
        if isinstance(tunnel, ReverseTunnelRef):
            return patience.told(Found(f"opened by the other side: {tunnel.reverse}"))
        servers = [*tunnel.jump, tunnel]
        way = ", then ".join(f"{one.host}:{one.port}" for one in servers)
        return patience.told(Found(f"open through {way}"))

    def _host(self) -> Found:
        config = self._endpoint.config
        timeout_s = config.connect_timeout_s
        servers = self._endpoint.servers
        if len(servers) == 1:  # else there is another one to go to: nobody waits
            patience = Patience()
            told = patience.tried(lambda: reach(*servers[0].near, timeout_s, config.address))
            return patience.told(Found(f"{config.address} answers, {told}"))
        answers: list[str] = []
        errors: list[PgsyncError] = []
        for server in servers:
            name = f"{server.host}:{server.port}"
            try:
                answers.append(f"{name} answers, {reach(*server.near, timeout_s, name)}")
            except PgsyncError as error:
                errors.append(error)
        told = "; ".join([*answers, *(error.message for error in errors)])
        if not answers:
            raise TerminalError(told, errors[0].remedy)
        return Found(told, "warning", errors[0].remedy) if errors else Found(told)

    def _certificate(self) -> Found:
        """The login belongs to this step, too: TLS is the first half of it."""
        try:
            self.session = self._patience.tried(
                lambda: self._stack.enter_context(self._endpoint.session("pgsync/test"))
            )
        except CertificateError:
            raise
        except PgsyncError as error:
            self._refused = error
            return Found("not tried: the login failed", "skipped")
        return self._encryption(self.session)

    def _encryption(self, session: Session) -> Found:
        mode, kind = self._endpoint.sslmode, "not encrypted"
        if session.connection.pgconn.ssl_in_use:
            tls = None
            with suppress(TerminalError):  # of something that is no PostgreSQL: said further on
                tls = None if is_pooled(session) else tls_of(session)
            kind = ", ".join(tls) if tls else "TLS"
        is_pinned = bool(self._endpoint.config.fingerprints)
        checked = "fingerprint checked" if is_pinned else CHECKED.get(mode, CHECKED["require"])
        told = kind if kind == "not encrypted" else f"{kind}, {checked}"
        detail = f"{told} (sslmode {mode})"
        if weakness := self._endpoint.weakness:
            return Found(detail, "warning", weakness)
        return Found(detail)

    def _credentials(self) -> Found:
        if self._refused is not None:
            raise self._refused
        info, is_tunnelled = self._arrived.connection.info, self._endpoint.config.tunnel
        at = info.host if is_tunnelled else f"{info.host}:{info.port}"
        return self._patience.told(Found(f"{info.user} at {at}, database {info.dbname}"))

    def _version(self) -> Found:
        server = read_server(self._arrived)
        server.check_version()
        self._server_encoding = server.encoding
        told = f"PostgreSQL {server.version}"
        if server.other_name is None:
            return Found(told)
        return Found(
            f"{told}, but it is {server.other_name}",
            "warning",
            "only PostgreSQL itself is tested: try each sync on a copy first",
        )

    def _pooler(self) -> Found:
        return POOLERS[pool_mode(self._endpoint, self._arrived)]

    def _encoding(self) -> Found:
        encoding = self._server_encoding
        if encoding == "UTF8":
            return Found("UTF8")
        if encoding == UNKNOWN_BYTES:
            return Found(
                f"{encoding}: the server does not know what its bytes mean; rows with texts that "
                "are not UTF-8 are refused",
                "warning",
                "CREATE DATABASE .. ENCODING 'UTF8' TEMPLATE template0, and move the data there",
            )
        if not self._writes:
            return Found(f"{encoding}: converted to UTF8 as it is read")
        return Found(
            f"{encoding}: rows with characters that it does not have are refused",
            "warning",
            "a database with ENCODING 'UTF8' takes all of them",
        )

    def _role(self) -> Found:
        session = self._arrived
        excess = excess_rights(session)
        if not excess:
            return Found("no rights that a sync does not need")
        user = sql.Identifier(session.connection.info.user).as_string(None)
        more = "more than a sync needs: docs/privileges.md has the rights of a role of its own"
        return Found(f"{user} is {', '.join(excess)}", "warning", more)

    @property
    def _arrived(self) -> Session:
        assert self.session is not None  # noqa: S101 - no step is taken behind one that failed
        return self.session
