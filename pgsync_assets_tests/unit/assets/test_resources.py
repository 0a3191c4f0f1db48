"""Connections and tunnels as resources: secrets are references until something opens."""

from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.remote_representation.external_data import RepositorySnap
from pydantic import BaseModel

from pgsync_assets import (
    JumpHost,
    PostgresConnection,
    PostgresWriter,
    ReverseTunnel,
    SshTunnel,
)
from pgsync_assets.assets.resources import SchemaNames
from pgsync_assets.config import ConnectionConfig, Schemas, SshServer, TunnelConfig
from pgsync_assets.config import ReverseTunnel as ReverseEnd
from pgsync_assets.embedded.loopback import free_port
from pgsync_assets.errors import ConfigurationError, ConnectionLost

from .conftest import DefsFolder

COMPONENT = "pgsync_assets.PgConnectionsComponent"
TUNNEL = {
    "host": "bastion.example.com",
    "user": "pgsync",
    "host_key": "ssh-ed25519 AAAA",
    "private_key_file": "$SSH_KEY",
    "private_key_passphrase": "$SSH_PASSPHRASE",
    "password": "$SSH_PASSWORD",
    "jump": [{"host": "first", "user": "j", "host_key": "ssh-rsa A", "password": "$JUMP_PASSWORD"}],
}
WRITTEN = {
    "host": "$DB_HOST",
    "port": "$DB_PORT",
    "database": "crm",
    "user": "writer",
    "password": "$DB_PASSWORD",
    "sslkey": "/keys/db",
    "sslpassword": "$KEY_PASSWORD",
    "search_path": ["app", "public"],
    "schemas": {"planner": "p", "audit": "a", "ledger": "l"},
    "lock_timeout_s": 5,
    "time_zone": "Europe/Vienna",
    "tunnel": TUNNEL,
}
SECRETS = {
    "DB_PASSWORD": "p@ss 'w$rd",
    "KEY_PASSWORD": "$geheim",
    "SSH_PASSPHRASE": "geheimer",
    "SSH_PASSWORD": "am geheimsten",
    "JUMP_PASSWORD": "noch eins",
}
ENVIRONMENT = SECRETS | {"DB_HOST": "db.example.com", "DB_PORT": "6432", "SSH_KEY": "/keys/id"}


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def config_of(**changes: Any) -> ConnectionConfig:
    return ConnectionConfig.model_validate(WRITTEN | changes)


def crm(**changes: Any) -> PostgresConnection:
    return PostgresConnection.from_config("crm", config_of(**changes))


def in_a_run(resource: PostgresConnection) -> PostgresConnection:
    """The resource as a step gets it."""
    seen: list[PostgresConnection] = []

    @dg.asset
    def probe(crm: PostgresConnection) -> None:
        seen.append(crm)

    assert dg.materialize([probe], resources={"crm": resource}).success
    return seen[0]


def told(value: Any, names: dict[str, str]) -> Any:
    """A configuration with each `$NAME` replaced."""
    if isinstance(value, dict):
        return {key: told(inner, names) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [told(inner, names) for inner in value]
    known = isinstance(value, str) and value.startswith("$") and value[1:] in names
    return names[value[1:]] if known else value


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tunnel": None},
        {"tunnel": ReverseEnd(reverse="acme", port=15432)},
        {"certificate_sha256": ["ab" * 32, "cd" * 32]},
        {"host": ["db1", "db2"], "port": 5433, "target_session_attrs": "primary"},
        {"host": ["db1", "::1", "$DB_HOST"], "port": [1, 2, "$DB_PORT"], "tunnel": None},
    ],
    ids=["all", "no tunnel", "reverse", "pins", "hosts", "hosts and ports"],
)
def test_a_run_gets_what_the_configuration_says(changes: dict[str, Any]) -> None:
    config, hidden = in_a_run(crm(**changes))._resolved()
    found = told(config.model_dump(), ENVIRONMENT | hidden)
    expected = told(config_of(**changes).model_dump(), ENVIRONMENT)
    if isinstance(expected["port"], list) or isinstance(expected["host"], list):
        found["port"] = [int(port) for port in found["port"]]
        expected["port"] = [int(port) for port in config_of(**changes).ports[:2]] + [6432]
        expected["port"] = expected["port"][: len(expected["host"])]
    else:
        expected["port"] = int(expected["port"])
    assert found == expected
    # Not one secret stands in the configuration, which may be shown.
    assert [secret for secret in SECRETS.values() if secret in repr(config)] == []


