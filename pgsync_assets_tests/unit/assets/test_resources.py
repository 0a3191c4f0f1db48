"""Connections as resources: secrets are references until a connection opens."""

from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap

from pgsync_assets import PostgresConnection, PostgresWriter
from pgsync_assets.config import ConnectionConfig

TUNNEL = {
    "host": "bastion.example.com",
    "user": "pgsync",
    "host_key": "ssh-ed25519 AAAA",
    "private_key_file": "$SSH_KEY",
    "private_key_passphrase": "$SSH_PASSPHRASE",
    "password": "$SSH_PASSWORD",
}
WRITTEN = {
    "host": "$DB_HOST",
    "port": "$DB_PORT",
    "database": "crm",
    "user": "writer",
    "password": "$DB_PASSWORD",
    "search_path": ["app", "public"],
    "schemas": {"planner": "p", "audit": "a", "ledger": "l"},
    "lock_timeout_s": 5,
    "tunnel": TUNNEL,
}
ENVIRONMENT = {
    "DB_HOST": "db.example.com",
    "DB_PORT": "6432",
    "DB_PASSWORD": "p@ss 'w$rd",
    "SSH_KEY": "/keys/id",
    "SSH_PASSPHRASE": "geheim",
    "SSH_PASSWORD": "geheimer",
}


def crm() -> PostgresConnection:
    return PostgresConnection.from_config("crm", ConnectionConfig.model_validate(WRITTEN))


def test_a_run_gets_what_the_variables_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    seen: dict[str, Any] = {}

    @dg.asset
    def probe(crm: PostgresConnection) -> None:
        config, secrets = crm._resolved()
        seen.update(config=config, secrets=secrets)

    assert dg.materialize([probe], resources={"crm": crm()}).success
    config, secrets = seen["config"], seen["secrets"]
    assert (config.host, config.port, config.database) == ("db.example.com", 6432, "crm")
    assert config.search_path == ("app", "public")
    assert (config.schemas.planner, config.lock_timeout_s) == ("p", 5.0)
    assert config.tunnel.private_key_file == "/keys/id"
    assert secrets[config.password[1:]] == ENVIRONMENT["DB_PASSWORD"]
    assert secrets[config.tunnel.password[1:]] == "geheimer"
    assert secrets[config.tunnel.private_key_passphrase[1:]] == "geheim"


def test_every_field_of_the_configuration_reaches_the_resource() -> None:
    assert set(PostgresConnection.model_fields) == {"name", *ConnectionConfig.model_fields}


def test_the_ui_is_told_names_and_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    connection = crm()
    resources = {"crm": connection, "crm_writer": PostgresWriter(connection=connection)}
    definitions = dg.Definitions(resources=resources)
    snap = RepositorySnap.from_def(definitions.get_repository_def())
    assert snap.resources is not None
    shown = " ".join(str(resource) for resource in snap.resources)
    assert "DB_PASSWORD" in shown
    assert "SSH_PASSPHRASE" in shown
    for name in ("DB_PASSWORD", "SSH_PASSPHRASE", "SSH_PASSWORD"):
        assert ENVIRONMENT[name] not in shown
