"""Real servers on this machine for deliverers to talk to, good ones and bad ones."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SO_REUSEADDR, SOL_SOCKET, create_server, socket
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

PEM = Path(__file__).parent / "localhost.pem"
"""A certificate for localhost with its key, of no worth but here."""


def server_tls() -> ssl.SSLContext:
    """A server that shows it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    return context


@dataclass
class Web:
    """A web server: what it answers, in turn, and what it was asked."""

    answers: list[int] = field(default_factory=lambda: [204])
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0


@contextmanager
def web(tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Run a web server."""
    kept = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.seen.append((self.path, dict(self.headers), body))
            status = kept.answers.pop(0) if len(kept.answers) > 1 else kept.answers[0]
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"http://localhost:{kept.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is the test
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def talking(talk: Callable[[Any, threading.Event], None]) -> Iterator[int]:
    """A server that does this with each connection, until told that it is over; gives its port."""
    over, listener = threading.Event(), create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while not over.is_set():
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    talk(connection, over)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        with suppress(OSError):
            listener.shutdown(2)
        listener.close()
        thread.join()


def silent(connection: Any, over: threading.Event) -> None:
    """Say nothing."""
    over.wait(10)


def dripping(connection: Any, over: threading.Event) -> None:
    """Say a byte now and then, so that no single read ever times out."""
    while not over.wait(0.05):
        connection.sendall(b"2")


@contextmanager
def free_port() -> Iterator[int]:
    """A port on which nobody listens but who is told of it, also when started anew: nobody else is given it."""
    with socket() as held:
        held.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)  # so that a server that says the same may listen there
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@dataclass
class Post:
    """A mail server: what it answers to a recipient, and the letters it took."""

    refuses: set[str] = field(default_factory=set)
    after_data: str = "250 taken"
    letters: list[Envelope] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 yes"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.after_data.startswith("250"):
            self.letters.append(envelope)
        return self.after_data


@contextmanager
def post(tls: ssl.SSLContext | None = None, **more: Any) -> Iterator[Post]:
    """Run a mail server; with a certificate it wants STARTTLS."""
    kept = Post()
    more |= {"tls_context": tls, "require_starttls": True} if tls is not None else {}
    with free_port() as kept.port:
        controller = Controller(kept, hostname="127.0.0.1", port=kept.port, ready_timeout=60, **more)
        controller.start()
        try:
            yield kept
        finally:
            controller.stop()