@pytest.mark.parametrize(
    ("resource", "config"),
    [
        (PostgresConnection, ConnectionConfig),
        (SchemaNames, Schemas),
        (SshTunnel, TunnelConfig),
        (JumpHost, SshServer),
    ],
)
def test_every_field_of_the_configuration_reaches_the_resource(
    resource: type[BaseModel], config: type[BaseModel]
) -> None:
    fields = {name: field for name, field in resource.model_fields.items() if name != "name"}
    assert set(fields) == set(config.model_fields)
    for name, field in fields.items():
        default = field.get_default(call_default_factory=True)
        expected = config.model_fields[name].get_default(call_default_factory=True)
        plain = default.model_dump() if isinstance(default, BaseModel) else default
        wanted = expected.model_dump() if isinstance(expected, BaseModel) else expected
        assert plain == (list(wanted) if isinstance(wanted, tuple) else wanted), name
        assert field.description


def folder_of(defs_folder: DefsFolder, connections: dict[str, Any]) -> DefsFolder:
    document = {"type": COMPONENT, "attributes": {"connections": connections}}
    return defs_folder.write({"connections": yaml.safe_dump(document)})


def test_the_ui_is_told_names_and_no_values(defs_folder: DefsFolder) -> None:
    definitions = folder_of(defs_folder, {"crm": WRITTEN}).load()
    snap = RepositorySnap.from_def(definitions.get_repository_def())
    assert snap.resources is not None
    assert {resource.name for resource in snap.resources} == {"crm", "crm_writer", "crm_tunnel"}
    shown = " ".join(str(resource) for resource in snap.resources)
    assert [name for name in SECRETS if name not in shown] == []
    assert [name for name, secret in SECRETS.items() if secret in shown] == []


def test_a_resource_is_printed_without_its_secrets() -> None:
    resource = in_a_run(crm())
    for shown in (repr(resource), str(resource), f"{resource.tunnel!r}", repr(resource.endpoint)):
        assert "bastion.example.com" in shown
        assert [name for name, secret in SECRETS.items() if secret in shown] == []


@pytest.mark.parametrize(
    "resource",
    [
        PostgresConnection(name="c", host="h", database="d", user="u", password="geheim"),
        SshTunnel(host="h", user="u", password="geheim"),
        SshTunnel(host="h", user="u", jump=[JumpHost(host="h", user="u", password="geheim")]),
    ],
    ids=["connection", "tunnel", "jump"],
)
def test_a_secret_that_is_written_out_is_not_stored(resource: Any) -> None:
    with pytest.raises(ConfigurationError, match="password is written out") as refused:
        dg.Definitions(resources={"it": resource}).get_repository_def()
    assert "geheim" not in str(refused.value)
    with pytest.raises(ConfigurationError):
        PostgresWriter(connection=resource)


def test_a_value_that_looks_like_a_name_is_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_USER", "$HOME")
    config, hidden = in_a_run(
        PostgresConnection(name="c", host="h", database="d", user=dg.EnvVar("THE_USER"))
    )._resolved()
    assert told(config.user, hidden) == "$HOME"


def test_without_a_run_a_reference_is_read_when_something_opens() -> None:
    port = dg.EnvVar.int("DB_PORT")
    resource = PostgresConnection(
        name="c", host="h", port=port, database="d", user="u", password=dg.EnvVar("DB_PASSWORD")
    )
    values = resource.endpoint()._values
    assert (values.ports(), values.value("password")) == ((6432,), SECRETS["DB_PASSWORD"])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sslmode": "verify_full"}, "'verify-full'"),
        ({"host": "a,b", "port": 70_000}, "65535"),
        ({"connect_timeout_s": -1}, "greater than 0"),
    ],
)
def test_what_cannot_be_right_is_said(fields: dict[str, Any], said: str) -> None:
    resource = PostgresConnection(
        **({"name": "crm", "host": "h", "database": "d", "user": "u"} | fields)
    )
    with pytest.raises(ConfigurationError, match="connection 'crm'") as refused:
        resource.endpoint()
    assert said in str(refused.value)


def test_two_resources_of_one_name_are_refused(defs_folder: DefsFolder) -> None:
    plain = {"host": "h", "database": "d", "user": "u"}
    with pytest.raises(Exception) as refused:  # noqa: B017, PT011 - Dagster wraps ours
        folder_of(defs_folder, {"crm": plain, "crm_writer": plain}).load()
    assert "resource named 'crm_writer'" in str(refused.value.__cause__)


def test_nobody_has_dialled_in() -> None:
    with (
        pytest.raises(ConnectionLost, match="'acme': nobody has dialled in"),
        ReverseTunnel(name="acme", port=free_port()).open(),
    ):
        pass
