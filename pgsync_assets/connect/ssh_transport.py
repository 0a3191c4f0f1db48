"""paramiko's SSH connection, silent in the logs, which knows what it heard and was refused."""

from __future__ import annotations

import logging
import socket

import paramiko
from paramiko.message import Message

from ..errors import ConnectionLost, PgsyncError, PrivilegeError

TIMEOUT_S = 15  # to reach a server, to shake hands, and to log in
PROBE_S = 5.0  # for an SSH server to reach a host that was just asked for in vain
LOG = "pgsync_assets.connect.ssh"
logging.getLogger(LOG).setLevel(logging.CRITICAL + 1)  # what matters of it is in our errors

LOST = (paramiko.SSHException, EOFError, OSError)
CIPHERS = (
    "aes128-gcm@openssh.com",  # first: it needs no HMAC, a tenth of the time of a tunnel
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)
MACS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
NOT_ALLOWED = (1, 3)  # RFC 4254, 5.1: prohibited, or a kind of channel that is switched off

Address = tuple[str, int]


class Packets(paramiko.packet.Packetizer):
    """Counts what arrives: the only sign of life that no buffer on the way can fake."""

    heard = 0

    def read_message(self) -> tuple[int, Message]:
        """The next message."""
        found = super().read_message()
        self.heard += 1
        return found


class Transport(paramiko.Transport):
    """An SSH connection that remembers how much it heard, and why a channel was refused.

    Args:
        where: what it is, for messages.
        through: a socket, or a channel of the server before this one.
    """

    packetizer: Packets

    def __init__(self, where: str, through: socket.socket | paramiko.Channel) -> None:
        super().__init__(through, packetizer_class=Packets)
        self.where = where
        self.refusal = ""
        self.set_log_channel(LOG)
        self.auth_timeout = TIMEOUT_S
        options = self.get_security_options()
        options.ciphers = tuple(one for one in CIPHERS if one in options.ciphers)
        options.digests = tuple(one for one in MACS if one in options.digests)

    def open_to(self, target: Address, timeout_s: float = TIMEOUT_S) -> paramiko.Channel:
        """Has the server open a connection to another host.

        Args:
            target: host and port as the server sees them.
            timeout_s: seconds to wait for it.

        Raises:
            PrivilegeError: the server does not allow us to.
            ConnectionLost: it cannot reach that host.
        """
        to = f"{target[0]}:{target[1]}"
        try:
            return self.open_channel("direct-tcpip", target, ("127.0.0.1", 0), timeout=timeout_s)
        except paramiko.ChannelException as error:
            raise self._refused(error.code, to) from None
        except LOST:
            raise ConnectionLost(
                f"{self.where}: the SSH server did not say whether it can reach {to}",
                "is there a firewall between the two?",
            ) from None

    def _refused(self, code: int, to: str) -> PgsyncError:
        said = f" ({self.refusal})" if self.refusal else ""
        if code in NOT_ALLOWED:
            return PrivilegeError(
                f"{self.where}: the SSH server does not allow us to forward to {to}{said}",
                f'there: permitopen="{to}" in our line of authorized_keys, and AllowTcpForwarding '
                "and PermitOpen in sshd_config",
            )
        return ConnectionLost(
            f"{self.where}: the SSH server could not reach {to}{said}",
            "host and port are looked up and opened from there: check both, and its firewall",
        )

    def _parse_channel_open_failure(self, message: Message) -> None:
        # paramiko keeps the code only; the server's words say whether the name or the port is
        # wrong. They are somebody else's: no more of them than a sentence, and nothing invisible.
        message.get_int(), message.get_int()
        words = message.get_text()[:200]
        self.refusal = "".join(char for char in words if char.isprintable())
        message.rewind()
        super()._parse_channel_open_failure(message)  # type: ignore[misc]
