"""Small cases and steps for the stores' contract: values only, made without the engine's own deciding."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from engine.chart import Position
from engine.core.cases import Case, Family, Outgoing, Step
from engine.core.outlook import Outlook
from engine.ports import Request, Save, Store

MINUTE = 60_000
MORNING = 1_772_412_600_000
"""2026-03-02 08:50 in Shanghai."""


def a_case(name: str = "R-1", **changes: Any) -> Case:
    """A case as it stands just after its opening."""
    given: dict[str, Any] = {
        "id": name,
        "root": name,
        "process": "repair",
        "version": 1,
        "position": Position(("reported",)),
        "data": {"fault": "no power"},
        "opened_at": MORNING,
        "revision": 1,
        "sequence": 1,
        "order": 1,
        "head": "h1",
        "floor": changes.get("opened_at", MORNING),
    }
    return Case(**{**given, **keyed(changes)})


def keyed(changes: dict[str, Any], secret: str = "") -> dict[str, Any]:
    """With a key, where there are personal values."""
    return {"secret": secret or "aa", **changes} if changes.get("private") else changes


def a_child(parent: Case, ordinal: int = 1, **changes: Any) -> Case:
    """A child as it stands just after its opening."""
    name = f"{parent.id}.{ordinal}"
    return a_case(name, root=parent.root, parent=parent.id, ordinal=ordinal, order=0, floor=0, **changes)


def a_message(case: Case, number: int = 0, **changes: Any) -> Outgoing:
    """A message of the case's newest record."""
    given: dict[str, Any] = {
        "case": case.id,
        "sequence": case.sequence,
        "number": number,
        "at": MORNING,
        "kind": "notify",
        "receiver": "dispatcher",
        "receiver_kind": "role",
        "name": "new_job",
        "values": {"case": case.id},
    }
    return Outgoing(**{**given, **changes})


def a_step(case: Case, **parts: Any) -> Step:
    """The record by which the case came to stand as it does."""
    text = f'{{"case":"{case.id}","sequence":{case.sequence}}}'
    parts.setdefault("text", text)
    parts.setdefault("hash", sha256(parts["text"].encode("utf-8", "surrogatepass")).hexdigest())
    return Step(case=case, record={"case": case.id, "at": case.opened_at}, **parts)


def family_of(*cases: Case) -> Family:
    return Family(cases[0].root, {case.id: case for case in cases})


def outlook(case: Case, **changes: Any) -> Outlook:
    """Lists show the leaves and, unless said otherwise, that dispatchers are waited for."""
    given: dict[str, Any] = {"state": " + ".join(case.position.leaves), "waiting": ("role:dispatcher",)}
    return Outlook(**{**given, **changes})


def opening(case: Case, *, children: tuple[Case, ...] = (), **parts: Any) -> Save:
    """The save that opens a case, with children if there are any."""
    case = case.but(order=1 + len(children))
    everybody = (case, *children)
    parts.setdefault("outlooks", {each.id: outlook(each) for each in everybody})
    parts.setdefault("steps", tuple(a_step(each) for each in everybody))
    return Save(before=None, after=family_of(*everybody), **parts)


def moved(case: Case, **changes: Any) -> Case:
    """The case after one more record."""
    order = case.order + 1 if case.parent is None else 0
    sequence = case.sequence + 1
    given = {"sequence": sequence, "revision": case.revision + 1, "order": order, "head": f"h{sequence}"}
    return case.but(**{**given, **keyed(changes, case.secret)})


def step(before: Family, changes: dict[str, Any] | None = None, **parts: Any) -> Save:
    """The save of one step of the root."""
    root = moved(before.cases[before.root], **(changes or {}))
    after = Family(before.root, {**before.cases, root.id: root})
    parts.setdefault("outlooks", {root.id: outlook(root)})
    parts.setdefault("steps", (a_step(root),))
    return Save(before=before, after=after, **parts)


def a_request(case: Case, key: str = "k1", **changes: Any) -> Request:
    given: dict[str, Any] = {
        "sender": "lin",
        "key": key,
        "digest": "d",
        "case": case.id,
        "sequence": case.sequence,
        "at": 1,
    }
    return Request(**{**given, **changes})


def put(store: Store, save: Save) -> Family:
    """Save it and read the family again."""
    with store.write() as work:
        work.save(save)
    return get(store, save.after.root)


def get(store: Store, root: str) -> Family:
    with store.read() as work:
        family = work.family(root, lock=False)
    assert family is not None
    return family


def month(later: int) -> str:
    """The partition of the audit, on PostgreSQL, for the month so many after this one."""
    now = datetime.now(UTC)
    years, number = divmod(now.month - 1 + later, 12)
    return f"records_{now.year + years:04}_{number + 1:02}"
