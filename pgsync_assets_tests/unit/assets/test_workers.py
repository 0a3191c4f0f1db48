"""When a worker is taken for dead, which brokers there are, and what is shown of them."""

from __future__ import annotations

import ssl

import dagster as dg
import pytest

from pgsync_assets.assets.workers.broker import VARIABLE, broker_of, celery_app
from pgsync_assets.assets.workers.watch import LOOKS, Watch
from pgsync_assets.errors import ConfigurationError

from ...canaries import canary


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """At zero."""
    return Clock()


def test_a_worker_that_beats_is_never_lost(clock: Clock) -> None:
    watch = Watch(30, clock)
    for beats in range(20):
        clock.now += 100
        assert not watch.is_lost("run", beats)


@pytest.mark.parametrize("poll_s", [1, 10, 25, 100])
def test_a_worker_that_does_not_is_lost_in_time(clock: Clock, poll_s: int) -> None:
    watch = Watch(30, clock)
    assert not watch.is_lost("run", 7)
    while not watch.is_lost("run", 7):
        clock.now += poll_s
    assert 30 <= clock.now <= max(30 + poll_s, poll_s * LOOKS)


def test_time_in_which_nobody_could_look_does_not_count(clock: Clock) -> None:
    """Dagster's storage was away: no beat could be written, and the daemon saw none."""
    watch = Watch(30, clock)
    assert not watch.is_lost("run", 7)
    clock.now += 3600
    assert not watch.is_lost("run", 7)  # the first look after it may come before the first beat
    assert not watch.is_lost("run", 8)
    assert not watch.is_lost("other", 8)


def test_a_beat_begins_the_count_again(clock: Clock) -> None:
    watch = Watch(30, clock)
    for beats in (1, 1, 1, 2, 2, 2):
        clock.now += 14
        assert not watch.is_lost("run", beats)


def test_a_redis_is_named_without_its_password() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        broker = broker_of(instance, {VARIABLE: f"redis://:{canary()}@10.1.2.3:6380/4"})
    assert broker.place == "Redis 10.1.2.3:6380/4"
    assert (
        broker.warning
        == f"{broker.place}: names of runs and the password travel in the clear; use rediss://"
    )
    assert canary() not in repr(broker)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_redis_on_this_machine_is_not_warned_of(host: str) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert broker_of(instance, {VARIABLE: f"redis://{host}:6379/0"}).warning is None


def test_tls_verifies_certificate_and_name() -> None:
    url = "rediss://:secret@redis.example.com:6380/0?ssl_ca_certs=/ca.pem"
    with dg.DagsterInstance.ephemeral() as instance:
        broker = broker_of(instance, {VARIABLE: url})
    tls = celery_app(broker).connection_for_write().ssl
    assert tls == {
        "ssl_ca_certs": "/ca.pem",
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": True,
    }


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("amqp://guest@localhost//", "no redis:// or rediss:// address"),
        ("redis.example.com", "no redis:// or rediss:// address"),
        ("rediss://r/0?ssl_cert_reqs=none", "turns the check of the server's certificate off"),
        ("rediss://r/0?ssl_ca_cert=x", "ssl_ca_cert is not known"),
    ],
)
def test_what_is_no_broker_is_refused(url: str, told: str) -> None:
    with (
        dg.DagsterInstance.ephemeral() as instance,
        pytest.raises(ConfigurationError, match=told),
    ):
        broker_of(instance, {VARIABLE: url})


def test_without_postgresql_there_is_no_broker_to_fall_back_on() -> None:
    with (
        dg.DagsterInstance.ephemeral() as instance,
        pytest.raises(ConfigurationError, match="workers need Dagster's storage in PostgreSQL"),
    ):
        broker_of(instance, {})


def test_messages_are_json_and_nothing_else() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        conf = celery_app(broker_of(instance, {VARIABLE: "redis://localhost/0"})).conf
    assert (conf.task_serializer, conf.accept_content) == ("json", ["json"])
    assert not conf.worker_enable_remote_control
