"""E-mail: one letter to everybody a message is for, by SMTP. Addresses stand in no header that others read."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from engine.app.outgoing.delivery import Delivery, NotDelivered
from engine.deliverers.settings import LOOPBACK, Table
from engine.deliverers.waiting import cut_off

SUBJECT = 70
"""Signs of the text that make the subject."""

PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(slots=True, kw_only=True)
class MailServer:
    """How letters are handed over, and which of them only some have got."""

    host: str
    port: int
    tls: str  # starttls, tls, none
    context: ssl.SSLContext | None
    sender: Address
    login: tuple[str, str] | None = field(default=None, repr=False)
    timeout: int = 10
    reached: dict[str, set[str]] = field(default_factory=dict, repr=False)  # key → addresses that have it

    def __call__(self, delivery: Delivery) -> None:
        """Send it to everybody who has not got it; `NotDelivered` if anybody is left who could not be reached."""
        done = self.reached.get(delivery.key, set())
        wanted = [address for address in addresses_of(delivery) if address not in done]
        try:
            refused = self._hand_over(letter(delivery, self.sender), wanted)
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"the mail server answered {error.smtp_code}") from None
        except smtplib.SMTPException as error:
            raise NotDelivered(f"the mail server and we do not agree: {type(error).__name__}") from None
        except ssl.SSLError as error:
            raise NotDelivered(f"no safe connection to the mail server: {error.reason or 'refused'}") from None
        except TimeoutError:
            raise NotDelivered(f"the mail server did not answer within {self.timeout} s") from None
        except OSError as error:
            raise NotDelivered(f"the mail server cannot be reached: {error.strerror or type(error).__name__}") from None
        if refused:
            self.reached[delivery.key] = done | {address for address in wanted if address not in refused}
            codes = ", ".join(sorted({str(code) for code, _ in refused.values()}))
            raise NotDelivered(f"the mail server refused {len(refused)} of {len(wanted)} addresses ({codes})")
        self.reached.pop(delivery.key, None)

    def _hand_over(self, mail: EmailMessage, wanted: list[str]) -> dict[str, tuple[int, bytes]]:
        secure = self.tls == "tls" and self.context is not None
        client: Callable[..., smtplib.SMTP] = smtplib.SMTP_SSL if secure else smtplib.SMTP
        server = client(timeout=self.timeout + 1, **({"context": self.context} if secure else {}))
        server._host = self.host  # type: ignore[attr-defined]  # else no name to check the certificate against
        with cut_off(self.timeout, lambda: server.sock):
            try:
                server.connect(self.host, self.port)
                if self.tls == "starttls":
                    server.starttls(context=self.context)
                if self.login is not None:
                    server.login(*self.login)
                refused = server.send_message(mail, str(self.sender.addr_spec), wanted)
                server.quit()
                return refused
            finally:
                server.close()


def mail_server(table: Table) -> MailServer:
    """Read the settings of a mail server."""
    host, tls = table.text("host"), table.choice("tls", tuple(PORTS))
    if tls == "none" and host not in LOOPBACK and not table.flag("insecure"):
        raise table.wrong("tls", "is `none`: all on the way can read it; if so it must be, say `insecure = true`")
    table.flag("insecure")
    context = None
    if tls != "none":
        context = ssl.create_default_context(cafile=str(table.path("ca")) if table.has("ca") else None)
    login = (table.text("user"), table.secret("password")) if table.has("user") else None
    if login and tls == "none":
        raise table.wrong("user", "would be sent in clear with `tls` none")
    return MailServer(
        host=host, port=table.number("port", PORTS[tls]), tls=tls, context=context, login=login,
        sender=_sender(table), timeout=table.number("timeout", 10),
    )  # fmt: skip


def _sender(table: Table) -> Address:
    name, address = parseaddr(table.text("from"))
    try:
        return Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        raise table.wrong("from", "must be an address, such as `Service desk <desk@example.com>`") from None


def letter(delivery: Delivery, sender: Address) -> EmailMessage:
    """The letter; its id is made of the message's key, so that it is the same at every attempt."""
    mail = EmailMessage(policy=SMTP)
    line = " ".join(delivery.text.split())
    mail["From"] = sender
    mail["To"] = "undisclosed-recipients:;"
    mail["Subject"] = line if len(line) <= SUBJECT else line[: SUBJECT - 1] + "…"
    mail["Date"] = datetime.fromtimestamp(delivery.at / 1000, UTC)
    mail["Message-ID"] = f"<{delivery.key.replace('/', '.')}.casewright@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(delivery.text + "\n")  # takes away what is said of a content before
    if delivery.language:
        mail["Content-Language"] = delivery.language
    return mail


def addresses_of(delivery: Delivery) -> list[str]:
    """The e-mail addresses of who is told, each once; `NotDelivered` if there is none or one is not an address."""
    found: list[str] = []
    for who, reach in delivery.reach.items():
        if "email" not in reach:
            continue
        try:
            address = Address(addr_spec=reach["email"].strip())
            if not (address.username and address.domain):
                raise ValueError
        except (ValueError, IndexError, HeaderParseError):  # the last from Python 3.14 on
            raise NotDelivered(f"what is kept as the e-mail of `{who}` is not an address") from None
        found.append(address.addr_spec)
    if not found:
        raise NotDelivered(f"no e-mail address is known of `{delivery.receiver}`")
    return list(dict.fromkeys(found))
