"""Connections through an SSH tunnel: the pinned host key or nothing, and loopback only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import yaml
from pydantic import ValidationError

from pgsync_assets.config import ConnectionConfig, TunnelConfig
from pgsync_assets.connect import Endpoint
from pgsync_assets.embedded.loopback import free_port
from pgsync_assets.errors import AuthenticationError, ConfigurationError, ConnectionLost
from pgsync_assets.outcome import Counts

from ..fix_databases import Pair
from ..fix_ssh import Bastion, Sshd, write_key
from ..fix_syncs import Syncs, endpoint_of

LISTENING = "0A"  # of /proc/net/tcp


@pytest.fixture
def tunnel(bastion: Bastion, private_key_file: Path) -> dict[str, Any]:
    """The configuration of a tunnel through the bastion."""
    return bastion.tunnel(private_key_file)


def listening() -> set[tuple[str, int]]:
    """Address and port of every socket that this process listens on."""
    mine = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            mine.add(str(entry.readlink()))
        except OSError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == LISTENING and f"socket:[{words[9]}]" in mine:
                address, port = words[1].split(":")
                found.add((address, int(port, 16)))
    return found


def test_a_sync_through_tunnels_on_both_sides(
    syncs: Syncs, bastion: Bastion, tunnel: dict[str, Any]
) -> None:
    syncs.table("id integer primary key, note text")
    syncs.pair.source.execute("insert into items select n, 'x' from generate_series(1, 5000) as n")
    syncs.source = syncs.destination = {"tunnel": tunnel, "sslmode": "disable"}
    assert syncs.run().succeeded == Counts(added=5000)
    assert syncs.same()
    ports = {port for _, port in bastion.forwarded}
    assert ports == {syncs.pair.source.port, syncs.pair.destination.port}


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux' list of sockets")
def test_only_loopback_listens_and_nothing_stays(
    database_pair: Pair, tunnel: dict[str, Any]
) -> None:
    before = listening()
    with endpoint_of("crm", database_pair.source, tunnel=tunnel, sslmode="disable") as end:
        opened = listening() - before
        assert [address for address, _ in opened] == ["0100007F"]  # 127.0.0.1
        with end.session("one"), end.session("two"):
            assert listening() - before == opened  # one tunnel for all sessions
    assert listening() - before == set()


def test_another_host_key_is_refused_and_both_are_named(
    database_pair: Pair, bastion: Bastion, tunnel: dict[str, Any]
) -> None:
    pinned = asyncssh.generate_private_key("ssh-ed25519")
    line = pinned.export_public_key().decode()
    end = endpoint_of("crm", database_pair.source, tunnel=tunnel | {"host_key": line})
    with pytest.raises(AuthenticationError) as caught:
        end.session("one").__enter__()
    assert pinned.get_fingerprint("sha256") in str(caught.value)
    assert bastion.host_key.get_fingerprint("sha256") in str(caught.value)
    assert bastion.forwarded == []


def test_a_host_key_of_another_kind_is_refused(
    database_pair: Pair, bastion: Bastion, tunnel: dict[str, Any]
) -> None:
    line = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    end = endpoint_of("crm", database_pair.source, tunnel=tunnel | {"host_key": line})
    with pytest.raises(
        AuthenticationError, match=r"is SHA256:\S+ \(ecdsa-sha2-nistp256\)"
    ) as caught:
        end.session("one").__enter__()
    assert bastion.host_key.get_fingerprint("sha256") in str(caught.value)
    assert bastion.forwarded == []


def test_a_private_key_that_the_server_does_not_know_is_refused(
    database_pair: Pair, bastion: Bastion, tunnel: dict[str, Any], tmp_path: Path
) -> None:
    stranger = write_key(tmp_path / "stranger")
    end = endpoint_of(
        "crm", database_pair.source, tunnel=tunnel | {"private_key_file": str(stranger)}
    )
    with pytest.raises(AuthenticationError, match="refused"):
        end.session("one").__enter__()
    assert bastion.forwarded == []


def test_a_tunnel_without_a_host_key_shows_what_to_pin(
    database_pair: Pair, bastion: Bastion, tunnel: dict[str, Any]
) -> None:
    del tunnel["host_key"]
    end = endpoint_of("crm", database_pair.source, tunnel=tunnel, sslmode="disable")
    with pytest.raises(AuthenticationError, match="not pinned") as caught:
        end.session("one").__enter__()
    assert bastion.host_key.get_fingerprint("sha256") in caught.value.message
    assert bastion.logins == []
    shown = yaml.safe_load((caught.value.remedy or "").splitlines()[-1])
    with endpoint_of("crm", database_pair.source, tunnel=tunnel | shown, sslmode="disable").session(
        "one"
    ):
        pass


def test_two_places_for_the_host_key_are_a_configuration_error(tunnel: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="not both"):
        TunnelConfig.model_validate(tunnel | {"known_hosts_file": "known_hosts"})


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "SHA256:abc"])
def test_a_host_key_that_is_none_is_a_configuration_error(
    database_pair: Pair, tunnel: dict[str, Any], line: str
) -> None:
    end = endpoint_of("crm", database_pair.source, tunnel=tunnel | {"host_key": line})
    with pytest.raises(ConfigurationError, match="host_key is not a public key"):
        end.session("one").__enter__()


def test_a_private_key_that_is_not_there_is_a_configuration_error(
    database_pair: Pair, tunnel: dict[str, Any]
) -> None:
    end = endpoint_of(
        "crm", database_pair.source, tunnel=tunnel | {"private_key_file": "/no/such/key"}
    )
    with pytest.raises(ConfigurationError, match="/no/such/key"):
        end.session("one").__enter__()


def test_a_tunnel_without_credentials_is_a_configuration_error(
    database_pair: Pair, tunnel: dict[str, Any]
) -> None:
    del tunnel["private_key_file"]
    with pytest.raises(ConfigurationError, match="neither private_key_file nor password"):
        endpoint_of("crm", database_pair.source, tunnel=tunnel).session("one").__enter__()


def test_a_passphrase_comes_from_the_environment(
    database_pair: Pair, bastion: Bastion, private_key_file: Path, tunnel: dict[str, Any]
) -> None:
    asyncssh.read_private_key(private_key_file).write_private_key(
        private_key_file, passphrase="p@ss phrase", rounds=50
    )
    tunnel["private_key_passphrase"] = "$PASSPHRASE"
    config = ConnectionConfig.model_validate(
        {
            "host": database_pair.source.host,
            "port": database_pair.source.port,
            "database": database_pair.source.database,
            "user": database_pair.source.user,
            "password": "$PASSWORD",
            "sslmode": "disable",
            "tunnel": tunnel,
        }
    )
    secrets = {"PASSWORD": database_pair.source.password, "PASSPHRASE": "p@ss phrase"}
    with Endpoint("shop", config, secrets).session("one"):
        pass
    wrong = Endpoint("shop", config, secrets | {"PASSPHRASE": "wr0ng phrase"})
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        wrong.session("one").__enter__()
    assert "wr0ng" not in str(caught.value)


def test_a_bastion_that_is_away_may_come_back(database_pair: Pair, tunnel: dict[str, Any]) -> None:
    tunnel["port"] = free_port()
    with pytest.raises(ConnectionLost, match="cannot be reached"):
        endpoint_of("crm", database_pair.source, tunnel=tunnel).session("one").__enter__()


@pytest.mark.needs("sshd")
def test_through_the_sshd_of_the_system(syncs: Syncs, sshd: Sshd, private_key_file: Path) -> None:
    syncs.table("id integer primary key")
    syncs.pair.source.execute("insert into items values (1), (2)")
    syncs.source = {"tunnel": sshd.tunnel(private_key_file), "sslmode": "disable"}
    assert syncs.run().succeeded == Counts(added=2)
    assert syncs.same()
