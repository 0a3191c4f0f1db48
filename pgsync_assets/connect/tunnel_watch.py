"""Is anybody there? A tunnel whose SSH server is frozen looks alive to everybody but this watch.

Time is counted in ticks that this process really had, so that one that was stopped for an hour
finds out by asking, not by the clock, whether the other side is still there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from .ssh_transport import Transport

TICK_S = 1.0
ASK_AFTER = 3  # ticks without a message from there
GIVE_UP_AFTER = 12


class Watch(threading.Thread):
    """Closes a tunnel that has fallen silent, so that whoever waits for it stops waiting.

    Args:
        hops: the SSH servers on the way, the first one first.
        lost: is told why, once, before anything is closed.
    """

    def __init__(self, hops: Sequence[Transport], lost: Callable[[str], None]) -> None:
        super().__init__(name="pgsync tunnel watch", daemon=True)
        self._pulses = [_Pulse(hop) for hop in hops]
        self._lost = lost
        self._ended = threading.Event()

    def end(self) -> None:
        """Stops watching."""
        self._ended.set()

    def run(self) -> None:
        """Looks once a tick, until the tunnel is closed or lost."""
        while not self._ended.wait(TICK_S):
            reason = next(filter(None, [pulse.problem() for pulse in self._pulses]), None)
            if reason is not None:
                self._lost(reason)
                # The first one first: to close the others properly would mean to talk to it.
                for pulse in self._pulses:
                    pulse.transport.close()
                return


class _Pulse:
    """How long one SSH server has been silent."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._heard = transport.packetizer.heard
        self._silent = 0

    def problem(self) -> str | None:
        """Looks again; why the connection is lost, if it is."""
        if not self.transport.is_active():
            return f"{self.transport.where}: the SSH server closed the connection"
        heard = self.transport.packetizer.heard
        self._silent = 0 if heard != self._heard else self._silent + 1
        self._heard = heard
        if self._silent == ASK_AFTER:
            self._ask()
        if self._silent < GIVE_UP_AFTER:
            return None
        return (
            f"{self.transport.where}: the SSH server fell silent "
            f"(no answer for {GIVE_UP_AFTER * TICK_S:.0f} s)"
        )

    def _ask(self) -> None:
        """Asks for any answer, as ssh's ServerAliveInterval does.

        From a thread of its own: where the other side takes nothing more, sending waits for ever,
        and so does paramiko for the answer. Both end when the transport is closed.
        """
        ask = threading.Thread(
            target=self.transport.global_request,
            args=("keepalive@openssh.com",),
            name="pgsync tunnel keepalive",
            daemon=True,
        )
        ask.start()
