"""`pgsync-assets certificate`: who a server says it is, so that a person can decide to trust it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import yaml

from ..config.pinning import pin_line
from ..connect import Certificate, Endpoint, Server, Trust, matches, refusal, shown_chain
from ..errors import ConfigurationError, PgsyncError
from ..project import Project, read_project
from .app import app, common_options
from .confirm import confirm, yes_option
from .pin_file import pin_in_file
from .terminal import Terminal

CHECKING = ("verify-ca", "verify-full")
DATE = "%Y-%m-%d"
NO_MATTER = 1_000_000  # columns of a line of YAML


@dataclass(frozen=True)
class Shown:
    """What one server of a connection shows.

    Args:
        host: its name.
        port: its port.
        chain: its certificates, its own one first; empty where it does not show any.
        problem: why verify-full would refuse it now; None where it would not.
        remedy: what to do about that.
        pinned: whether its own one is pinned already; None where the connection pins none.
    """

    host: str
    port: int
    chain: tuple[Certificate, ...]
    problem: str | None = None
    remedy: str | None = None
    pinned: bool | None = None

    @property
    def trusted(self) -> bool:
        """Whether verify-full accepts it now."""
        return self.problem is None

    @property
    def root(self) -> Certificate | None:
        """What `sslrootcert` may be: the self-signed end of the chain, if the server shows it."""
        end = self.chain[-1] if self.chain else None
        return end if end and end.self_signed else None


@app.command()
@click.argument("name")
@click.option(
    "--write",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the self-signed certificate or the CA of the chain to FILE, for `sslrootcert`.",
)
@click.option("--pin", is_flag=True, help="Write `certificate_sha256` into the connection's YAML.")
@yes_option
@common_options
def certificate(
    name: str, file: Path | None, pin: bool, yes: bool, defs: Path, as_json: bool
) -> None:
    """Show the certificates of the server of connection NAME, and whether they are trusted.

    Nothing is checked to show them, and no password is sent: compare the fingerprint with what
    the server's owner says before you trust it with --write or --pin.
    """
    terminal = Terminal(as_json)
    if pin and file is not None:
        raise click.UsageError("--write trusts who signed it, --pin this one only: choose one")
    project = read_project(defs)
    endpoint = Endpoint(name, project.connection(name))
    with endpoint:
        shown = _shown_by_all(endpoint)
    for one in shown:
        terminal.say(*_lines(one))
    leaves = tuple(dict.fromkeys(one.chain[0].fingerprint for one in shown if one.chain))
    line = pin_line(leaves) if file is None else _root_line(file)
    if file is not None:
        _write(file, shown, yes)
        terminal.say("", f"{file} is written.")
    if pin:
        _pin(project, name, leaves, yes)
        terminal.say("", f"{project.files[name]}: connection {name} has")
    else:
        terminal.say("", f"What makes connection {name} believe {_whom(file)}:")
    terminal.say(f"  {line}")
    mode = endpoint.config.sslmode
    if file is None and mode in CHECKING:
        terminal.say(f"`sslmode: {mode}` has to hold as well; the pin alone counts without it.")
    terminal.document(
        {
            "connection": name,
            "servers": shown,
            "yaml": line,
            "written": file,
            "pinned_in": project.files[name] if pin else None,
        }
    )


def _shown_by_all(endpoint: Endpoint) -> list[Shown]:
    """What the servers show; one that is down is told as such, if another one is up.

    Raises:
        PgsyncError: none of them shows a certificate.
    """
    shown = []
    failed: PgsyncError | None = None
    for server in endpoint.servers:
        try:
            shown.append(_shown(endpoint, server))
        except PgsyncError as error:
            failed = error
            shown.append(Shown(server.host, server.port, (), error.message, error.remedy))
    if failed is not None and not any(one.chain for one in shown):
        raise failed
    return shown


def _shown(endpoint: Endpoint, server: Server) -> Shown:
    trust, pins = endpoint.trust(), endpoint.config.fingerprints
    chain = shown_chain(server, trust.timeout_s)
    problem, remedy = _refusal(server, trust) or (None, None)
    pinned = chain[0].sha256 in pins if pins else None
    return Shown(server.host, server.port, chain, problem, remedy, pinned)


def _refusal(server: Server, trust: Trust) -> tuple[str, str | None] | None:
    try:
        return refusal(server, trust)
    except ConfigurationError as error:  # a file that is to be written yet, as like as not
        return error.message, error.remedy


def _lines(shown: Shown) -> Iterator[str]:
    yield from ("", f"{shown.host}:{shown.port}")
    for number, one in enumerate(shown.chain):
        yield from [""] if number else []
        yield f"  subject      {one.subject or '(empty)'}"
        yield f"  issuer       {'itself: self-signed' if one.self_signed else one.issuer}"
        if number == 0:
            yield f"  names        {_names(one, shown.host)}"
        yield f"  valid        {one.not_before:{DATE}} to {one.not_after:{DATE}}{_age(one)}"
        yield f"  SHA-256      {one.fingerprint}"
    yield ""
    if shown.pinned is not None:
        yield f"It is {'the' if shown.pinned else 'NOT the'} one that the connection pins."
    if shown.problem is None:
        yield "sslmode verify-full accepts it."
    else:
        yield f"sslmode verify-full refuses it: {shown.problem}"
        yield f"  -> {shown.remedy}"


def _names(leaf: Certificate, host: str) -> str:
    named = ", ".join(leaf.names) or "none"
    return named if any(matches(name, host) for name in leaf.names) else f"{named} (not {host})"


def _age(one: Certificate) -> str:
    now = dt.datetime.now(dt.timezone.utc)
    if now > one.not_after:
        return ", expired"
    return ", not yet valid" if now < one.not_before else ""


def _whom(file: Path | None) -> str:
    return "who is signed by that" if file else "this very certificate and no other"


def _root_line(file: Path) -> str:
    return yaml.safe_dump({"sslrootcert": str(file.absolute())}, width=NO_MATTER).strip()


def _write(file: Path, shown: Sequence[Shown], is_sure: bool) -> None:
    roots = [(one, one.root) for one in shown]
    for one, root in roots:
        if root is None:
            raise ConfigurationError(
                f"{one.host}:{one.port} does not show the certificate of who signed its own"
                + (f": {one.chain[-1].issuer}" if one.chain else ""),
                "ask for that one, it can be `sslrootcert` as it is; or pin the server's own "
                "certificate with --pin",
            )
    if file.exists():
        confirm(f"Replace {file}?", is_sure)
    try:
        file.write_text("".join(dict.fromkeys(root.pem for _, root in roots if root)))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None


def _pin(project: Project, name: str, leaves: Sequence[str], is_sure: bool) -> None:
    pins = project.connections[name].fingerprints
    known = f" in place of {len(pins)} that it has" if pins else ""
    confirm(f"Pin {', '.join(leaves)} in {project.files[name]}{known}?", is_sure)
    pin_in_file(project, name, leaves)
