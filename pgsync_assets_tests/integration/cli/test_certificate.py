"""`certificate`: what a server shows, whether it is trusted, and how a person makes it so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pgsync_assets.cli.exit_code import ExitCode

from ...fix_databases import Pair, Side
from ...fix_middle import middle_of
from ...fix_ssh import Bastion
from ...fix_tls import DAY, SERVER_NAME, Authority, fingerprint_of, self_signed, showing
from ...security.test_tls import through
from .conftest import CliProject

needs_tls = pytest.mark.needs("tls-server")


class Defs(CliProject):
    """A project with one connection, `crm`, to the server with TLS."""

    @property
    def file(self) -> Path:
        """The YAML of the connection."""
        return self.folder / "connections" / "defs.yaml"

    def crm(self, **more: Any) -> None:
        """Writes the connection; without `sslmode`, it is verified."""
        side = self.pair.destination
        crm = {
            "host": SERVER_NAME, "port": side.port, "database": side.database, "user": side.user,
            "password": "$CRM_PASSWORD", **more,
        }  # fmt: skip
        self.environment["CRM_PASSWORD"] = side.password
        self._write("connections", "PgConnectionsComponent", connections={"crm": crm})

    def change(self, line: str, to: str) -> None:
        """Changes a line of the YAML by hand."""
        text = self.file.read_text()
        assert text.count(line) == 1
        self.file.write_text(text.replace(line, to))

    def passes(self) -> bool:
        """Whether `check` can log in."""
        ended = self.run("check", "--json")
        return bool(ended.document["passed"])


@pytest.fixture
def defs(tls_side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Defs:
    """The connection as it is written first: nobody knows the server's authority here."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "defs").mkdir()
    made = Defs(tmp_path / "defs", Pair(tls_side, tls_side))
    made.crm(sslmode="verify-full")
    return made


@needs_tls
def test_what_a_server_shows(defs: Defs, authority_file: Path) -> None:
    ended = defs.run("certificate", "crm")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    own = fingerprint_of((defs.pair.source.cluster.data / "server.crt").read_bytes())
    for told in (
        f"{SERVER_NAME}:{defs.pair.source.port}",
        "subject      CN=localhost",
        "issuer       CN=tests of pgsync-assets",
        "names        localhost\n",
        f"SHA-256      {own}",
        "refuses it: the certificate is signed by an authority that `sslrootcert` does not have",
        f'  certificate_sha256: "{own}"',
    ):
        assert told in ended.stdout
    defs.crm(sslrootcert=str(authority_file))
    assert "sslmode verify-full accepts it." in defs.run("certificate", "crm").stdout


@needs_tls
def test_a_chain_as_json(defs: Defs, authority: Authority) -> None:
    between = Authority("in between", above=authority)
    with showing(defs.pair.source.cluster, between.issue("db.example.com", until=-DAY)):
        ended = defs.run("certificate", "crm", "--json")
        assert ", expired" in defs.run("certificate", "crm").stdout
        assert "db.example.com (not localhost)" in defs.run("certificate", "crm").stdout
    (server,) = ended.document["servers"]
    assert [one["subject"] for one in server["chain"]] == ["CN=db.example.com", "CN=in between"]
    assert [one["self_signed"] for one in server["chain"]] == [False, False]
    assert server["trusted"] is False
    assert yaml.safe_load(ended.document["yaml"]) == {
        "certificate_sha256": server["chain"][0]["fingerprint"]
    }


@needs_tls
def test_a_self_signed_certificate_becomes_the_root(defs: Defs, tmp_path: Path) -> None:
    with showing(defs.pair.source.cluster, self_signed(SERVER_NAME)):
        assert not defs.passes()
        defs.crm(sslrootcert="crm.pem")  # which is not there yet
        assert "crm.pem cannot be read: No such file" in defs.run("certificate", "crm").stdout
        defs.crm(sslmode="verify-full")
        assert "`sslmode: verify-full` has to hold as well" in defs.run("certificate", "crm").stdout
        ended = defs.run("certificate", "crm", "--write", "crm.pem")
        assert ended.exit_code == ExitCode.OK, ended.stderr
        line = ended.stdout.splitlines()[-1].strip()
        assert yaml.safe_load(line) == {"sslrootcert": str(tmp_path / "crm.pem")}
        defs.change("sslmode: verify-full", line)
        assert defs.passes()
        again = defs.run("certificate", "crm", "--write", "crm.pem")
        assert again.exit_code == ExitCode.USAGE
        assert "Replace crm.pem?" in again.stderr
        assert defs.run("certificate", "crm", "--write", "crm.pem", "--yes").exit_code == 0


