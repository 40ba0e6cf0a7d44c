"""A server that speaks another language: why it lets nobody in is known by its code, whatever its words."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from engine.errors import StoreUnavailable
from engine.store import open_store
from tests import postgres

needs_trace = pytest.mark.skipif(psycopg.pq.version() < 180_000, reason="libpq traces what is said at the door from 18")


@contextmanager
def refusing(code: str, words: bytes) -> Iterator[str]:
    """The address of a server that says so to whoever comes."""
    said = b"".join(kind + text + b"\0" for kind, text in ((b"S", b"\xd6\xc2"), (b"V", b"FATAL"), (b"M", words)))
    if code:
        said += b"C" + code.encode() + b"\0"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    guest, _ = server.accept()
                except OSError:  # the door is closed for good
                    return
                with guest:
                    guest.recv(1_000)
                    guest.sendall(b"E" + struct.pack("!I", len(said) + 5) + said + b"\0")

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            host, port = server.getsockname()
            yield f"postgresql://lin@{host}:{port}/desk?sslmode=disable&gssencmode=disable"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@needs_trace
@pytest.mark.parametrize(
    ("code", "words", "said", "now"),
    [
        ("28P01", '用户 "lin" Password 认证失败'.encode(), "refuses to let you into", "PGPASSFILE"),
        ("28000", b'?? "lin" ???', "refuses to let you into", "check user"),
        ("3D000", '数据库 "desk" 不存在'.encode("gbk"), "there is no database", "createdb"),
        ("53300", b"trop de connexions", "has no connection left", "pool="),
        ("57P03", b"das Datenbanksystem startet", "is starting or stopping", "in a moment"),
        ("42501", "keine Berechtigung für Datenbank desk".encode(), "you may not use", "grant"),
    ],
)
def test_what_keeps_one_out_at_the_door_is_known_in_any_language(code: str, words: bytes, said: str, now: str) -> None:
    with refusing(code, words) as url, pytest.raises(StoreUnavailable) as told:
        open_store(url)
    assert said in told.value.message
    assert now in (told.value.mend or "")
    assert "\n" not in told.value.message


def test_without_a_code_what_it_says_is_shown_with_what_to_look_at() -> None:
    with refusing("", b"kein Zutritt") as url, pytest.raises(StoreUnavailable) as told:
        open_store(url)
    assert "cannot be reached (kein Zutritt)" in told.value.message


@needs_trace
def test_a_real_server_that_speaks_german() -> None:
    postgres.needs_server()
    server = postgres.Server("lc_messages=C.UTF-8", language="de")
    try:
        server.start()
        with psycopg.connect(server.url("postgres")) as connection, pytest.raises(psycopg.Error) as told:
            connection.execute("SELECT nothing")
        if "existiert nicht" not in str(told.value):
            pytest.skip("the server's messages have no German here")
        for url, said in (
            (server.url("nowhere"), "there is no database"),
            (server.url("postgres").replace(f"{postgres.USER}@", "nobody@"), "refuses to let you into"),
        ):
            with pytest.raises(StoreUnavailable, match=said):
                open_store(url)
    finally:
        server.end()
