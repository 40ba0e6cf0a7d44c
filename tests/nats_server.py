"""A NATS server of the tests' own: from the system's package, in a folder of the test's, killed as tests like."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection
from typing import Any

import nats
import pytest

from tests.deliverers.servers import free_port

STREAM = "desk"


def program() -> str:
    """Where the server is; skips the test that asks where there is none, unless CI has brought it."""
    found = shutil.which("nats-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None and not os.environ.get("NATS_EXPECTED"):
        pytest.skip("there is no nats-server here: apt-get install nats-server")
    assert found is not None, "CI installs nats-server"
    return found


class Broker:
    """One server with JetStream, its streams kept in a folder from one start to the next."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        self.folder = folder
        self.port = port
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        words = [program(), "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder), *self.options]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(OSError), create_connection(("127.0.0.1", self.port), 1):
                return
            assert self.process.poll() is None, "the server ended"
            time.sleep(0.01)  # on one processor the server needs it
        raise AssertionError("the server does not listen")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, work: Any) -> Any:
        """Do something with a connection of its own."""

        async def asked() -> Any:
            client = await nats.connect(self.url, token="s3cret", connect_timeout=60)
            try:
                return await work(client.jetstream(timeout=60))
            finally:
                await client.close()

        return asyncio.run(asked())

    def make_stream(self) -> None:
        """A stream that keeps what the desk says."""
        self.ask(lambda stream: stream.add_stream(name=STREAM, subjects=["casewright.>"]))

    def kept(self) -> list[Any]:
        """What the stream holds, in its order."""

        async def read(stream: Any) -> list[Any]:
            state = (await stream.stream_info(STREAM)).state
            return [
                await stream.get_msg(STREAM, number) for number in range(max(state.first_seq, 1), state.last_seq + 1)
            ]

        found: list[Any] = self.ask(read)
        return found


@contextmanager
def broker(folder: Path, *options: str) -> Iterator[Broker]:
    """A running server with a stream."""
    with free_port() as port:
        made = Broker(folder, port, *options)
        try:
            made.start()
            made.make_stream()
            yield made
        finally:
            made.kill()