@needs_tls
def test_the_authority_at_the_end_of_a_chain_becomes_the_root(
    defs: Defs, authority: Authority, tmp_path: Path
) -> None:
    certificate, key = authority.issue(SERVER_NAME)
    with showing(defs.pair.source.cluster, (certificate + authority.certificate, key)):
        ended = defs.run("certificate", "crm", "--write", "ca.pem")
        assert ended.exit_code == ExitCode.OK, ended.stderr
    assert (tmp_path / "ca.pem").read_bytes() == authority.certificate
    with showing(defs.pair.source.cluster, Authority("somebody else").issue(SERVER_NAME)):
        ended = defs.run("certificate", "crm", "--write", "other.pem")
    assert ended.exit_code == ExitCode.USAGE
    assert "does not show the certificate of who signed its own" in ended.message
    assert not (tmp_path / "other.pem").exists()


@needs_tls
def test_a_pin_is_written_into_the_yaml(defs: Defs) -> None:
    defs.change("      sslmode: verify-full\n", "      # who they are:\n")
    before = defs.file.read_text()
    assert defs.run("certificate", "crm", "--pin").exit_code == ExitCode.USAGE  # nobody to ask
    assert defs.file.read_text() == before
    ended = defs.run("certificate", "crm", "--pin", "--yes")
    assert ended.exit_code == ExitCode.OK, ended.stderr
    own = fingerprint_of((defs.pair.source.cluster.data / "server.crt").read_bytes())
    line = f'      certificate_sha256: "{own}"\n'
    assert defs.file.read_text() == before.replace("localhost\n", f"localhost\n{line}")
    assert defs.passes()
    with showing(defs.pair.source.cluster, self_signed(SERVER_NAME)):
        assert not defs.passes()
        assert (
            "It is NOT the one that the connection pins." in defs.run("certificate", "crm").stdout
        )
        renewed = defs.run("certificate", "crm", "--pin", "--yes", "--json")
        assert renewed.document["pinned_in"] == "defs/connections/defs.yaml"
        assert defs.passes()
    assert defs.file.read_text().count("certificate_sha256") == 1


@needs_tls
def test_a_pin_that_could_not_be_read_is_not_written(defs: Defs) -> None:
    defs.change("sslmode: verify-full", "sslmode: prefer")
    before = defs.file.read_text()
    ended = defs.run("certificate", "crm", "--pin", "--yes")
    assert ended.exit_code == ExitCode.USAGE
    assert "leave sslmode out" in ended.message
    assert defs.file.read_text() == before
    assert [one.name for one in defs.file.parent.iterdir()] == ["defs.yaml"]
    text = yaml.safe_dump(yaml.safe_load(before), default_flow_style=True, width=1000)
    defs.file.write_text(text.replace("sslmode: prefer, ", "").replace(", sslmode: prefer", ""))
    ended = defs.run("certificate", "crm", "--pin", "--yes")
    assert ended.exit_code == ExitCode.USAGE
    assert "write it there yourself: certificate_sha256: " in ended.message


@needs_tls
def test_several_hosts(defs: Defs) -> None:
    """The one that is down is told; the one that is up can be trusted meanwhile."""
    with middle_of(1) as down:
        pass
    ports = [down.port, defs.pair.source.port]
    defs.crm(host=[SERVER_NAME, SERVER_NAME], port=ports)
    ended = defs.run("certificate", "crm", "--pin", "--yes", "--json")
    assert [len(one["chain"]) > 0 for one in ended.document["servers"]] == [False, True]
    assert "did not show its certificate" in ended.document["servers"][0]["problem"]
    assert defs.passes()
    defs.crm(port=down.port)
    ended = defs.run("certificate", "crm")
    assert ended.exit_code == ExitCode.TRY_AGAIN
    assert "is a PostgreSQL running there?" in ended.message


@needs_tls
def test_through_a_tunnel(
    defs: Defs, bastion: Bastion, private_key_file: Path, authority_file: Path
) -> None:
    tunnel = through(bastion, private_key_file)
    defs.crm(sslrootcert=str(authority_file), tunnel=tunnel)
    (server,) = defs.run("certificate", "crm", "--json").document["servers"]
    assert (server["host"], server["port"]) == (SERVER_NAME, defs.pair.source.port)
    assert server["trusted"] is True
    assert bastion.forwarded


def test_a_server_without_tls(project: CliProject) -> None:
    ended = project.run("certificate", "crm")
    assert ended.exit_code == ExitCode.FAILED
    assert "offers no TLS" in ended.message
    assert "ssl = on" in ended.message
    ended = project.run("certificate", "crn")
    assert ended.exit_code == ExitCode.USAGE
    assert "did you mean 'crm'?" in ended.message
    both = project.run("certificate", "crm", "--pin", "--write", "x")
    assert both.exit_code == ExitCode.USAGE


def test_check_and_run_warn(project: CliProject) -> None:
    """127.1 is this machine, but none of the names of loopback."""
    project.connections(shop={"host": "127.1", "sslmode": "prefer"}, spare={"sslmode": "prefer"})
    for command in ("check", "run"):
        ended = project.run(command, *(["orders"] if command == "run" else []))
        assert ended.exit_code == ExitCode.OK, ended.stderr
        assert ended.stdout.count("is weaker than verify-full, by `sslmode: prefer`") == 1
        assert "weaker" not in ended.stderr
    assert "WARNING" in project.run("check").stdout
