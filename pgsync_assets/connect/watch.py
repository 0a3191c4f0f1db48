"""Nobody waits for ever: a session whose server, or the network to it, froze is cut.

A statement may take hours, and the server says nothing meanwhile; a frozen server says nothing
either. So a session that waits in silence asks: a new connection to the same address, which has
to be answered by one byte. Two that are not end the session, and the run goes on by its ledger.

No timer of TCP can tell the two apart: the kernel of a frozen server, and a relay before it, go on
acknowledging (`tcp_user_timeout`, keepalives).
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import pq

from .ssl_request import SSL_REQUEST

NOBODY_THERE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}

# Shares of `network_timeout_s`; together they stay below it.
LOOKS = 0.1  # between two looks at the session
SILENCE = 0.3  # before the server is asked
PATIENCE = 0.2  # with each of the questions
QUESTIONS = 2  # in a row that are not answered

CANCEL_S = 5.0  # for a server to hear that a statement is not waited for any more

BYTES_MOVED, TCP_INFO_SIZE = 120, 136  # acked, received: two numbers in Linux' struct tcp_info


class WatchedConnection(psycopg.Connection[Any]):
    """A connection that knows whether it was cut, and after how many seconds of silence.

    Whoever ends the run ends its statement at the server as well. psycopg does so for
    KeyboardInterrupt alone; Dagster's interrupt is another BaseException, and a server goes on with
    what nobody waits for.
    """

    silent_s: float | None = None

    def wait(self, *args: Any, **kwargs: Any) -> Any:
        """See psycopg."""
        try:
            return super().wait(*args, **kwargs)
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        """Ends the statement under way, and the session: it cannot be told where it was left."""
        if self.pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=CANCEL_S)
            self.pgconn.finish()


@contextmanager
def watched(connection: WatchedConnection, seconds: float) -> Iterator[None]:
    """Watches a session for the length of the block, in a thread of its own.

    Args:
        connection: the session.
        seconds: in which a server that is gone is noticed.
    """
    watch = _Watch(connection, seconds)
    threading.Thread(target=watch.run, name="pgsync watch", daemon=True).start()
    try:
        yield
    finally:
        watch.over.set()  # the thread is not waited for: it may be waiting for an answer


class _Watch:
    """What the thread does, until `over` is set."""

    def __init__(self, connection: WatchedConnection, seconds: float) -> None:
        self.over = threading.Event()
        self._connection = connection
        self._seconds = seconds
        # Of our own: libpq's may be closed, and its number used by another, at any moment.
        self._socket = socket.socket(fileno=os.dup(connection.pgconn.socket))
        self._moved: tuple[int, ...] | None = None
        self._still_since = 0.0

    def run(self) -> None:
        """Looks now and then, and cuts the session where its server does not answer."""
        with self._socket:
            unanswered = 0
            while not self.over.wait(self._seconds * LOOKS):
                unanswered = unanswered + 1 if self._is_unanswered() else 0
                if unanswered == QUESTIONS:
                    self._cut()
                    return

    def _is_unanswered(self) -> bool:
        """Whether the session waits in silence, and goes on to, as its server does not answer."""
        if self._silence() < self._seconds * SILENCE:
            return False
        if answers(self._socket, self._seconds * PATIENCE):
            self._still_since = time.monotonic()  # it lives; asked again after a while
            return False
        return self._silence() > 0

    def _cut(self) -> None:
        """Ends the session under whoever waits for it; libpq then finds that it is closed."""
        self._connection.silent_s = self._silence()
        with suppress(OSError):  # it is gone already
            self._socket.shutdown(socket.SHUT_RDWR)

    def _silence(self) -> float:
        """Seconds for which a statement has been waiting without a byte, or an answer."""
        waits = self._connection.pgconn.transaction_status == pq.TransactionStatus.ACTIVE
        moved = bytes_moved(self._socket) if waits else None
        now = time.monotonic()
        if moved is None or moved != self._moved:
            self._moved, self._still_since = moved, now
        return now - self._still_since


def bytes_moved(end: socket.socket) -> tuple[int, ...]:
    """Bytes that the other end has acknowledged, and sent; empty where the system does not say.

    What is only sent again is no progress. Elsewhere than on Linux a session that is busy at each
    look counts as silent: it asks more often, and is answered.
    """
    if sys.platform != "linux" or end.family == socket.AF_UNIX:
        return ()
    told = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_SIZE)
    if len(told) < TCP_INFO_SIZE:
        return ()
    return struct.unpack_from("=QQ", told, BYTES_MOVED)


def answers(end: socket.socket, seconds: float) -> bool:
    """Whether the server at the other end of a socket takes and answers a new connection.

    What cannot be told counts as an answer. So does a refusal, as the system there lives: it
    would have told this session, too, if its server were gone.

    Args:
        end: connected to the server, or to a tunnel or pooler before it.
        seconds: how long to wait.
    """
    deadline = time.monotonic() + seconds
    try:
        with socket.socket(end.family, socket.SOCK_STREAM) as asking:
            asking.settimeout(seconds)
            asking.connect(end.getpeername())
            asking.sendall(SSL_REQUEST)
            asking.settimeout(max(0.001, deadline - time.monotonic()))
            answer = asking.recv(1)
            if answer == b"S":
                _shake_hands(asking)
            return bool(answer)
    except (TimeoutError, ConnectionResetError, BrokenPipeError):
        return False
    except OSError as error:
        return error.errno not in NOBODY_THERE


def _shake_hands(asking: socket.socket) -> None:
    """As it said that it would; a server that is left at this point complains in its log."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is told to it
    try:
        with context.wrap_socket(asking) as encrypted:
            encrypted.unwrap()
    except OSError:  # an old TLS, say: it has answered
        return
