"""A Redis proves who it is before it is told a password; what workers print holds none."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from kombu.exceptions import OperationalError

from pgsync_assets.assets.workers.broker import VARIABLE, broker_of, celery_app
from pgsync_assets.embedded.loopback import free_port

from ..canaries import canary
from ..fix_needs import program
from ..fix_tls import Authority

pytestmark = pytest.mark.needs("redis-server")
START_S = 30


@dataclass
class TlsRedis:
    """A Redis that speaks TLS only, with a certificate for `localhost`."""

    port: int
    ca: Path

    def opens(self, host: str = "localhost", ca: Path | None = None) -> None:
        """Connects as launcher and workers do."""
        named = f"?ssl_ca_certs={ca}" if ca else ""
        url = f"rediss://:{canary()}@{host}:{self.port}/0{named}"
        with dg.DagsterInstance.ephemeral() as instance:
            broker = broker_of(instance, {VARIABLE: url})
        assert canary() not in broker.place
        with celery_app(broker).connection_for_write() as connection:
            connection.ensure_connection(max_retries=0, reraise_as_library_errors=True)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[TlsRedis]:
    """Runs for the test."""
    authority = Authority("brokers")
    certificate, key = authority.issue("localhost")
    files = {"ca.crt": authority.certificate, "server.crt": certificate, "server.key": key}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
    found = TlsRedis(free_port(), tmp_path / "ca.crt")
    settings = tmp_path / "redis.conf"
    settings.write_text(
        f"bind 127.0.0.1\nport 0\ntls-port {found.port}\nrequirepass {canary()}\ndir {tmp_path}\n"
        f"tls-cert-file {tmp_path}/server.crt\ntls-key-file {tmp_path}/server.key\n"
        f"tls-ca-cert-file {found.ca}\ntls-auth-clients no\n"
    )
    settings.chmod(0o600)
    server = subprocess.Popen([program("redis-server"), str(settings)], stdout=subprocess.DEVNULL)
    try:
        _await(found)
        yield found
    finally:
        server.kill()
        server.wait()


def _await(redis: TlsRedis) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            redis.opens(ca=redis.ca)
            return
        except OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_its_own_authority_is_believed(redis: TlsRedis) -> None:
    redis.opens(ca=redis.ca)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_others_are_not(redis: TlsRedis, host: str) -> None:
    """The authority is not known, or the certificate is for another name."""
    with pytest.raises(OperationalError, match="CERTIFICATE_VERIFY_FAILED|certificate"):
        redis.opens(host, ca=redis.ca if host == "127.0.0.1" else None)
