"""Letters, handed to a real mail server."""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from engine import Delivery
from engine.app.outgoing.delivery import NotDelivered
from engine.deliverers.mail import MailServer, mail_server
from engine.deliverers.settings import Table
from engine.errors import UsageError
from tests.deliverers.servers import PEM, Post, dripping, free_port, post, server_tls, silent, talking

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd", "ignore:Requiring AUTH:UserWarning")


def server(at: int, kept_secret: str = "s3cret", /, **more: Any) -> MailServer:
    values = {"host": "localhost", "port": at, "tls": "none", "from": "Corner shop <desk@example.com>", "timeout": 60}
    return mail_server(Table("mail", {**values, **more}, Path(), {"SECRET": kept_secret}))


def told(text: str = "R-1: 5m left", **reach: str) -> Delivery:
    addresses: Mapping[str, Mapping[str, str]] = {who: {"email": address} for who, address in reach.items()}
    return Delivery(
        key="R-1/2/0", kind="notify", name="due", case="R-1", receiver="agent", receiver_kind="role",
        people=tuple(reach), text=text, payload={}, at=1_772_413_200_000, is_late=False, missed=1,
        language="zh", reach=addresses,
    )  # fmt: skip


def only(kept: Post) -> EmailMessage:
    (letter,) = kept.letters
    assert isinstance(letter.content, bytes)
    mail = message_from_bytes(letter.content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_a_letter_goes_to_everybody_and_names_nobody_to_the_others() -> None:
    with post() as kept:
        server(kept.port)(told("报修 R-1 剩余 5m", lin="lin@example.com", wang="wang@example.com"))
    mail = only(kept)
    assert kept.letters[0].rcpt_tos == ["lin@example.com", "wang@example.com"]
    assert kept.letters[0].mail_from == "desk@example.com"
    assert mail["Subject"] == "报修 R-1 剩余 5m"
    assert mail.get_content().strip() == "报修 R-1 剩余 5m"
    assert mail["Message-ID"] == "<R-1.2.0.casewright@example.com>"
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "zh")
    assert "wang@example.com" not in str(mail)


def test_a_long_text_is_shortened_in_the_subject_only() -> None:
    with post() as kept:
        server(kept.port)(told("long " * 40, lin="lin@example.com"))
    assert len(only(kept)["Subject"]) < 80
    assert only(kept).get_content().count("long") == 40


def test_who_was_refused_is_tried_again_and_the_others_are_not() -> None:
    with post() as kept:
        kept.refuses.add("wang@example.com")
        deliver = server(kept.port)
        message = told(lin="lin@example.com", wang="wang@example.com")
        with pytest.raises(NotDelivered, match=r"^the mail server refused 1 of 2 addresses \(550\)$"):
            deliver(message)
        kept.refuses.clear()
        deliver(message)
    assert [letter.rcpt_tos for letter in kept.letters] == [["lin@example.com"], ["wang@example.com"]]


INJECTIONS = [
    "lin@example.com\r\nRCPT TO:<thief@example.com>",
    "lin@example.com\nBcc: thief@example.com",
    "lin@example.com, thief@example.com",
    "Lin <lin@example.com>",
    "lin@example.com> SIZE=1 <thief@example.com",
    "lin",
    "",
]


@pytest.mark.parametrize("address", INJECTIONS)
def test_what_is_not_one_address_is_sent_nowhere(address: str) -> None:
    with post() as kept:
        with pytest.raises(NotDelivered, match=r"of `lin` is not an address|no e-mail address") as error:
            server(kept.port)(told(lin=address))
        assert kept.letters == []
    assert "thief" not in str(error.value)


def test_a_text_cannot_become_a_header() -> None:
    with post() as kept:
        server(kept.port)(told("late\r\nBcc: thief@example.com\r\n.\r\nMAIL FROM:<x>", lin="lin@example.com"))
    mail = only(kept)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "late Bcc: thief@example.com . MAIL FROM:<x>"
    assert [letter.rcpt_tos for letter in kept.letters] == [["lin@example.com"]]


