"""Which deliverer takes which message: the tables `[deliver.NAME]` of the project file, the first that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from engine.app.outgoing.delivery import Deliver, Delivery, NotMine
from engine.deliverers.broker import relay
from engine.deliverers.file import line_file
from engine.deliverers.mail import mail_server
from engine.deliverers.settings import Table
from engine.deliverers.waiting import Sparing
from engine.deliverers.web import hook
from engine.errors import UsageError
from engine.nearness import asked, nearest

GROUP = "casewright.deliverers"
"""The entry points by which a package of the host's offers a kind of its own: called with the table's settings."""

DIGEST_ABOVE = 20
"""More messages than this that wait for one receiver go out as one."""

KINDS: Mapping[str, Callable[[Table], Deliver]] = {
    "file": line_file, "nats": relay, "smtp": mail_server, "webhook": hook,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One deliverer and what it takes."""

    deliver: Deliver
    messages: tuple[str, ...]  # names, or `*`
    events: tuple[str, ...]
    to: tuple[str, ...]  # roles, parties, persons; none said: to everybody

    def takes(self, delivery: Delivery) -> bool:
        """Whether it is for this one."""
        names = self.events if delivery.kind == "emit" else self.messages
        if not {"*", delivery.name}.intersection(names) and not (delivery.kind == "digest" and names):
            return False
        return delivery.kind == "emit" or not self.to or delivery.receiver in self.to


@dataclass(frozen=True, slots=True)
class Router:
    """All deliverers of the project file; what none of them takes is left to other workers."""

    routes: tuple[Route, ...]
    digest_above: int = DIGEST_ABOVE

    def __call__(self, delivery: Delivery) -> None:
        """Let the first deliverer that takes it have it."""
        for route in self.routes:
            if route.takes(delivery):
                return route.deliver(delivery)
        raise NotMine


def build(
    tables: Mapping[str, Any], folder: Path, environment: Mapping[str, str], console: Deliver | None = None
) -> Router:
    """Build the deliverers of `[deliver]`; every trouble in them is a `UsageError` of one sentence."""
    above: Any = DIGEST_ABOVE
    routes: list[Route] = []
    for name, values in tables.items():
        if name == "digest_above":
            above = values
        elif isinstance(values, dict):
            routes.append(_route(Table(name, values, folder, environment), console))
        else:
            raise UsageError(f"`[deliver]`: `{name}` is not a table", help=f"write `[deliver.{name}]`")
    if isinstance(above, bool) or not isinstance(above, int) or above < 1:
        raise UsageError("`[deliver]`: `digest_above` must be a whole number above zero")
    return Router(tuple(routes), above)


def _route(table: Table, console: Deliver | None) -> Route:
    kind = table.text("kind")
    messages, events, to = table.names("messages"), table.names("events"), table.names("to")
    if not messages and not events:
        raise table.wrong("messages", 'and `events` are both missing: say which it takes, `messages = ["*"]` for all')
    if kind == "smtp" and events:
        raise table.wrong("events", "go to programs, not by e-mail")
    if kind == "console" and console is not None:
        deliver = console
    elif kind in KINDS:
        deliver = KINDS[kind](table)
    else:
        deliver = _hosts_own(kind, table)
    table.finish()
    return Route(deliver=Sparing(deliver), messages=messages, events=events, to=to)


def _hosts_own(kind: str, table: Table) -> Deliver:
    found = {point.name: point for point in entry_points(group=GROUP)}
    if kind not in found:
        raise table.wrong("kind", f"`{kind}` is not known{_near(kind, ('console', *KINDS, *found))}")
    deliver: Deliver = found[kind].load()(table.rest())
    return deliver


def _near(kind: str, kinds: Iterable[str]) -> str:
    kinds = sorted(kinds)
    close = nearest(kind, kinds)
    return f"; {asked(close)}" if close else f"; there is {', '.join(f'`{one}`' for one in kinds)}"
