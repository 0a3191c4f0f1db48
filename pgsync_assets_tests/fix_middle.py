"""Somebody between a client and a server, who would like to read what goes by."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pgsync_assets.connect.ssl_request import SSL_REQUEST

from .fix_proxy import shut


class Middle:
    """Speaks plainly with the server; with a client as it likes, and counts what it could read.

    Args:
        port: of the server, on loopback.
        certificate: file with the certificate that it shows, and its key; None: it tells clients
            that the server has no TLS.
        patience: connections that it passes on untouched before it begins.
        ciphers: that it speaks, of TLS 1.2; all by default.
    """

    def __init__(
        self,
        port: int,
        certificate: Path | None = None,
        patience: int = 0,
        ciphers: str | None = None,
    ) -> None:
        self._target = port
        self._context = _server_context(certificate, ciphers) if certificate else None
        self._patience = patience
        self.connections = 0
        self.read = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()

    def close(self) -> None:
        """Takes no more connections, and waits for the end of those there are."""
        shut(self._listener)
        self._acceptor.join()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with self._listener, suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                untouched = self.connections <= self._patience
                thread = threading.Thread(target=self._serve, args=(client, untouched))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket, untouched: bool) -> None:
        server = socket.create_connection(("127.0.0.1", self._target))
        with client, server, suppress(OSError):
            if untouched:
                self._relay(client, server)
                return
            if client.recv(8, socket.MSG_PEEK) == SSL_REQUEST:
                client.recv(8)
                client.sendall(b"S" if self._context else b"N")
                if self._context:
                    client = self._context.wrap_socket(client, server_side=True)
            with client:
                self._relay(client, server, listens=True)

    def _relay(self, client: socket.socket, server: socket.socket, listens: bool = False) -> None:
        ends = {client: server, server: client}
        while True:
            pending = isinstance(client, ssl.SSLSocket) and client.pending()
            ready = [client] if pending else select.select(list(ends), [], [])[0]
            for end in ready:
                data = end.recv(65536)
                if not data:
                    return
                self.read += data if listens else b""
                ends[end].sendall(data)


def _server_context(certificate: Path, ciphers: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if ciphers is not None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
    return context


@contextmanager
def middle_of(
    port: int, certificate: Path | None = None, patience: int = 0, ciphers: str | None = None
) -> Iterator[Middle]:
    """Somebody in front of a port of this machine; see `Middle`."""
    middle = Middle(port, certificate, patience, ciphers)
    try:
        yield middle
    finally:
        middle.close()
