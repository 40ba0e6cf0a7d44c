"""What people type for a case or a file of a process, read as they mean it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from unicodedata import normalize

import click

from engine.cli.translate import _, asked_for

_CASE = re.compile(r"[A-Za-z]+-[0-9.]+")
_PASTED = re.compile(r"([A-Za-z]+)[-\u2010-\u2015\u2212]?([0-9][0-9.]*)")


def is_case_id(text: str) -> bool:
    """Whether a text looks like the id of a case."""
    return _CASE.fullmatch(text) is not None


class CaseId(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click alone
    """The id of a case: typed small or without its dash, pasted with blanks, or from a Chinese keyboard."""

    name = "case"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give the id as it is written in lists; what is none stays as it is."""
        plain = "".join(sign for sign in normalize("NFKC", str(value)) if sign.isprintable() and sign != " ")
        found = _PASTED.fullmatch(plain)
        return f"{found[1]}-{found[2]}".upper() if found else str(value)


class ProcessPath(click.Path):
    """A file or folder of processes; a process may be named without its folder and ending."""

    def __init__(self) -> None:
        super().__init__(exists=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give the path as typed, or the file of the process that is called so."""
        meant = (Path(f"{value}.yaml"), Path("processes") / f"{value}.yaml")
        if not Path(value).exists():
            value = next((str(path) for path in meant if path.is_file()), value)
        if not Path(value).exists():
            self.fail(_nothing_called(str(value)), param, ctx)
        return super().convert(value, param, ctx)


def _nothing_called(name: str) -> str:
    """Say that no file or process is called so, and which one was probably meant."""
    from engine.nearness import nearest

    names = [file.stem for file in Path("processes").glob("*.yaml") if "." not in file.stem]
    near = nearest(Path(name).stem, names)
    text = _("there is no file or process `{name}`").format(name=name)
    return text + (_("; ") + asked_for(near) if near else "")
