"""The way through SSH servers: over several of them, to several hosts; and why it ends where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pgsync_assets.connect import Endpoint
from pgsync_assets.embedded.loopback import free_port
from pgsync_assets.errors import AuthenticationError, ConnectionLost, PgsyncError, PrivilegeError

from ..fix_databases import Pair
from ..fix_ssh import Bastion, Sshd, write_key
from ..fix_syncs import endpoint_of


@pytest.fixture
def tunnel(bastion: Bastion, private_key_file: Path) -> dict[str, Any]:
    """A tunnel through the bastion."""
    return bastion.tunnel(private_key_file)


def reached(end: Endpoint) -> int | None:
    """The real port of the server that answers."""
    with end.session("pgsync/test") as session:
        row = session.connection.execute("select inet_server_port()").fetchone()
        return row[0] if row else None


def error_of(end: Endpoint) -> PgsyncError:
    """What a session fails with."""
    with pytest.raises(PgsyncError) as caught:
        reached(end)
    return caught.value


def test_over_a_jump_host(
    database_pair: Pair, bastion: Bastion, second_bastion: Bastion, private_key_file: Path
) -> None:
    port = database_pair.source.port
    way = second_bastion.tunnel(private_key_file) | {"jump": [bastion.tunnel(private_key_file)]}
    assert reached(endpoint_of("crm", database_pair.source, tunnel=way, sslmode="disable")) == port
    assert bastion.forwarded == [("127.0.0.1", second_bastion.port)]
    assert second_bastion.forwarded == [("127.0.0.1", port)]


def test_each_server_on_the_way_has_a_key_of_its_own_pinned(
    database_pair: Pair, bastion: Bastion, second_bastion: Bastion, private_key_file: Path
) -> None:
    jump, last = bastion.tunnel(private_key_file), second_bastion.tunnel(private_key_file)
    wrong = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    end = endpoint_of(
        "crm", database_pair.source, tunnel=last | {"jump": [jump], "host_key": wrong}
    )
    error = error_of(end)
    assert isinstance(error, AuthenticationError)
    assert f"tunnel to 127.0.0.1:{second_bastion.port}" in error.message
    assert second_bastion.logins == []
    bad_jump = jump | {"host_key": wrong}
    error = error_of(endpoint_of("crm", database_pair.source, tunnel=last | {"jump": [bad_jump]}))
    assert isinstance(error, AuthenticationError)
    assert f"jump to 127.0.0.1:{bastion.port}" in error.message
    assert bastion.logins == [bastion.logins[0]]  # of the first try only


def test_a_jump_host_that_is_refused_or_cannot_go_on_is_named(
    database_pair: Pair,
    bastion: Bastion,
    second_bastion: Bastion,
    private_key_file: Path,
    tmp_path: Path,
) -> None:
    last = second_bastion.tunnel(private_key_file)
    stranger = bastion.tunnel(write_key(tmp_path / "stranger"))
    error = error_of(endpoint_of("crm", database_pair.source, tunnel=last | {"jump": [stranger]}))
    assert isinstance(error, AuthenticationError)
    assert f"jump to 127.0.0.1:{bastion.port}" in error.message
    jump = bastion.tunnel(private_key_file)
    bastion.closed.add(second_bastion.port)
    error = error_of(endpoint_of("crm", database_pair.source, tunnel=last | {"jump": [jump]}))
    assert isinstance(error, PrivilegeError)
    assert f"jump to 127.0.0.1:{bastion.port}" in error.message
    assert f"forward to 127.0.0.1:{second_bastion.port}" in error.message


@pytest.mark.needs("sshd")
def test_over_two_servers_of_the_system(
    database_pair: Pair, sshd: Sshd, bastion: Bastion, private_key_file: Path
) -> None:
    way = sshd.tunnel(private_key_file)
    for jumps in ([way], [bastion.tunnel(private_key_file), way]):
        end = endpoint_of(
            "crm", database_pair.source, tunnel=way | {"jump": jumps}, sslmode="disable"
        )
        assert reached(end) == database_pair.source.port


def test_the_next_host_is_tried_where_one_fails(
    database_pair: Pair, bastion: Bastion, tunnel: dict[str, Any]
) -> None:
    side, closed = database_pair.source, free_port()
    forbidden = database_pair.destination.port
    bastion.closed.add(forbidden)
    end = endpoint_of(
        "crm", side, host=["127.0.0.1", "localhost", "127.0.0.1"],
        port=[closed, forbidden, side.port], tunnel=tunnel, sslmode="disable",
    )  # fmt: skip
    with end:
        assert len(set(end._local_ports)) == 3
        assert reached(end) == side.port


def test_where_no_host_answers_each_is_named(
    database_pair: Pair, bastion: Bastion, tunnel: dict[str, Any]
) -> None:
    closed, forbidden = free_port(), database_pair.destination.port
    bastion.closed.add(forbidden)
    end = endpoint_of(
        "crm", database_pair.source, host=["127.0.0.1", "127.0.0.1"], port=[closed, forbidden],
        tunnel=tunnel,
    )  # fmt: skip
    error = error_of(end)
    assert isinstance(error, ConnectionLost)
    assert f"could not reach 127.0.0.1:{closed}" in error.message
    assert f"not allow us to forward to 127.0.0.1:{forbidden}" in error.message


def test_a_pinned_certificate_that_cannot_be_asked_for_is_not_to_blame(
    database_pair: Pair, bastion: Bastion, tunnel: dict[str, Any]
) -> None:
    side = database_pair.source
    bastion.closed.add(side.port)
    end = endpoint_of("crm", side, tunnel=tunnel, certificate_sha256="ab" * 32)
    assert isinstance(error_of(end), PrivilegeError)


@pytest.mark.needs("sshd")
def test_what_the_server_of_the_system_says_of_a_host_is_passed_on(
    database_pair: Pair, sshd: Sshd, private_key_file: Path
) -> None:
    side, way = database_pair.source, sshd.tunnel(private_key_file)
    closed = free_port()
    error = error_of(endpoint_of("crm", replace(side, port=closed), tunnel=way))
    assert isinstance(error, ConnectionLost)
    assert f"could not reach 127.0.0.1:{closed} (Connection refused)" in error.message
    error = error_of(endpoint_of("crm", side, host="db.invalid", tunnel=way))
    assert isinstance(error, ConnectionLost)
    assert "could not reach db.invalid" in error.message
    # An answer of PostgreSQL is told as it is.
    error = error_of(endpoint_of("crm", side, user="nobody", tunnel=way, sslmode="disable"))
    assert isinstance(error, AuthenticationError)
    assert "nobody" in error.message


@pytest.mark.needs("sshd")
def test_a_line_that_allows_other_hosts_only_is_told_as_such(
    database_pair: Pair, sshd: Sshd, private_key_file: Path
) -> None:
    side, way = database_pair.source, sshd.tunnel(private_key_file)
    line = sshd.authorized_keys.read_text()
    sshd.authorized_keys.write_text(f'restrict,port-forwarding,permitopen="other:5432" {line}')
    error = error_of(endpoint_of("crm", side, tunnel=way))
    assert isinstance(error, PrivilegeError)
    assert f"does not allow us to forward to 127.0.0.1:{side.port}" in error.message
    assert f'permitopen="127.0.0.1:{side.port}"' in str(error.remedy)
