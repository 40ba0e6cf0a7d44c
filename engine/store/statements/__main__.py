"""Write the file of SQLite's texts."""

from __future__ import annotations

from engine.store.statements import COMPILED
from engine.store.statements.compiling import page

COMPILED.write_text(page(), encoding="utf-8")
