"""Mail: plain text and HTML, through a server that has proved who it is."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from functools import partial
from html import escape

from ..config.alerts import EmailConfig
from .channel import TIMEOUT_S, Part, Undelivered, Values
from .message import Alert, Message
from .text import details, headline, plain, rest, shown, title

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def parts(config: EmailConfig, message: Message, values: Values) -> list[Part]:
    """One mail to each: who has got it is not told again where another address is refused.

    Args:
        config: where to.
        message: what.
        values: reads secrets.
    """
    return [Part(one, partial(_send, config, one, message, values)) for one in config.to]


def _send(config: EmailConfig, address: str, message: Message, values: Values) -> None:
    mail = _mail(config, address, message, values)
    try:
        with _opened(config, values) as server:
            if config.user is not None and config.password is not None:
                server.login(values(config.user), values(config.password))
            server.send_message(mail)
    except smtplib.SMTPResponseException as error:  # its text may repeat what was sent
        refused = error.smtp_code in (552, 554)
        raise Undelivered(f"SMTP {error.smtp_code}", is_refused=refused) from None
    except smtplib.SMTPRecipientsRefused as error:
        ((code, _),) = error.recipients.values()
        told = f"SMTP: the recipient is refused ({code})"
        raise Undelivered(told, is_refused=code >= 500) from None  # 4xx: greylisting, say
    except ssl.SSLCertVerificationError as error:
        raise Undelivered(f"the server's certificate: {error.verify_message}") from None
    except smtplib.SMTPNotSupportedError:
        raise Undelivered("the server has no STARTTLS, or no login") from None
    except TimeoutError:
        raise Undelivered(f"no answer within {TIMEOUT_S:.0f} s") from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise Undelivered(f"the server could not be reached ({type(error).__name__})") from None


def _opened(config: EmailConfig, values: Values) -> smtplib.SMTP:
    host, port = values(config.host), config.port or _PORTS[config.security]
    trust = ssl.create_default_context(cafile=values(config.ca_file) if config.ca_file else None)
    if config.security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=trust)
    server = smtplib.SMTP(host, port, local_hostname=socket.gethostname(), timeout=TIMEOUT_S)
    if config.security == "starttls":
        try:
            server.starttls(context=trust)
        except BaseException:
            server.close()
            raise
    return server


def _mail(config: EmailConfig, address: str, message: Message, values: Values) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = headline(message)  # no line ends in it: every character is printable
    mail["From"] = values(config.sender)
    mail["To"] = values(address)
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = f"<{message.key}@pgsync_assets>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(plain(message))
    mail.add_alternative(_html(message), subtype="html")
    return mail


def _html(message: Message) -> str:
    parts = ["".join(_block(alert)) for alert in shown(message)]
    more = rest(message)
    end = f"<p>{escape(more)}</p>" if more else ""
    return f"<html><body>{''.join(parts)}{end}</body></html>"


def _block(alert: Alert) -> Iterator[str]:
    yield f"<h3>{escape(title(alert))}</h3><p>"
    yield "<br>".join(escape(line) for line in details(alert))
    yield "</p>"
    if alert.run_url:
        yield f'<p><a href="{escape(alert.run_url)}">Open the run in Dagster</a></p>'
