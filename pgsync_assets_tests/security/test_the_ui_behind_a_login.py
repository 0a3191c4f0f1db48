"""The proxy of docs/networking.md, as it stands there, before a real Dagster UI."""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from pgsync_assets.embedded.loopback import free_port

from ..fix_needs import program
from ..fix_tls import Authority

PAGE = (Path(__file__).parents[2] / "docs" / "networking.md").read_text(encoding="utf-8")
HOST = "localhost"
ADA = ("ada", "correct horse")
PATHS = ("/", "/graphql", "/server_info", "/logs/x/compute_logs", "/notebook", "/download_debug/x")
LAUNCH = {
    "query": 'mutation { reloadRepositoryLocation(repositoryLocationName: "x") { __typename } }'
}
VERSION = {"query": "{ version }"}
DEFINITIONS = "import dagster as dg\ndefs = dg.Definitions()\n"
pytestmark = pytest.mark.needs("nginx")


@dataclass(frozen=True)
class Site:
    """A UI behind a proxy.

    Args:
        url: of the proxy.
        port: of the UI.
        trusted: certificate of the authority that signed the proxy's.
        is_read_only: whether the UI takes no mutation.
    """

    url: str
    port: int
    trusted: Path
    is_read_only: bool

    def asked(self, path: str, *, ada: bool = True, **more: Any) -> requests.Response:
        """The answer to a POST where there is something to send, else to a GET."""
        return requests.request(
            "POST" if "json" in more else "GET",
            self.url + path,
            auth=ADA if ada else None,
            verify=str(self.trusted),
            timeout=30,
            **more,
        )

    def upgraded(self, *, ada: bool, origin: str | None = None) -> str:
        """The first line of the answer to somebody who asks for a WebSocket."""
        lines = [
            "GET /graphql HTTP/1.1",
            f"Host: {HOST}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Protocol: graphql-ws",
            *([f"Origin: {origin}"] if origin else []),
            *([f"Authorization: Basic {_basic(*ADA)}"] if ada else []),
        ]
        port = int(self.url.rsplit(":", 1)[1])
        context = ssl.create_default_context(cafile=self.trusted)
        with (
            socket.create_connection((HOST, port), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as end,
        ):
            end.sendall("\r\n".join([*lines, "", ""]).encode())
            return end.recv(4096).decode().splitlines()[0]


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture(scope="module", params=[(), ("--read-only",)], ids=["all", "read-only"])
def site(request: pytest.FixtureRequest, state_folder: Path) -> Iterator[Site]:
    """The UI and the proxy, on this machine."""
    folder = state_folder / f"site{len(request.param)}"
    folder.mkdir(mode=0o755)  # nginx gives up its rights
    authority = Authority("site")
    certificate, key = authority.issue(HOST)
    for name, content in (("ca", authority.certificate), ("pem", certificate), ("key", key)):
        (folder / f"site.{name}").write_bytes(content)
    with ExitStack() as stack:
        port = stack.enter_context(_ui(folder, *request.param))
        listening = stack.enter_context(_nginx(folder, port))
        yield Site(f"https://{HOST}:{listening}", port, folder / "site.ca", bool(request.param))


@contextmanager
def _ui(folder: Path, *options: str) -> Iterator[int]:
    port = free_port()
    (folder / "home").mkdir()
    (folder / "definitions.py").write_text(DEFINITIONS)
    command = [sys.executable, "-m", "dagster_webserver", "-p", str(port), *options]
    process = subprocess.Popen(
        [*command, "-f", str(folder / "definitions.py")],
        env=os.environ | {"DAGSTER_HOME": str(folder / "home")},
        start_new_session=True,
    )
    try:
        _until_open(port, process)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


@contextmanager
def _nginx(folder: Path, ui: int) -> Iterator[int]:
    port = free_port()
    block = re.search(r"```nginx\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    here = block[1]
    for told, meant in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("server_name data.example.com", f"server_name {HOST}"),
        ("/etc/ssl/data.example.com.pem", f"{folder}/site.pem"),
        ("/etc/ssl/private/data.example.com.key", f"{folder}/site.key"),
        ("/etc/nginx/data.users", f"{folder}/users"),
        (r"https://data\.example\.com", f"https://{HOST}:{port}"),
        ("127.0.0.1:3000", f"127.0.0.1:{ui}"),
    ):
        assert here.count(told) == 1, told
        here = here.replace(told, meant)
    asked = ["openssl", "passwd", "-6", "-stdin"]
    verifier = subprocess.run(asked, input=ADA[1], capture_output=True, text=True, check=True)
    (folder / "users").write_text(f"{ADA[0]}:{verifier.stdout}")
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}{here}}}\n"
    )
    command = [str(program("nginx")), "-c", str(configuration), "-e", f"{folder}/error.log"]
    process = subprocess.Popen(command)
    try:
        _until_open(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


def _until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None, f"it ended with {process.returncode}"
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def test_nothing_without_a_login(site: Site) -> None:
    for path in PATHS:
        assert site.asked(path, ada=False).status_code == 401, path
    assert site.asked("/graphql", ada=False, json=VERSION).status_code == 401
    assert " 401 " in site.upgraded(ada=False)


def test_everything_with_one(site: Site) -> None:
    assert site.asked("/").text.lower().startswith("<!doctype html>")
    assert "version" in site.asked("/graphql", json=VERSION).json()["data"]
    assert " 101 " in site.upgraded(ada=True)
    assert " 101 " in site.upgraded(ada=True, origin=site.url)


def test_nothing_for_a_page_of_somebody_else(site: Site) -> None:
    theirs = "https://elsewhere.example.com"
    answer = site.asked("/graphql", json=VERSION, headers={"Origin": theirs})
    assert answer.status_code == 403
    assert " 403 " in site.upgraded(ada=True, origin=theirs)
    ours = {"Origin": site.url}
    assert site.asked("/graphql", json=VERSION, headers=ours).status_code == 200


def test_the_ui_listens_on_this_machine_alone(site: Site) -> None:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = [line.split() for line in lines if line.split()[3] == "0A"]
    found = {at[1].split(":")[0] for at in listening if int(at[1].split(":")[1], 16) == site.port}
    assert found == {"0100007F"}


def test_who_only_looks_changes_nothing(site: Site) -> None:
    said = site.asked("/graphql", json=LAUNCH).json()["data"]["reloadRepositoryLocation"]
    assert (said["__typename"] == "UnauthorizedError") == site.is_read_only, said
