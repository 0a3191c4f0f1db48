"""Who is told what: channels that messages go through, and rules that say when."""

from __future__ import annotations

from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from .base import ENV_NAME, Config, Name, SecretName
from .duration import Duration
from .guard import Limit

Trigger = Literal[
    "run_failed",
    "rejected_rows",
    "guard",
    "slow_run",
    "unusual_volume",
    "did_not_run",
    "connection_failed",
]
Severity = Literal["info", "warning", "error", "critical"]

SEVERITY: dict[Trigger, Severity] = {
    "run_failed": "error",
    "rejected_rows": "warning",
    "guard": "error",
    "slow_run": "warning",
    "unusual_volume": "warning",
    "did_not_run": "error",
    "connection_failed": "error",
}
"""How bad each trigger is, where its rule does not say."""

_OWN_KEYS: dict[Trigger, tuple[str, ...]] = {
    "rejected_rows": ("over",),
    "slow_run": ("longer_than", "factor"),
    "unusual_volume": ("factor", "min_rows"),
}


def is_loopback(address: str) -> bool:
    """Whether an http address ends on this machine.

    Args:
        address: as written, or the value of its variable.
    """
    try:
        found = urlsplit(address)
    except ValueError:
        return False
    return found.scheme == "http" and found.hostname in ("127.0.0.1", "localhost", "::1")


def _web_address(value: str) -> str:
    is_fine = value.startswith("https://") or is_loopback(value)
    if not ENV_NAME.fullmatch(value) and not is_fine:
        raise ValueError("an address begins with https://, or is $NAME")
    return value


def _link(value: str) -> str:
    if not ENV_NAME.fullmatch(value) and not value.startswith(("https://", "http://")):
        raise ValueError("an address begins with https:// or http://, or is $NAME")
    return value.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_web_address)]
"""Address that messages are sent to: https, or this machine."""

Link = Annotated[str, AfterValidator(_link)]
"""Address that people open."""


class SlackConfig(Config):
    """A Slack channel: by an incoming webhook, or by the token of an app and a channel's name."""

    webhook_url: SecretName | None = Field(
        default=None, description="Of an incoming webhook, as `$NAME`: whoever knows it can post."
    )
    token: SecretName | None = Field(
        default=None, description="Instead: of an app with the scope `chat:write`, as `$NAME`."
    )
    channel: str | None = Field(default=None, description="With a token: where to, as in `#ops`.")
    api_url: WebAddress = Field(
        default="https://slack.com/api/", description="With a token: of GovSlack, for example."
    )

    @model_validator(mode="after")
    def _one_way(self) -> SlackConfig:
        if (self.webhook_url is None) == (self.token is None):
            raise ValueError("a slack channel has exactly one of webhook_url, token")
        if (self.token is None) != (self.channel is None):
            raise ValueError("token and channel go together")
        return self


class PagerDutyConfig(Config):
    """A PagerDuty service, by the Events API v2: incidents open, and resolve when all is well."""

    routing_key: SecretName = Field(description="Integration key of the service, as `$NAME`.")
    api_url: WebAddress = Field(
        default="https://events.pagerduty.com",
        description="`https://events.eu.pagerduty.com` for accounts of the EU region.",
    )


class EmailConfig(Config):
    """Mail through an SMTP server, whose certificate is checked."""

    host: str = Field(min_length=1, description="Name of the SMTP server; may be `$NAME`.")
    port: int | None = Field(
        default=None, ge=1, le=65_535, description="Default: 587, 465 with `tls`, 25 with `none`."
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="`none` goes with no password, unless the server is on this machine.",
    )
    ca_file: str | None = Field(
        default=None, description="Authorities to believe, in PEM form; default: the system's."
    )
    user: str | None = Field(default=None, description="Login; may be `$NAME`.")
    password: SecretName | None = Field(default=None, description="Of the login, as `$NAME`.")
    sender: str = Field(min_length=3, description="From whom, as in `pgsync@example.com`.")
    to: tuple[str, ...] = Field(min_length=1, description="To whom.")

    @model_validator(mode="after")
    def _login(self) -> EmailConfig:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        on_this_machine = self.host in ("localhost", "127.0.0.1", "::1")
        if self.security == "none" and self.password and not on_this_machine:
            raise ValueError("security: a password does not travel in the clear; use starttls")
        return self


class SmsConfig(Config):
    """Short messages by Twilio: the headline, and a link to the run."""

    account_sid: str = Field(min_length=1, description="Account of Twilio; may be `$NAME`.")
    auth_token: SecretName = Field(description="Of the account or of an API key, as `$NAME`.")
    api_key: str | None = Field(
        default=None, description="SID of an API key, whose secret `auth_token` then is."
    )
    sender: str = Field(
        min_length=3, description="A number of yours, as in `+15005550006`, or a messaging service."
    )
    to: tuple[str, ...] = Field(min_length=1, description="Numbers, as in `+491701234567`.")
    api_url: WebAddress = Field(
        default="https://api.twilio.com", description="Of another region of Twilio."
    )


