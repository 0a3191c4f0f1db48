"""What hands runs to workers: a Redis of our own, or the server of Dagster's storage."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pgsync_assets.embedded import Cluster
from pgsync_assets.embedded.loopback import HOST, free_port

from .canaries import canary
from .fix_needs import program
from .fix_servers import SETTINGS

DURABLE = SETTINGS | {"synchronous_commit": "on"}
"""What was committed outlives a crash of the server, and a message is."""


class Broker(Protocol):
    """What hands runs to workers, and can be restarted."""

    @property
    def variables(self) -> dict[str, str]:
        """That name it."""

    def restart(self) -> None:
        """As after a crash."""


@dataclass
class Redis:
    """A Redis with a password that writes down what it takes."""

    folder: Path
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: canary().replace(" ", "-"), repr=False)

    @property
    def variables(self) -> dict[str, str]:
        """That name it."""
        return {"PGSYNC_BROKER": f"redis://:{self.password}@{HOST}:{self.port}/0"}

    def start(self) -> None:
        settings = self.folder / "redis.conf"
        settings.write_text(
            f"bind {HOST}\nport {self.port}\nrequirepass {self.password}\ndir {self.folder}\n"
            'appendonly yes\nappendfsync always\nsave ""\n'
        )
        settings.chmod(0o600)
        log = (self.folder / "redis.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [program("redis-server"), str(settings)], stdout=log, stderr=log
            )

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        self.stop()
        time.sleep(1)
        self.start()


@dataclass
class PlatformAsBroker:
    """The server of Dagster's storage."""

    platform: Cluster

    @property
    def variables(self) -> dict[str, str]:
        """None: it is the broker where no other one is named."""
        return {}

    def restart(self) -> None:
        self.platform.stop("immediate")
        time.sleep(1)
        self.platform.start(DURABLE)


@contextmanager
def brokers(kind: str, folder: Path, platform: Cluster) -> Iterator[Broker]:
    """A broker of a kind: `postgresql` or `redis`."""
    if kind == "postgresql":
        yield PlatformAsBroker(platform)
        return
    redis = Redis(folder)
    redis.start()
    try:
        yield redis
    finally:
        redis.stop()
