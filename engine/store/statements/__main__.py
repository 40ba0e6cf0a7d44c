"""Write the files of each database's texts."""

from __future__ import annotations

from engine.store.statements import KINDS, compiled_file
from engine.store.statements.compiling import page

for kind in KINDS:
    compiled_file(kind).write_text(page(kind), encoding="utf-8")
