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
from engine.ports import Attachment, LockedFile, StoredRecord
from engine.sealing import HostKeys, owner_of_files, place_of_name
from engine.store.on_disk import sync_names

KIND, IN_CLEAR = "casewright archive 2", "casewright archive 1"
"""How the files of the archive begin: those of the first kind hold in clear what was attached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """What a file of the archive holds."""

    root: str
    cases: Mapping[str, Mapping[str, Any]]  # id → parent, process, version, opened_at, closed_at, outcome, count, head
    records: tuple[StoredRecord, ...]  # in the family's order
    files: tuple[tuple[str, LockedFile], ...]  # case and file
    is_locked: bool  # whether the files are: at first they lay in clear

    def of(self, case: str) -> list[LockedFile]:
        """What was attached to one case."""
        return [file for owner, file in self.files if owner == case]

    def opened(self, case: str, file: LockedFile, keys: HostKeys, key: str) -> Attachment:
        """One of them by the key of its case's files, as it is stored.

        `KeyMissing` where that is gone or locked, `VerificationFailed` if it is not what was attached.
        """
        name, content = file.name, file.content
        if self.is_locked:
            name = keys.open_value(key, place_of_name(case, file.hash), name)
            content = keys.open_content(key, (owner_of_files(case), file.hash), content)
        if sha256(content).hexdigest() != file.hash:
            raise VerificationFailed(f"the file `{name}` is not the one that was attached")
        return Attachment(hash=file.hash, name=name, media_type=file.media_type, content=content)


def shelved_text(family: Family, records: Sequence[StoredRecord], files: Sequence[tuple[str, LockedFile]]) -> str:
    """What the file of this family holds: the same text whenever it is written.

    No private value is in it, and what was attached is locked as it was in the database.
    """
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
            "file": one.hash, "of": case, "name": one.name, "media_type": one.media_type, "at": one.at,
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
        _write(beside, content)
        try:
            beside.replace(folder / name)
        except FileNotFoundError:  # another run has archived it, and swept
            raise Conflict(f"`{root}` was changed meanwhile", help="archive again") from None
        sync_names(folder)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return name, digest


def _write(file: Path, content: bytes) -> None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(handle)
    except OSError as error:
        error.filename = str(file)  # a write does not say to what
        raise


def sweep(folder: Path, is_archived: Callable[[str], bool]) -> None:
    """Take away what runs that were killed have begun to write of families that are archived now."""
    for part in folder.glob(".*.part"):
        if is_archived(part.name[1:].rpartition("-")[0]):
            part.unlink(missing_ok=True)


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
        files=tuple(_files(rest)), is_locked=head["archive"] != IN_CLEAR,
    )  # fmt: skip


def _files(lines: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, LockedFile]]:
    for one in lines:
        if "file" in one:
            file = LockedFile(
                hash=one["file"], name=one["name"], media_type=one["media_type"], at=one.get("at", 0),
                content=b64decode(one["content"]),
            )  # fmt: skip
            yield one["of"], file
