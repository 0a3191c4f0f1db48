"""Each channel: what arrives at a server that writes it down, and what is said where it fails."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest

from pgsync_assets.alerts import Alert, Message, Undelivered, parts_of
from pgsync_assets.alerts.message import message_of
from pgsync_assets.config.alerts import ChannelConfig

from ..canaries import canary
from ..fix_recorders import HttpRecorder, http_recorder, smtp_recorder

RUN_URL = "https://dagster.example.com/runs/4711"
NASTY = "orders <!channel> *bold* [x](http://evil) & </p>"


def alert(subject: str = "orders", **fields: Any) -> Alert:
    known: dict[str, Any] = {
        "rule": "run_failed",
        "when": "run_failed",
        "state": "new",
        "severity": "error",
        "subject": subject,
        "summary": "there is no table app.orders",
        "since": 1_700_000_000.0,
        "incident": "alerts/run_failed/4711",
        "facts": {"refused": 3, "SQLSTATE": "23502, 23514"},
        "remedy": "CREATE TABLE app.orders",
        "run_id": "4711",
        "run_url": RUN_URL,
    }
    return Alert(**known | fields)


def message(*alerts: Alert, resolved: tuple[str, ...] = ()) -> Message:
    return message_of("alerts", 1_700_000_060.0, list(alerts or (alert(),)), resolved)


def send(kind: str, told: Message, environment: dict[str, str], **fields: Any) -> None:
    channel = ChannelConfig.model_validate({kind: fields})
    assert Message.loads(told.dumps()) == told
    for part in parts_of(channel, told, environment):
        part.send()


def slack(web: HttpRecorder, told: Message) -> dict[str, Any]:
    send("slack", told, {"HOOK": f"{web.url}/services/{canary()}"}, webhook_url="$HOOK")
    (request,) = web.taken()
    assert request.path.startswith("/services/")
    found: dict[str, Any] = request.json
    return found


def test_slack_by_webhook(web: HttpRecorder) -> None:
    body = slack(web, message(alert(NASTY), alert("customers")))
    header, first, link, *_ = body["blocks"]
    assert header["text"]["text"].startswith("2 alerts: orders")
    assert first["text"]["type"] == "plain_text"  # nothing in it is a mention or a link
    lines = first["text"]["text"].splitlines()
    assert lines[0] == f"{NASTY}: run failed"
    assert lines[1:] == [
        "there is no table app.orders",
        "refused: 3, SQLSTATE: 23502, 23514",
        "-> CREATE TABLE app.orders",
    ]
    assert link["elements"][0]["text"] == f"<{RUN_URL}|Open the run in Dagster>"
    assert "<!channel>" not in body["text"]
    assert "&lt;!channel&gt;" in body["text"]


def test_slack_by_token(web: HttpRecorder) -> None:
    web.answer = b'{"ok": true}'
    fields = {"token": "$TOKEN", "channel": "#ops", "api_url": f"{web.url}/api/"}
    send("slack", message(), {"TOKEN": canary()}, **fields)
    (request,) = web.taken()
    assert request.path == "/api/chat.postMessage"
    assert request.headers["Authorization"] == f"Bearer {canary()}"
    assert request.json["channel"] == "#ops"
    web.answer = b'{"ok": false, "error": "channel_not_found"}'
    with pytest.raises(Undelivered, match="Slack: channel_not_found"):
        send("slack", message(), {"TOKEN": canary()}, **fields)


def test_pagerduty_opens_one_incident_for_what_began_together(web: HttpRecorder) -> None:
    web.status = 202
    told = message(
        alert("orders"),
        alert("items"),
        alert("late", incident="alerts/did_not_run/1", severity="critical", run_url=None),
        alert("people", state="recovered", severity="info", incident="old"),
        resolved=("old",),
    )
    send("pagerduty", told, {"KEY": canary()}, routing_key="$KEY", api_url=web.url)
    first, second, third = (request.json for request in web.taken())
    assert {one["routing_key"] for one in (first, second, third)} == {canary()}
    assert (first["event_action"], first["dedup_key"]) == ("trigger", "alerts/run_failed/4711")
    assert first["payload"]["summary"] == "2 alerts: orders, items"
    assert first["payload"]["severity"] == "error"
    assert first["links"][0]["href"] == RUN_URL
    assert (second["dedup_key"], second["payload"]["severity"]) == (
        "alerts/did_not_run/1",
        "critical",
    )
    assert {name: third[name] for name in ("event_action", "dedup_key")} == {
        "event_action": "resolve",
        "dedup_key": "old",
    }


def test_sms_is_one_form_for_each_number(web: HttpRecorder) -> None:
    web.status = 201
    fields = {"account_sid": "AC1", "auth_token": "$TOKEN", "sender": "+15005550006"}
    numbers = ["+49170111", "+49170222"]
    send("sms", message(), {"TOKEN": canary()}, **fields, to=numbers, api_url=web.url)
    requests = web.taken()
    assert [request.form["To"] for request in requests] == numbers
    assert {request.path for request in requests} == {"/2010-04-01/Accounts/AC1/Messages.json"}
    assert requests[0].form["From"] == "+15005550006"
    assert requests[0].form["Body"] == f"orders: run failed\n{RUN_URL}"
    assert requests[0].headers["Authorization"].startswith("Basic ")


def test_teams_gets_a_card_without_markdown(web: HttpRecorder) -> None:
    web.status = 202
    send("teams", message(alert(NASTY)), {"HOOK": f"{web.url}/{canary()}"}, webhook_url="$HOOK")
    (request,) = web.taken()
    (attachment,) = request.json["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    texts = [block["inlines"][0]["text"] for block in card["body"]]
    assert f"{NASTY}: run failed" in texts
    assert [action["url"] for action in card["actions"]] == [RUN_URL]
    web.status, web.answer = 400, b'{"error": {"code": "WorkflowTriggerIsNotEnabled"}}'
    with pytest.raises(Undelivered, match="^Teams: WorkflowTriggerIsNotEnabled$"):
        send("teams", message(), {"HOOK": f"{web.url}/{canary()}"}, webhook_url="$HOOK")


def test_webhook_is_documented_json_with_a_signature(web: HttpRecorder) -> None:
    secrets = {"AUTH": f"Bearer {canary()}", "KEY": canary("signs")}
    fields = {"url": f"{web.url}/in", "headers": {"Authorization": "$AUTH"}, "hmac_secret": "$KEY"}
    told = message()
    send("webhook", told, secrets, **fields)
    (request,) = web.taken()
    assert request.headers["Authorization"] == secrets["AUTH"]
    stamp = request.headers["X-Pgsync-Timestamp"]
    signed = f"{stamp}.".encode() + request.body
    made = hmac.new(secrets["KEY"].encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["X-Pgsync-Signature"] == f"sha256={made}"
    document = request.json
    (one,) = document.pop("alerts")
    assert document == {
        "schema": "pgsync_assets.alerts/1",
        "id": told.key,
        "component": "alerts",
        "sent_at": "2023-11-14T22:14:20Z",
        "more": 0,
        "resolved": [],
    }
    assert one["since"] == "2023-11-14T22:13:20Z"
    assert one["facts"] == {"refused": 3, "SQLSTATE": "23502, 23514"}
    assert one["run_url"] == RUN_URL


def test_mail_by_starttls_and_login(mail_authority: tuple[Path, ssl.SSLContext]) -> None:
    ca_file, tls = mail_authority
    with smtp_recorder(tls) as server:
        server.refused = {"gone@example.com"}
        fields = {
            "host": "localhost",
            "port": server.port,
            "ca_file": str(ca_file),
            "user": "pgsync",
            "password": "$PASSWORD",
            "sender": "pgsync@example.com",
        }
        secrets = {"PASSWORD": canary()}
        send("email", message(alert(NASTY)), secrets, **fields, to=["ada@example.com"])
        assert server.logins == [("pgsync", canary(), True)]
        assert server.envelopes == [("pgsync@example.com", ["ada@example.com"])]
        (mail,) = server.mails
        assert mail["Subject"] == f"{NASTY}: run failed"
        plain, html = (part.get_content() for part in mail.iter_parts())
        assert "-> CREATE TABLE app.orders" in plain
        assert f'<a href="{RUN_URL}">' in html
        assert "&lt;!channel&gt;" in html
        assert "&lt;/p&gt;" in html
        for refusal, is_refused in {"550 no such user": True, "450 come back later": False}.items():
            server.refusal = refusal
            with pytest.raises(Undelivered, match="SMTP: the recipient is refused") as caught:
                send("email", message(), secrets, **fields, to=["gone@example.com"])
            assert caught.value.is_refused is is_refused
        with pytest.raises(Undelivered, match="certificate"):
            send("email", message(), secrets, **fields | {"ca_file": None}, to=["a@example.com"])
        server.password = "another"
        with pytest.raises(Undelivered, match="^SMTP 535$"):
            send("email", message(), secrets, **fields, to=["ada@example.com"])
    assert len(server.mails) == 1


def test_mail_goes_through_no_server_without_starttls() -> None:
    with smtp_recorder() as server:
        fields = {"host": "localhost", "port": server.port, "sender": "a@example.com"}
        with pytest.raises(Undelivered, match="no STARTTLS"):
            send("email", message(), {}, **fields, to=["b@example.com"])
        send("email", message(), {}, **fields, to=["b@example.com"], security="none")
    assert len(server.mails) == 1


WEB_CHANNELS: dict[str, dict[str, Any]] = {
    "slack": {"webhook_url": "$ADDRESS"},
    "pagerduty": {"routing_key": "$SECRET", "api_url": "$ADDRESS"},
    "sms": {
        "account_sid": "AC1",
        "auth_token": "$SECRET",
        "sender": "+1500",
        "to": ["+49170"],
        "api_url": "$ADDRESS",
    },
    "teams": {"webhook_url": "$ADDRESS"},
    "webhook": {"url": "$ADDRESS", "headers": {"Authorization": "$SECRET"}},
}


@pytest.mark.parametrize("kind", WEB_CHANNELS)
def test_what_does_not_get_through_says_why_and_no_secret(kind: str, web: HttpRecorder) -> None:
    with http_recorder() as closed:
        pass
    secrets = {"SECRET": canary(), "ADDRESS": f"{web.url}/{canary()}"}
    web.status, web.answer = 503, f"no {canary()}".encode()
    reasons = {
        "503": secrets,
        "could not be reached": secrets | {"ADDRESS": f"{closed.url}/{canary()}"},
        "does not begin with https": secrets | {"ADDRESS": f"http://10.0.0.1/{canary()}"},
        "the environment variable ADDRESS is not set": {"SECRET": canary()},
    }
    if kind == "teams":
        reasons["Teams refused the message"] = reasons.pop("503")
    for reason, environment in reasons.items():
        with pytest.raises(Undelivered, match=reason) as caught:
            send(kind, message(), environment, **WEB_CHANNELS[kind])
        assert canary() not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", WEB_CHANNELS)
def test_no_client_logs_an_address(
    kind: str, web: HttpRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = {"SECRET": canary(), "ADDRESS": f"{web.url}/{canary()}"}
    # The client of Kubernetes, once it is loaded, lets urllib3 say less.
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "urllib3"):
        logging.getLogger("urllib3.connectionpool").debug("heard")
        send(kind, message(), secrets, **WEB_CHANNELS[kind])
    assert "heard" in caplog.text
    assert canary() not in caplog.text


@pytest.mark.parametrize("package", ["slack_sdk", "dagster_msteams"])
def test_a_package_that_is_missing_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    kind = {"slack_sdk": "slack", "dagster_msteams": "teams"}[package]
    with pytest.raises(Undelivered, match=r"pip install 'pgsync-assets\[alerts\]'"):
        send(kind, message(), {"HOOK": "https://x"}, webhook_url="$HOOK")


@pytest.mark.parametrize("kind", ["pagerduty", "sms", "webhook"])
def test_secrets_follow_no_redirect(kind: str, web: HttpRecorder) -> None:
    with http_recorder() as other:
        web.status, web.location = 307, other.url
        secrets = {"SECRET": canary(), "ADDRESS": web.url}
        with pytest.raises(Undelivered, match="HTTP 307"):
            send(kind, message(), secrets, **WEB_CHANNELS[kind])
        assert other.requests == []


def test_a_message_stays_readable(web: HttpRecorder) -> None:
    told = message(*(alert(f"sync_{n}") for n in range(500)))
    body = slack(web, told)
    assert len(body["blocks"]) <= 50  # Slack takes no more
    assert body["text"].startswith("500 alerts: sync_0, sync_1")
    assert body["blocks"][-1]["text"]["text"].startswith("and 480 more: sync_20")
    assert len(json.dumps(body)) < 20_000


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "two kinds": ({"sms": {}, "teams": {"webhook_url": "$A"}}, "sms"),
    "none": ({}, "exactly one of slack, pagerduty"),
    "a secret in the file": ({"teams": {"webhook_url": "https://x/hush"}}, r"written as \$NAME"),
    "two ways": ({"slack": {"webhook_url": "$A", "token": "$B"}}, "exactly one of webhook_url"),
    "token without channel": ({"slack": {"token": "$B"}}, "token and channel go together"),
    "plain http": ({"webhook": {"url": "http://example.com"}}, "begins with https"),
    "not this machine": ({"webhook": {"url": "http://127.0.0.1:80@example.com"}}, "with https"),
    "a password in the clear": (
        {
            "email": {
                "host": "mail.example.com",
                "security": "none",
                "user": "u",
                "password": "$P",
                "sender": "a@b",
                "to": ["c@d"],
            }
        },
        "does not travel in the clear",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_channel_that_cannot_be_right_is_refused(case: str) -> None:
    written, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        ChannelConfig.model_validate(written)
