"""The files of the archive: one for each family, named by its root and its content, whole or not there."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.core.audit import canonical
from engine.core.cases import Family
from engine.errors import Conflict, VerificationFailed
from engine.ports import Attachment, StoredRecord

KIND = "casewright archive 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """What a file of the archive holds."""

    root: str
    cases: Mapping[str, Mapping[str, Any]]  # id → parent, process, version, opened_at, closed_at, outcome, count, head
    records: tuple[StoredRecord, ...]  # in the family's order
    files: tuple[tuple[str, Attachment], ...]  # case and file


def shelved_text(family: Family, records: Sequence[StoredRecord], files: Sequence[tuple[str, Attachment]]) -> str:
    """What the file of this family holds: the same text whenever it is written. No private value is in it."""
    cases = {
        case.id: {
            "parent": case.parent, "process": case.process, "version": case.version, "opened_at": case.opened_at,
            "closed_at": case.closed_at, "outcome": case.outcome, "count": case.sequence, "head": case.head,
        }
        for case in family.cases.values()
    }  # fmt: skip
    lines = [canonical({"archive": KIND, "root": family.root, "cases": cases})]
    lines += [
        canonical({"case": r.case, "sequence": r.sequence, "order": r.order, "hash": r.hash, "text": r.text})
        for r in records
    ]
    lines += [
        canonical({
            "file": one.hash, "of": case, "name": one.name, "media_type": one.media_type,
            "content": b64encode(one.content).decode(),
        })
        for case, one in files
    ]  # fmt: skip
    return "".join(f"{line}\n" for line in lines)


def shelve(folder: Path, root: str, text: str) -> tuple[str, str]:
    """Write a family's file, on disk when this returns; its name and its hash. The same content has the same name."""
    content = text.encode()
    digest = sha256(content).hexdigest()
    name = f"{root}-{digest[:16]}.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{name}.{os.getpid()}.part"
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        try:
            beside.replace(folder / name)
        except FileNotFoundError:  # another run has archived it, and swept
            raise Conflict(f"`{root}` was changed meanwhile", help="archive again") from None
        _sync(folder)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return name, digest


def sweep(folder: Path, is_archived: Callable[[str], bool]) -> None:
    """Take away what runs that were killed have begun to write of families that are archived now."""
    for part in folder.glob(".*.part"):
        if is_archived(part.name[1:].rpartition("-")[0]):
            part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """The name, too, must outlive a power cut; some systems cannot open folders, and keep names by themselves."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def take_down(folder: Path, name: str, digest: str) -> Shelved:
    """Read a file of the archive; `VerificationFailed` where it is not there, or not the one that was written."""
    try:
        content = (folder / Path(name).name).read_bytes()
    except OSError as error:
        raise VerificationFailed(f"the archive's file `{name}` cannot be read: {error.strerror}") from None
    if sha256(content).hexdigest() != digest:
        raise VerificationFailed(f"the archive's file `{name}` is not the one that was written: its hash does not fit")
    head, *rest = (json.loads(line) for line in content.decode().splitlines())
    return Shelved(
        root=head["root"], cases=head["cases"],
        records=tuple(
            StoredRecord(case=r["case"], sequence=r["sequence"], order=r["order"], text=r["text"], hash=r["hash"])
            for r in rest if "text" in r
        ),
        files=tuple(_files(rest)),
    )  # fmt: skip


def _files(lines: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Attachment]]:
    for one in lines:
        if "file" in one:
            content = b64decode(one["content"])
            yield (
                one["of"],
                Attachment(hash=one["file"], name=one["name"], media_type=one["media_type"], content=content),
            )
