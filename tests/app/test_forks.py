"""A process that is forked while an engine is open, as a web server does that loads its program first.

Two processes on one connection to a server took each other's answers; a file's locks are known to the parent only.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import Accepted, Engine
from engine.errors import StoreUnavailable
from tests.app.desks import LIN

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # from Python 3.12 on


def fork(work: Callable[[], bool]) -> int:
    """Do this in a child, which ends there: 0 if the work answers yes."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.alarm(60)
        code = 0 if work() else 2
    finally:
        os._exit(code)


def well(*children: int) -> bool:
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * len(children)


def opens(engine: Engine, count: int = 12) -> bool:
    """Open errands one by one, and see each as it was opened."""
    for number in range(count):
        what = f"{os.getpid()} {number}"
        done = engine.open_case("errand", {"what": what}, actor=LIN)
        if not isinstance(done, Accepted) or engine.case(done.case.id).data["what"] != what:
            return False
    return True


def test_parent_and_children_of_a_fork_write_side_by_side(engine: Engine) -> None:
    assert opens(engine, 1)
    children = [fork(lambda: opens(engine)) for _ in range(3)]
    assert opens(engine)
    assert well(*children)
    is_shared = "memory" not in type(engine._store).__name__.lower()
    assert engine.verify().cases == (1 + 4 * 12 if is_shared else 1 + 12)


def test_a_child_may_close_what_its_parent_goes_on_with(engine: Engine) -> None:
    assert opens(engine, 1)

    def close() -> bool:
        engine.close()
        return True

    assert well(fork(close))
    assert opens(engine, 2)
    assert well(fork(lambda: opens(engine, 2)))


def test_a_child_of_a_child_has_connections_of_its_own_too(engine: Engine) -> None:
    assert well(fork(lambda: opens(engine, 1) and well(fork(lambda: opens(engine, 1))) and opens(engine, 1)))
    assert opens(engine, 1)


def test_a_fork_while_another_thread_reads_leaves_that_thread_alone(engine: Engine) -> None:
    is_reading, go_on, seen = threading.Event(), threading.Event(), []

    def read() -> None:
        with engine._store.read() as tx:
            is_reading.set()
            go_on.wait(60)
            seen.append(tx.person("nobody"))

    thread = threading.Thread(target=read)
    thread.start()
    is_reading.wait(60)

    def child() -> bool:
        try:
            return opens(engine, 1)
        except StoreUnavailable as error:  # of a file: its locks are the parent's
            return "was forked while another thread was using" in error.message and "anew" in (error.help or "")

    done = fork(child)
    go_on.set()
    thread.join()
    assert well(done)
    assert seen == [None]
    assert opens(engine, 1)


def test_what_a_child_writes_after_its_parent_has_closed_the_file_is_there(on_disk: Engine, tmp_path: Path) -> None:
    # Whoever closes a file as the last removes its log; a child that believed to hold its parent's locks wrote there.
    assert opens(on_disk, 1)
    wait, go_on = os.pipe()
    child = fork(lambda: opens(on_disk, 1) and os.read(wait, 1) == b"!" and opens(on_disk, 3))
    on_disk.close()
    os.write(go_on, b"!")
    assert well(child)
    with Engine.open(str(tmp_path / "desk.db")) as again:
        assert again.verify().cases == 5
