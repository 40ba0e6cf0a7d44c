"""Restate: its server and its Python SDK; a virtual object for each case, steps by calls over HTTP.

Each call is answered when the server has its outcome in its log, which waits for the disk (`rocksdb-disable-wal-fsync`
is off), and the case in its store. The service runs under Hypercorn, as Restate's pages have it, in a process of its
own; the callers are threads with a connection each, by the standard library, which costs less than the SDK's client.
Not done: promises and their warnings (an object can send itself a delayed call), who may do a step, forms, an audit
(the journal of a call is kept for a day), lists.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import local
from uuid import uuid4

import restate

from benchmarks.others.matter import ALL
from benchmarks.others.player import Given, Play, beside, by_threads, free_port, serve, until

repair = restate.VirtualObject("Repair")


@repair.handler()
async def step(ctx: restate.ObjectContext, given: dict[str, dict[str, str]]) -> dict[str, str]:
    """Somebody did a step: the case as it stands after it."""
    case = {**(await ctx.get("case", type_hint=dict) or {}), **given["form"], **given["to"]}
    ctx.set("case", case)
    return case


app = restate.app(services=[repair])


def post(connection: HTTPConnection, path: str, body: object) -> dict[str, str]:
    """Ask the server for something."""
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status in (200, 201), text
    found: dict[str, str] = json.loads(text)
    return found


def answers(port: int, path: str) -> bool:
    """Whether somebody answers there, whatever he says."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def server(folder: Path) -> Iterator[int]:
    """Restate's server with a service registered; the port that calls come in by."""
    ingress, admin, service = free_port(), free_port(), free_port()
    environment = {
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_BIND_IP": "127.0.0.1",
        "RESTATE_BIND_PORT": str(free_port()),
        "RESTATE_DISABLE_TELEMETRY": "true",
    }
    program = next(Path(sys.prefix).glob("node_modules/@restatedev/restate-server-*/bin/restate-server"))
    hypercorn = [sys.executable, "-m", "hypercorn", "benchmarks.others.restate:app", "--bind", f"127.0.0.1:{service}"]
    log = folder / "server.log"
    with (
        beside([program, "--no-logo", "--base-dir", folder / "data"], log, **environment) as process,
        beside(hypercorn, folder / "service.log") as serving,
    ):
        until(lambda: answers(admin, "/health"), process, log)
        until(lambda: answers(service, "/"), serving, folder / "service.log")
        post(HTTPConnection("127.0.0.1", admin, timeout=60), "/deployments", {"uri": f"http://127.0.0.1:{service}"})
        yield ingress


@contextmanager
def player(given: Given) -> Iterator[Play]:
    """Restate's side."""
    with server(given.folder) as port:
        own = local()

        def one(_: int) -> bool:
            if not hasattr(own, "connection"):
                own.connection = HTTPConnection("127.0.0.1", port, timeout=60)
            name, case = uuid4(), {}
            for each in ALL:
                case = post(own.connection, f"/Repair/{name}/step", {"form": each.form, "to": {"state": each.to}})
            return case["state"] == ALL[-1].to

        yield by_threads(given.callers, one)


if __name__ == "__main__":
    serve(player)
