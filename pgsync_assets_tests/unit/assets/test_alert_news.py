"""First, every, recovered; and messages on their way through channels that are down, then up."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pgsync_assets.alerts import Alert
from pgsync_assets.alerts.message import message_of
from pgsync_assets.assets.alerts import outbox
from pgsync_assets.assets.alerts.memory import Memory
from pgsync_assets.assets.alerts.news import Open, news
from pgsync_assets.assets.alerts.outbox import Delivery, Pending, deliver
from pgsync_assets.assets.alerts.triggers import Finding, Problem
from pgsync_assets.config.alerts import ChannelConfig, RuleConfig

from ...canaries import canary
from ...fix_recorders import HttpRecorder, http_recorder

NOW = 1_700_000_000.0


def rule(**fields: Any) -> RuleConfig:
    written = {"when": "run_failed", "channels": ["ops"]}
    return RuleConfig.model_validate(written | fields)


def bad(subject: str, event: str) -> Finding:
    return Finding(subject, event, NOW, Problem("it broke"), event)


def well(subject: str, event: str) -> Finding:
    return Finding(subject, event, NOW, None, event)


def told(which: RuleConfig, *ticks: list[Finding]) -> list[list[tuple[str, str]]]:
    """State and subject of what each tick tells; what is open is kept as a cursor is."""
    memory = Memory(0)
    found: list[list[tuple[str, str]]] = []
    for tick in ticks:
        opened = memory.opened.setdefault("r", {})
        made = news("alerts", which, opened, tick, None)
        found.append([(alert.state, alert.subject) for alert in made.alerts])
        memory = Memory.loads(memory.dumps())
    return found


FAILS_TWICE: tuple[list[Finding], ...] = (
    [bad("a", "1")],
    [bad("a", "2")],
    [],
    [well("a", "3")],
    [well("a", "4")],
)
NOTIFY: dict[str, tuple[dict[str, Any], list[list[tuple[str, str]]]]] = {
    "first": ({}, [[("new", "a")], [], [], [("recovered", "a")], []]),
    "every": (
        {"notify": "every"},
        [[("new", "a")], [("again", "a")], [], [("recovered", "a")], []],
    ),
    "not recovered": ({"recovered": False}, [[("new", "a")], [], [], [], []]),
}


@pytest.mark.parametrize("case", NOTIFY)
def test_what_is_told_when(case: str) -> None:
    fields, expected = NOTIFY[case]
    assert told(rule(**fields), *FAILS_TWICE) == expected


def test_an_event_counts_once_however_often_it_is_seen() -> None:
    same = [bad("a", "1")]
    assert told(rule(notify="every"), same, same, same) == [[("new", "a")], [], []]


def test_what_failed_again_after_it_was_well_is_new() -> None:
    ticks = ([bad("a", "1"), well("a", "2"), bad("a", "3")], [well("a", "4")])
    first, second = told(rule(), *ticks)
    assert ("new", "a") in first
    assert second == [("recovered", "a")]


def test_an_incident_is_over_when_nothing_of_it_is_left() -> None:
    opened: dict[str, Open] = {}
    first = news("alerts", rule(), opened, [bad("a", "1"), bad("b", "2")], "https://d")
    assert {alert.incident for alert in first.alerts} == {"alerts/run_failed/1"}
    assert first.alerts[0].run_url == "https://d/runs/1"
    assert news("alerts", rule(), opened, [well("a", "3")], None).resolved == []
    assert news("alerts", rule(), opened, [well("b", "4")], None).resolved == [
        "alerts/run_failed/1"
    ]


def test_how_often_in_a_row_and_since_when_is_told() -> None:
    opened: dict[str, Open] = {}
    news("alerts", rule(), opened, [bad("a", "1")], None)
    later = Finding("a", "2", NOW + 60, Problem("it broke"), "2")
    (alert,) = news("alerts", rule(notify="every"), opened, [later], None).alerts
    assert (alert.times, alert.since) == (2, NOW)


@pytest.fixture
def channels(web: HttpRecorder) -> dict[str, ChannelConfig]:
    """A webhook that works, and `down`, of whom nobody answers."""
    with http_recorder() as closed:
        pass
    written = {"ops": web.url, "down": closed.url}
    return {
        name: ChannelConfig.model_validate({"webhook": {"url": url, "hmac_secret": "$KEY"}})
        for name, url in written.items()
    }


def pending(channel: str, subject: str = "a", since: float = NOW) -> Pending:
    alert = Alert("run_failed", "run_failed", "new", "error", subject, "it broke", since)
    return Pending(channel, message_of("alerts", since, [alert]).dumps(), since)


def delivered(
    waiting: list[Pending], channels: dict[str, ChannelConfig], now: float = NOW
) -> Delivery:
    found = deliver(waiting, channels, {"KEY": canary()}, now)
    kept = Memory.loads(Memory(0, outbox=found.waiting).dumps())
    assert kept.outbox == found.waiting
    return found


def subjects(web: HttpRecorder) -> list[str]:
    return [one["subject"] for request in web.taken() for one in request.json["alerts"]]


def test_a_channel_that_is_down_holds_up_no_other(
    web: HttpRecorder, channels: dict[str, ChannelConfig]
) -> None:
    found = delivered([pending("down"), pending("ops")], channels)
    assert (found.sent, subjects(web)) == ({"ops": 1}, ["a"])
    (left,) = found.waiting
    assert (left.channel, left.tries, left.next_at) == ("down", 1, NOW + 30)
    (error,) = found.errors
    assert error.startswith("channel 'down': the server could not be reached")
    assert error.endswith("tried 1 times, again in 30 s")


def test_what_was_down_gets_all_in_order_when_it_is_up(
    web: HttpRecorder, channels: dict[str, ChannelConfig]
) -> None:
    web.status = 503
    found = delivered([pending("ops", "a"), pending("ops", "b")], channels)
    assert subjects(web) == ["a"]  # b waits for a
    assert [one.tries for one in found.waiting] == [1, 0]
    early = delivered(found.waiting, channels, NOW + 10)
    assert (early.errors, web.taken()) == ([], [])
    web.status = 200
    late = delivered(early.waiting, channels, NOW + 31)
    assert (late.waiting, late.errors, late.sent) == ([], [], {"ops": 2})
    assert subjects(web) == ["a", "b"]


def test_a_message_that_nobody_wants_is_given_up_and_that_is_said(
    web: HttpRecorder, channels: dict[str, ChannelConfig]
) -> None:
    web.status = 400
    waiting, now = [pending("ops")], NOW
    for _ in range(outbox.MOST_REFUSALS):
        found = delivered(waiting, channels, now)
        waiting, now = found.waiting, now + 1_000
    assert waiting == []
    assert found.errors == ["channel 'ops': HTTP 400; tried 3 times, the message is given up"]


def test_nobody_is_tried_for_ever(channels: dict[str, ChannelConfig]) -> None:
    day = outbox.GIVEN_UP_AFTER_S
    found = delivered([pending("down")], channels, NOW + day + 1)
    assert found.waiting == []
    assert found.errors[0].endswith("the message is given up")
    many = [pending("down", str(n)) for n in range(outbox.MOST_WAITING + 2)]
    found = delivered(many, channels)
    assert len(found.waiting) == outbox.MOST_WAITING
    assert "2 messages are given up, too many wait" in found.errors[-1]


def test_a_recipient_that_has_it_is_not_told_again(web: HttpRecorder) -> None:
    fields = {"account_sid": "AC", "auth_token": "$KEY", "sender": "+1500", "api_url": web.url}
    sms = ChannelConfig.model_validate({"sms": fields | {"to": ["+491", "+492"]}})
    half = Pending("phone", pending("phone").message, NOW, done=("+491",))
    delivered([half], {"phone": sms})
    assert [request.form["To"] for request in web.taken()] == ["+492"]


def test_a_server_that_says_nothing_costs_a_tick_its_time_and_no_more(
    web: HttpRecorder, channels: dict[str, ChannelConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "TICK_S", 0.3)
    web.silent_s = 1.0
    began = time.monotonic()
    found = delivered([pending("ops")], channels)
    assert time.monotonic() - began < 0.9
    assert len(found.waiting) == 1
    assert "nothing was delivered within" in found.errors[0]
    time.sleep(0.9)


def test_what_a_slow_channel_has_no_time_for_is_sent_by_the_next_tick_and_once(
    web: HttpRecorder, channels: dict[str, ChannelConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BEGIN_S", 0.1)
    # A message that was begun gets through, on a busy machine, too.
    monkeypatch.setattr(outbox, "TICK_S", 10)
    web.silent_s = 0.3
    waiting = [pending("ops", subject) for subject in "abc"]
    for _ in range(3):
        found = delivered(waiting, channels)
        assert (found.sent, found.errors) == ({"ops": 1}, [])
        waiting = found.waiting
    time.sleep(0.4)  # nobody is at work behind the back of a tick
    assert (waiting, subjects(web)) == ([], ["a", "b", "c"])


def test_a_channel_that_was_deleted_holds_no_messages() -> None:
    assert delivered([pending("gone")], {}) == Delivery([], {}, [])