def test_without_any_address_it_is_said_whose_is_missing() -> None:
    with pytest.raises(NotDelivered, match=r"^no e-mail address is known of `agent`$"):
        server(1)(told())


@pytest.mark.parametrize("talk", [silent, dripping])
def test_a_server_that_does_not_answer_is_left_in_time(talk: Any) -> None:
    with talking(talk) as port, pytest.raises(NotDelivered, match=r"^the mail server did not answer within 1 s$"):
        server(port, timeout=1)(told(lin="lin@example.com"))


def test_a_server_that_is_not_there_and_one_that_fails_are_told_apart() -> None:
    refused = r"^the mail server cannot be reached: Connection refused$"
    with free_port() as port, pytest.raises(NotDelivered, match=refused):
        server(port)(told(lin="lin@example.com"))
    with post() as kept:
        kept.after_data = "451 lin@example.com is busy"
        with pytest.raises(NotDelivered, match=r"^the mail server answered 451$"):
            server(kept.port)(told(lin="lin@example.com"))


class Login:
    def __call__(self, *given: Any) -> AuthResult:
        login = given[-1]
        assert isinstance(login, LoginPassword)
        return AuthResult(success=(login.login, login.password) == (b"desk", b"s3cret"), handled=False)


def test_a_login_goes_over_a_connection_that_was_made_safe() -> None:
    with post(server_tls(), authenticator=Login(), auth_required=True) as kept:
        more = {"tls": "starttls", "ca": str(PEM), "user": "desk", "password": "env:SECRET"}
        server(kept.port, **more)(told(lin="lin@example.com"))
        assert len(kept.letters) == 1
        other = server(kept.port, "no", **more)
        with pytest.raises(NotDelivered, match=r"^the mail server answered 535$"):
            other(told(lin="lin@example.com"))


def test_nothing_is_sent_to_a_server_whose_certificate_nobody_vouches_for() -> None:
    with post(server_tls()) as kept:
        with pytest.raises(NotDelivered, match=r"^no safe connection to the mail server: CERTIFICATE_VERIFY_FAILED$"):
            server(kept.port, tls="starttls")(told(lin="lin@example.com"))
        assert kept.letters == []


def test_nothing_is_sent_to_a_server_that_offers_no_safe_connection() -> None:
    with post() as kept:
        with pytest.raises(NotDelivered, match=r"^the mail server and we do not agree: SMTPNotSupportedError$"):
            server(kept.port, tls="starttls")(told(lin="lin@example.com"))
        assert kept.letters == []


def test_a_connection_can_be_safe_from_its_first_byte() -> None:
    with post(ssl_context=server_tls()) as kept:
        server(kept.port, tls="tls", ca=str(PEM))(told(lin="lin@example.com"))
        assert len(kept.letters) == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"password": "s3cret", "user": "desk", "tls": "tls"}, "`password` is a secret and must not stand here"),
        ({"password": "env:NOWHERE", "user": "desk", "tls": "tls"}, "there is no variable `NOWHERE`"),
        ({"password": "file:nowhere", "user": "desk", "tls": "tls"}, "cannot be read from the file `nowhere`"),
        ({"user": "desk", "password": "env:SECRET"}, "`user` would be sent in clear"),
        ({"host": "mail.example.com"}, "`tls` is `none`: all on the way can read it"),
        ({"from": "the desk"}, "`from` must be an address"),
        ({"tls": "ssl"}, "`tls` must be one of `starttls`, `tls`, `none`, not `ssl`"),
        ({"port": "25"}, "`port` must be a whole number above zero"),
        ({"host": "a\nb"}, "`host` must be text in quotes, on one line"),
    ],
)
def test_settings_that_will_not_do_are_said_in_a_sentence(more: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        server(25, **more)
    assert error.value.message.startswith("`[deliver.mail]`: ")
    assert said in error.value.message
    assert "s3cret" not in error.value.message
