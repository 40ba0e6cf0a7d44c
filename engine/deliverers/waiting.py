"""No waiting beyond what is allowed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def cut_off(seconds: float, find: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Cut the connection after so many seconds in all, with `TimeoutError`.

    A socket's own timeout begins anew with every byte, so a receiver that drips would hold the worker for ever; it is
    set a second longer, for the time before there is a connection to cut.
    """

    is_cut = threading.Event()

    def cut() -> None:
        is_cut.set()
        found = find()
        if found is not None:
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        if is_cut.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