class TeamsConfig(Config):
    """A channel of Microsoft Teams, by a workflow that posts what a webhook receives."""

    webhook_url: SecretName = Field(
        description="Of the workflow, as `$NAME`: whoever knows it can post."
    )


class WebhookConfig(Config):
    """Any HTTP server: JSON by POST, signed where there is a secret."""

    url: Link = Field(description="Where to; may be `$NAME`.")
    headers: dict[str, SecretName] = Field(
        default_factory=dict, description="Headers more: `{Authorization: $NAME}`."
    )
    hmac_secret: SecretName | None = Field(
        default=None, description="Signs each message, as `$NAME`: HMAC-SHA256 in a header."
    )
    allow_http: bool = Field(
        default=False, description="Let an address begin with `http://` that is not this machine."
    )

    @model_validator(mode="after")
    def _scheme(self) -> WebhookConfig:
        if not self.allow_http:
            _web_address(self.url)
        return self


class ChannelConfig(Config):
    """One way to people: exactly one of the keys."""

    slack: SlackConfig | None = Field(default=None, description="A channel of Slack.")
    pagerduty: PagerDutyConfig | None = Field(default=None, description="A PagerDuty service.")
    email: EmailConfig | None = Field(default=None, description="Mail, by SMTP.")
    sms: SmsConfig | None = Field(default=None, description="Short messages, by Twilio.")
    teams: TeamsConfig | None = Field(default=None, description="A channel of Microsoft Teams.")
    webhook: WebhookConfig | None = Field(default=None, description="Any HTTP server.")

    @model_validator(mode="after")
    def _one_kind(self) -> ChannelConfig:
        if len(self.model_fields_set) != 1 or self.settings is None:
            kinds = ", ".join(type(self).model_fields)
            raise ValueError(f"a channel has exactly one of {kinds}")
        return self

    @property
    def kind(self) -> str:
        """Which key was written."""
        (kind,) = self.model_fields_set
        return kind

    @property
    def settings(self) -> Config | None:
        """What stands under it."""
        found: Config | None = getattr(self, self.kind)
        return found


class RuleConfig(Config):
    """When somebody is told, and through which channels."""

    when: Trigger = Field(description="What has to happen.")
    name: Name | None = Field(
        default=None, description="Of the rule, where two have the same trigger; default: `when`."
    )
    channels: tuple[Name, ...] = Field(min_length=1, description="Names of channels.")
    syncs: tuple[Name, ...] | None = Field(
        default=None, description="Names of syncs; default: all of the project."
    )
    notify: Literal["first", "every"] = Field(
        default="first",
        description="`first`: once, until it is well again; `every`: each time it happens.",
    )
    recovered: bool = Field(default=True, description="Tell when it is well again, too.")
    severity: Severity | None = Field(
        default=None, description="How bad it is, for PagerDuty and webhooks; default: by trigger."
    )
    over: Limit = Field(
        default=0,
        description="`rejected_rows`: more than so many rows, or percent of the sync's rows.",
    )
    longer_than: Duration | None = Field(
        default=None, description="`slow_run`: a run takes longer, as in `30 minutes`."
    )
    factor: float | None = Field(
        default=None,
        gt=1,
        description="`slow_run`: so many times as long as usual, default 3 without `longer_than`; "
        "`unusual_volume`: so many times as many rows as usual, or as few; default 5.",
    )
    min_rows: int = Field(
        default=100,
        ge=0,
        description="`unusual_volume`: a difference of fewer rows is not worth a message.",
    )

    @model_validator(mode="after")
    def _own_keys(self) -> RuleConfig:
        mine = _OWN_KEYS.get(self.when, ())
        for trigger in get_args(Trigger):
            for key in _OWN_KEYS.get(trigger, ()):
                if key in self.model_fields_set and key not in mine:
                    raise ValueError(f"{key} does not go with `when: {self.when}`")
        return self

    @property
    def title(self) -> str:
        """Its name."""
        return self.name or self.when

    @property
    def badness(self) -> Severity:
        """Its severity, or that of its trigger."""
        return self.severity or SEVERITY[self.when]

    @property
    def factor_of_usual(self) -> float | None:
        """How many times the usual is too much; None: that is not looked at."""
        if self.factor is not None or self.longer_than is not None:
            return self.factor
        return {"slow_run": 3.0, "unusual_volume": 5.0}.get(self.when)
