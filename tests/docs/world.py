"""The world in which a page is run: a folder, a clock that stands still, secrets that are always the same."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from engine.cli.main import casewright
from engine.cli.translate import use_language
from engine.time_source import SystemTime
from engine.values import read_instant

ROOT = Path(__file__).resolve().parent.parent.parent
ZONE = "Asia/Shanghai"
HOME = "/home/lin"
"""What stands in the manual where the folder of the run is printed."""

ENVIRONMENT = {"COLUMNS": "110", "LC_ALL": "C.UTF-8", "LANGUAGE": "en", "CASEWRIGHT_ACTOR": "lin"}


class Clock(SystemTime):
    """Stands still until the page moves it, also for commands that open an engine of their own."""

    at = read_instant("2026-03-02 09:00", ZONE)

    def now(self) -> int:
        return Clock.at

    def monotonic(self) -> int:
        return Clock.at


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Enter the world of a page; what it changes of this process is put back."""
    before, where = dict(os.environ), Path.cwd()
    token_hex, token_bytes, series, nonces = secrets.token_hex, secrets.token_bytes, count(1), count(1)
    for name in [name for name in os.environ if name.startswith("CASEWRIGHT_")]:
        del os.environ[name]
    os.environ.update(ENVIRONMENT, HOME=str(folder), PYTHONPATH=str(ROOT))
    secrets.token_hex = lambda size=32: f"{next(series):x}".rjust(2 * (size or 32), "0")
    secrets.token_bytes = lambda size=32: next(nonces).to_bytes(size or 32)  # what is locked is the same each time
    import engine.app as app  # its name for the machine's clocks is the one that counts
    from engine.app import saving  # draws what a decision needs

    urandom = saving.urandom
    saving.urandom = lambda size: bytes.fromhex(secrets.token_hex(size))
    from engine import time_source  # or this one, where there is no engine

    source, Clock.at = app.SystemTime, read_instant("2026-03-02 09:00", ZONE)
    app.SystemTime = time_source.SystemTime = Clock  # type: ignore[misc]
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield World(folder)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name, module in sys.modules.items() if _is_of(folder, module)]:
            del sys.modules[name]
        app.SystemTime = time_source.SystemTime = source  # type: ignore[misc]
        secrets.token_hex, secrets.token_bytes, saving.urandom = token_hex, token_bytes, urandom
        os.chdir(where)
        os.environ.clear()
        os.environ.update(before)


def _is_of(folder: Path, module: object) -> bool:
    """Whether a module was written by the page."""
    return str(getattr(module, "__file__", None) or "").startswith(f"{folder}{os.sep}")


class World:
    """Runs commands as a reader would type them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = 0

    def move_clock(self, text: str) -> None:
        """`2026-03-02 09:00`, or `+15m` from where it stands."""
        from engine.calendars import parse_duration

        Clock.at = Clock.at + parse_duration(text[1:]) if text[0] == "+" else read_instant(text, ZONE)

    def typed(self, line: str) -> str:
        """What a command line prints, errors too."""
        words = shlex.split(line, comments=True)
        settings = {}
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            name, _, value = words.pop(0).partition("=")
            settings[name] = value
        if settings and not words:
            raise ValueError(f"`{line}`: say `export`")
        return self._plain(self._run(words, settings))

    def _run(self, words: list[str], settings: dict[str, str]) -> str:
        match words:
            case ["casewright", *rest, "<", file]:
                return self._casewright(rest, settings, Path(file).read_text("utf-8"))
            case ["casewright", *rest]:
                return self._casewright(rest, settings)
            case ["export", *pairs]:
                os.environ.update(dict(pair.split("=", 1) for pair in pairs))
            case ["cd", folder]:
                os.chdir(folder)
            case ["python", *arguments]:
                done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60)
                self.code = done.returncode if done.returncode >= 0 else 128 - done.returncode  # as shells say it
                return done.stdout + done.stderr
            case ["mkdir", *folders]:
                for folder in folders:
                    Path(folder).mkdir()
            case ["cat", file]:
                return Path(file).read_text("utf-8")
            case ["ls"]:
                return "".join(f"{name}\n" for name in sorted(os.listdir()))
            case ["echo", "$?"]:
                return f"{self.code}\n"
            case ["sqlite3", file, statement]:
                return _sqlite(file, statement)
            case _:
                raise ValueError(f"no page can type `{shlex.join(words)}` yet")
        return ""

    def _casewright(self, words: list[str], settings: dict[str, str], into: str | None = None) -> str:
        said = os.environ.get("CASEWRIGHT_LANG") or os.environ.get("LANGUAGE", "en")
        use_language(words[words.index("--lang") + 1] if "--lang" in words else said)
        try:
            done = CliRunner().invoke(casewright(), words, input=into, prog_name="casewright", env=settings)
        finally:
            use_language("en")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        self.code = done.exit_code
        return done.output

    def _plain(self, text: str) -> str:
        return text.replace(str(self.folder), HOME)


def _sqlite(file: str, statement: str) -> str:
    import sqlite3

    connection = sqlite3.connect(file)
    try:
        rows: list[Any] = connection.execute(statement).fetchall()
        connection.commit()
    except sqlite3.Error as error:
        return f"Error: {error}\n"
    finally:
        connection.close()
    return "".join("|".join(str(cell) for cell in row) + "\n" for row in rows)
