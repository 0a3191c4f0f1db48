"""Where runs wait for a worker: the PostgreSQL of Dagster's storage, or Redis.

`PGSYNC_BROKER` names a Redis; without it the broker is the server that Dagster needs anyway, by
exactly the address, and with the TLS, that `dagster.yaml` has. Messages are JSON, and hold the
number of a run: what is to be done stands in Dagster's storage.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import dagster as dg
import sqlalchemy as sa
from celery import Celery
from dagster_postgres.run_storage import PostgresRunStorage

from ...errors import ConfigurationError
from .storage import storage_of

VARIABLE = "PGSYNC_BROKER"
QUEUE = "dagster"
_MESSAGES = sa.table("kombu_message", sa.column("visible", sa.Boolean))
TASK = "pgsync_assets.execute_run"
VISIBLE_AGAIN_AFTER_S = 300
"""Redis hands a run out again that is not done by then: who claimed it keeps it."""

_REDIS = {"broker_transport_options": {"visibility_timeout": VISIBLE_AGAIN_AFTER_S}}

SETTINGS: Mapping[str, Any] = {
    "task_default_queue": QUEUE,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    # One run at a time in a process of its own, which reads the definitions as they are now. A
    # worker takes no message before the run that it has is over: no run waits behind another one.
    "worker_concurrency": 1,
    "worker_max_tasks_per_child": 1,
    "worker_prefetch_multiplier": 1,
    "task_acks_late": True,
    # Nothing is asked of workers through the broker: the one in PostgreSQL could not do it.
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "worker_redirect_stdouts": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
}


@dataclass(frozen=True)
class Broker:
    """A broker, as Celery wants to know it.

    `url` may hold a password; `place` is what may be shown.
    """

    url: str = field(repr=False)
    place: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    warning: str | None = None
    sweep: Callable[[], None] = lambda: None
    """Removes what the broker itself leaves behind."""


def broker_of(instance: dg.DagsterInstance, environment: Mapping[str, str] = os.environ) -> Broker:
    """The broker of an instance.

    Args:
        instance: its storage is the broker where no other one is named.
        environment: where `PGSYNC_BROKER` is looked for.

    Raises:
        ConfigurationError: that is no broker we know, or the storage is no PostgreSQL.
    """
    url = environment.get(VARIABLE)
    if not url:
        return _postgresql(storage_of(instance))
    scheme = urlsplit(url).scheme
    if scheme not in _BY_SCHEME:
        raise ConfigurationError(
            f"{VARIABLE} is no redis:// or rediss:// address",
            f"redis://:PASSWORD@HOST:6379/0, rediss:// with TLS; without {VARIABLE} the broker is "
            "the PostgreSQL of Dagster's storage",
        )
    return _BY_SCHEME[scheme](url)


def broker_place() -> tuple[str, str | None]:
    """Where the broker of this process's instance is, without its password, and what to mind.

    Raises:
        ConfigurationError: as `broker_of`.
    """
    with dg.DagsterInstance.get() as instance:
        broker = broker_of(instance)
    return broker.place, broker.warning


def celery_app(broker: Broker, more: Mapping[str, Any] | None = None) -> Celery:
    """The Celery app of a launcher or a worker.

    Args:
        broker: of it.
        more: settings of Celery's on top of ours.
    """
    app = Celery("pgsync_assets", broker=broker.url)
    app.conf.update({**SETTINGS, **broker.settings, **(more or {})})
    return app


def _postgresql(storage: PostgresRunStorage) -> Broker:
    url = sa.make_url(storage.postgres_url)
    place = f"PostgreSQL {hosts_of(url)}/{url.database}"

    def sweep() -> None:
        """Kombu keeps each message that was delivered, for ever."""
        with storage.connect() as connection, connection.begin():
            connection.execute(sa.delete(_MESSAGES).where(sa.not_(_MESSAGES.c.visible)))

    # A server that was restarted is noticed before a connection is used, not by an error.
    options = {"broker_transport_options": {"pool_pre_ping": True}}
    address = url.render_as_string(hide_password=False)
    return Broker(f"sqla+{address}", place, options, sweep=sweep)


def hosts_of(url: sa.URL) -> str:
    """The hosts of a PostgreSQL with their ports, for people.

    Args:
        url: of several hosts the one that takes writes is found when one connects.
    """
    several = url.normalized_query.get("host")
    return ", ".join(several) if several else f"{url.host}:{url.port or 5432}"


def _redis(url: str) -> Broker:
    place = _place(url)
    warning = None
    if not _is_here(urlsplit(url).hostname):
        warning = f"{place}: names of runs and the password travel in the clear; use rediss://"
    return Broker(url, place, _REDIS, warning)


def _redis_with_tls(url: str) -> Broker:
    """The server's certificate is verified, whatever the address says of it."""
    parts = urlsplit(url)
    given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if given.pop("ssl_cert_reqs", "required") != "required":
        raise ConfigurationError(
            f"{VARIABLE} turns the check of the server's certificate off (ssl_cert_reqs)",
            "leave ssl_cert_reqs out; ssl_ca_certs=FILE names the CA of your own",
        )
    unknown = given.keys() - {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
    if unknown:
        raise ConfigurationError(f"{VARIABLE}: {', '.join(sorted(unknown))} is not known here")
    tls = {**given, "ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    plain = urlunsplit(parts._replace(query=""))
    return Broker(plain, _place(url), {**_REDIS, "broker_use_ssl": tls})


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"Redis {parts.hostname or 'localhost'}:{parts.port or 6379}{parts.path}"


def _is_here(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "127.0.0.1").is_loopback
    except ValueError:
        return host == "localhost"


_BY_SCHEME = {"redis": _redis, "rediss": _redis_with_tls}
