"""Probes of TCP, by both ends of a session: how soon a network that is gone is noticed.

A session that waits for nothing is told by nobody that the other host is gone: Linux asks after two
hours. The client would wait for its next statement. The server would keep the session, its
transaction and its locks, and each later run of the sync would be kept out by one that is no more.
"""

from __future__ import annotations

from typing import NamedTuple


class Keepalives(NamedTuple):
    """When a connection that is silent is asked for a sign of life, and how often.

    Args:
        idle: seconds of silence before the first probe.
        interval: seconds between two probes.
        probes: after so many without an answer the connection is over.
    """

    idle: int
    interval: int
    probes: int


def keepalives(seconds: float) -> Keepalives:
    """Probes by which a dead network is noticed in about so long, and in 5 s at the soonest.

    One that waits for an answer is watched (`watch.py`). Not by tcp_user_timeout: Linux from 5.11
    on ends a COPY with it whose other end lives and does not read for so long, as in a trigger or
    for a lock.

    Args:
        seconds: the connection's `network_timeout_s`.
    """
    probes = 4
    idle = max(1, round(seconds / 3))
    return Keepalives(idle, max(1, round((seconds - idle) / probes)), probes)
