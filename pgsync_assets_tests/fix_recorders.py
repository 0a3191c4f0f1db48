"""Servers on this machine that write down what arrives: HTTP, and SMTP with STARTTLS and login."""

from __future__ import annotations

import base64
import json
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from .fix_tls import Authority


@dataclass(frozen=True)
class Request:
    """What arrived by HTTP."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class HttpRecorder:
    """An HTTP server: `status` and `answer` are what it says, after `silent_s`."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    status: int = 200
    answer: bytes = b"ok"
    location: str | None = None
    silent_s: float = 0.0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def taken(self) -> list[Request]:
        """What arrived since this was asked last."""
        found = list(self.requests)
        self.requests.clear()
        return found


@contextmanager
def http_recorder() -> Iterator[HttpRecorder]:
    """An HTTP server, for the length of the block."""
    recorder = HttpRecorder()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            recorder.requests.append(Request(self.path, dict(self.headers), body))
            time.sleep(recorder.silent_s)
            self.send_response(recorder.status)
            if recorder.location:
                self.send_header("Location", recorder.location)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(recorder.answer)))
            self.end_headers()
            self.wfile.write(recorder.answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    recorder.port = server.server_address[1]
    with _serving(server):
        yield recorder


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class SmtpRecorder:
    """An SMTP server. `refused` are recipients that it does not want, and answers `refusal`."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    logins: list[tuple[str, str, bool]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    refusal: str = "550 no such user"
    password: str | None = None


@contextmanager
def smtp_recorder(tls: ssl.SSLContext | None = None) -> Iterator[SmtpRecorder]:
    """An SMTP server, for the length of the block.

    Args:
        tls: it offers STARTTLS, and login only behind it.
    """
    recorder = SmtpRecorder()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            _Conversation(self.request, recorder, tls).run()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        recorder.port = server.server_address[1]
        with _serving(server):
            yield recorder


class _Conversation:
    """One client of the SMTP server."""

    def __init__(self, socket: Any, recorder: SmtpRecorder, tls: ssl.SSLContext | None) -> None:
        self._socket, self._recorder, self._tls = socket, recorder, tls
        self._lines = socket.makefile("rb")
        self._is_secure = False
        self._sender, self._recipients = "", list[str]()

    def run(self) -> None:
        self._say("220 recorder")
        try:
            for line in self._incoming():
                verb, _, rest = line.partition(" ")
                getattr(self, f"_{verb.lower()}", self._unknown)(rest)
                if verb.upper() == "QUIT":
                    break
        except (OSError, ssl.SSLError):
            pass  # the client did not like our certificate
        finally:
            self._lines.close()
            self._socket.close()

    def _incoming(self) -> Iterator[str]:
        while True:
            line = self._lines.readline()
            if not line:
                return
            yield line.decode().rstrip("\r\n")

    def _say(self, *lines: str) -> None:
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def _unknown(self, _rest: str) -> None:
        self._say("502 what?")

    def _ehlo(self, _rest: str) -> None:
        if self._tls is not None and not self._is_secure:
            self._say("250-recorder", "250 STARTTLS")
        else:
            self._say("250-recorder", "250 AUTH PLAIN")

    def _starttls(self, _rest: str) -> None:
        assert self._tls is not None
        self._say("220 go on")
        self._lines.close()
        self._socket = self._tls.wrap_socket(self._socket, server_side=True)
        self._lines = self._socket.makefile("rb")
        self._is_secure = True

    def _auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
        self._recorder.logins.append((user, password, self._is_secure))
        wanted = self._recorder.password
        self._say("535 no" if wanted is not None and password != wanted else "235 welcome")

    def _mail(self, rest: str) -> None:
        self._sender, self._recipients = rest.split("<")[1].split(">")[0], []
        self._say("250 ok")

    def _rcpt(self, rest: str) -> None:
        address = rest.split("<")[1].split(">")[0]
        if address in self._recorder.refused:
            self._say(self._recorder.refusal)
            return
        self._recipients.append(address)
        self._say("250 ok")

    def _data(self, _rest: str) -> None:
        self._say("354 go on")
        lines = []
        for line in self._incoming():
            if line == ".":
                break
            lines.append(line.removeprefix(".") if line.startswith("..") else line)
        mail = message_from_bytes("\r\n".join(lines).encode(), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self._recorder.mails.append(mail)
        self._recorder.envelopes.append((self._sender, self._recipients))
        self._say("250 taken")

    def _rset(self, _rest: str) -> None:
        self._say("250 ok")

    def _quit(self, _rest: str) -> None:
        self._say("221 bye")


@pytest.fixture
def web() -> Iterator[HttpRecorder]:
    """An HTTP server that writes down what arrives."""
    with http_recorder() as recorder:
        yield recorder


@pytest.fixture(scope="session")
def mail_authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A file with an authority, and the TLS of a server that it has signed, for `localhost`."""
    authority = Authority("mail authority")
    folder = tmp_path_factory.mktemp("mail")
    certificate, key = authority.issue("localhost")
    for name, text in {"ca": authority.certificate, "crt": certificate, "key": key}.items():
        path = folder / name
        path.touch(0o600)
        path.write_bytes(text)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "crt", folder / "key")
    return folder / "ca", tls
