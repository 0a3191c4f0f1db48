"""What a customer types to dial in, and what an OpenSSH gateway needs to let them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from ..connect.parameters import LOOPBACK_ADDRESS
from ..connect.reverse import forwarding
from .gateway_key import known_hosts_line

KNOWN_HOSTS = "~/.ssh/pgsync_known_hosts"
KEY = "~/.ssh/pgsync_{name}"

OPTIONS = (
    "IdentitiesOnly=yes",
    "BatchMode=yes",
    "ConnectTimeout=15",
    "ExitOnForwardFailure=yes",  # else ssh stays, without its port
    "ServerAliveInterval=3",
    "ServerAliveCountMax=3",
    "StrictHostKeyChecking=yes",
    f"UserKnownHostsFile={KNOWN_HOSTS}",
)

UNIT = """\
[Unit]
Description=Reverse tunnel {name} to {gateway}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
User={name}
ExecStart=/usr/bin/{command}
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
"""

SSHD_CONFIG = """\
Match User {name}
    AuthenticationMethods publickey
    AuthorizedKeysFile {file}
    AllowTcpForwarding remote
    PermitListen {address}:{port} localhost:{port}
    PermitOpen none
    GatewayPorts no
    AllowStreamLocalForwarding no
    AllowAgentForwarding no
    X11Forwarding no
    PermitTunnel no
    PermitTTY no
    MaxSessions 0
    ForceCommand /bin/false
    ClientAliveInterval 4
    ClientAliveCountMax 3
"""

RESTRICTIONS = (
    'restrict,port-forwarding,permitlisten="{address}:{port}",permitlisten="localhost:{port}",'
    'permitopen="none:1",command="/bin/false"'
)


@dataclass(frozen=True)
class Invitation:
    """One customer's way in.

    Args:
        name: of the reverse tunnel; also the user they log in as.
        opens: the port on 127.0.0.1 of the gateway that they may open.
        public_keys: that may log in.
        gateway: host of the gateway, as the customer reaches it.
        port: of the gateway.
        host_key: public key of the gateway, one line.
        database: host and port of PostgreSQL, as the customer sees it.
    """

    name: str
    opens: int
    public_keys: tuple[str, ...]
    gateway: str
    port: int
    host_key: str
    database: tuple[str, int]

    @property
    def keygen(self) -> str:
        """Makes the customer's key."""
        return f"ssh-keygen -t ed25519 -N '' -f {self._key}"

    @property
    def known_hosts_command(self) -> str:
        """Pins the gateway's key."""
        line = known_hosts_line(self.gateway, self.port, self.host_key)
        return f"echo {shlex.quote(line)} >> {KNOWN_HOSTS}"

    @property
    def ssh(self) -> str:
        """Dials in, in the foreground."""
        options = " ".join(f"-o {option}" for option in OPTIONS)
        where = shlex.quote(f"{self.name}@{self.gateway}")
        through = forwarding(self.opens, *self.database)
        return f"ssh -N -T -p {self.port} -i {self._key} {options} {through} {where}"

    @property
    def autossh(self) -> str:
        """Dials in again and again."""
        return f"AUTOSSH_GATETIME=0 autossh -M 0 {self.ssh.removeprefix('ssh ')}"

    @property
    def systemd_unit(self) -> str:
        """The same as a service."""
        return UNIT.format(name=self.name, gateway=self.gateway, command=self.ssh)

    @property
    def keys_file(self) -> str:
        """Where an OpenSSH gateway has the customer's keys: root's, not theirs to change."""
        return f"/etc/ssh/pgsync_keys/{self.name}"

    @property
    def sshd_config(self) -> str:
        """The block for an OpenSSH gateway, below all that stands outside of Match blocks."""
        return SSHD_CONFIG.format(
            name=self.name, file=self.keys_file, address=LOOPBACK_ADDRESS, port=self.opens
        )

    @property
    def authorized_keys(self) -> tuple[str, ...]:
        """The lines for an OpenSSH gateway; alone they leave it open to `-R` of Unix sockets."""
        allowed = RESTRICTIONS.format(address=LOOPBACK_ADDRESS, port=self.opens)
        return tuple(f"{allowed} {key}" for key in self.public_keys)

    @property
    def _key(self) -> str:
        return KEY.format(name=self.name)
