"""Runs the blocks of a page in order and says what each prints."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from engine.core.plan import Library, Plan
from engine.lang.load import Loaded, load_process
from engine.scenarios import play_all, read_script
from tests.docs.page import SHOWN, Block, Page
from tests.docs.parts import with_part
from tests.docs.world import World, world


class Wrong(AssertionError):
    """A page says what is not so."""


def printed(page: Page, folder: Path) -> dict[Block, tuple[str, ...]]:
    """Run a page: what every block that prints something prints."""
    made: dict[Block, tuple[str, ...]] = {}
    with world(folder) as here:
        running = _Running(page, here)
        for block in page.blocks():
            if (lines := running.block(block)) is not None:
                made[block] = tuple(lines)
    return made


class _Running:
    """One run of a page."""

    def __init__(self, page: Page, here: World) -> None:
        self.page = page
        self.world = here
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.process = ""  # the last one written
        self.text = ""  # as the page wrote it
        self.base: dict[str, Any] = {}  # the same as plain values
        self.loaded: Loaded | None = None
        self.wants_findings = False

    def block(self, block: Block) -> list[str] | None:
        """Do what a block says; its lines as they must be, or None where it prints nothing."""
        if "clock" in block.directives:
            self.world.move_clock(block.directives["clock"])
        if "typed" in block.directives:
            self.world.typed(block.directives["typed"])
        if block.language == "console":
            return self._console(block)
        if block.language == "pycon":
            return self._python(block)
        if "findings" in block.directives:
            return self._findings()
        if "file" in block.directives:
            self._write(block.directives["file"], block.text)
        elif "part" in block.directives:
            name = block.directives["part"]
            self._write(name, with_part(Path(name).read_text("utf-8"), block.text))
        elif "merge" in block.directives:
            self._merge(block)
        elif "play" in block.directives:
            self._play(block)
        elif block.language and block.language not in SHOWN:
            self._fail(block, f"a `{block.language}` block must say what is done with it: file, part, merge or play")
        return None

    def _fail(self, block: Block, why: str) -> None:
        raise Wrong(f"{self.page.path.name}:{block.first}: {why}")

    # -- what is typed -------------------------------------------------------------------------------------------

    def _console(self, block: Block) -> list[str]:
        """Type every line that begins with `$`; one that ends in a backslash goes on."""
        lines: list[str] = []
        typed = ""
        for line in block.lines:
            if not (line.startswith("$ ") or typed):
                continue  # what was printed when the page was written
            lines.append(line)
            typed += line.removeprefix("$ " if not typed else "> ")
            if typed.endswith("\\"):
                typed = typed[:-1]
                continue
            lines += self.world.typed(typed).splitlines()
            typed = ""
        return [line.rstrip() for line in lines]

    def _python(self, block: Block) -> list[str]:
        lines: list[str] = []
        for example in re.findall(r"^>>> .*\n(?:\.\.\. ?.*\n)*", block.text, re.MULTILINE):
            lines += example.rstrip("\n").split("\n")
            source = "\n".join(re.sub(r"^(>>> |\.\.\. ?)", "", line) for line in lines[-example.count("\n") :])
            output = self._evaluated(block, source).rstrip("\n")
            lines += output.split("\n") if output else []
        return [line.rstrip() for line in lines]

    def _evaluated(self, block: Block, source: str) -> str:
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                tree = ast.parse(source)
                last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
                exec(compile(tree, "<page>", "exec"), self.names)
                if last is not None:
                    sys.displayhook(eval(compile(ast.Expression(last.value), "<page>", "eval"), self.names))
        except Exception as error:
            if "raises" not in block.directives:
                traceback.print_exc()
                self._fail(block, f"`{source}` fails: {error!r}")
            out.write(f"{type(error).__module__}.{type(error).__qualname__}: {error}")
        return out.getvalue()

    # -- what is written -----------------------------------------------------------------------------------------

    def _write(self, name: str, text: str) -> None:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        if _is_process(path):
            self.process, self.text = path.stem, text
            self.base = yaml.load(text, yaml.BaseLoader)
            self.wants_findings, self.loaded = False, None  # files come one by one: they load together

    def _merge(self, block: Block) -> None:
        """Lay a fragment over the process of the page and check the whole."""
        fragment = yaml.load(block.text, yaml.BaseLoader)
        whole = yaml.safe_dump(_merged(self.base, fragment), allow_unicode=True, sort_keys=False, width=10_000)
        Path(f"processes/{self.process}.yaml").write_text(_unquoted(whole), "utf-8")
        self.wants_findings = "wrong" in block.directives
        self._load(block)

    def _load(self, block: Block) -> None:
        self.loaded = load_process(_sources(), self.process)
        if self.loaded.definition is None and not self.wants_findings:
            said = "; ".join(f"{one.span} [{one.id}] {one.message}" for one in self.loaded.diagnostics)
            self._fail(block, f"this does not load: {said}")

    def _put_back(self) -> None:
        """A fragment counts for the scenarios right below it."""
        Path(f"processes/{self.process}.yaml").write_text(self.text, "utf-8")
        self.loaded = None

    def _findings(self) -> list[str]:
        found = self.loaded.diagnostics if self.loaded is not None else ()
        lines = []
        for one in found:
            if one.severity == "error":
                lines.append(f"{one.severity}[{one.id}]: {one.message}")
                lines += [f"help: {one.help}"] if one.help else []
        self.wants_findings = False
        return lines

    def _play(self, block: Block) -> None:
        """Play scenarios on the page's process as it stands now."""
        if self.loaded is None:
            self._load(block)
        given = Path(f"processes/{self.process}.scenarios.yaml").read_text("utf-8")
        indented = "".join(f"  {line}\n" for line in block.lines)
        script, findings = read_script(f"{given}scenarios:\n{indented}", "page")
        if script is None:
            self._fail(block, "; ".join(f"{one.span} {one.message}" for one in findings))
            return
        for outcome in play_all(script, _library()):
            if outcome.failure is not None:
                self._fail(block, f"`{outcome.scenario}`: {outcome.failure.message}")
        self._put_back()


def _is_process(path: Path) -> bool:
    return path.parent == Path("processes") and path.suffix == ".yaml" and "." not in path.stem and path.stem != "desk"


def _sources() -> dict[str, str]:
    return {path.as_posix(): path.read_text("utf-8") for path in Path("processes").rglob("*.yaml")}


def _library() -> Library:
    """Every process of the folder that loads."""
    names = [path.stem for path in Path("processes").glob("*.yaml") if _is_process(path)]
    found = [loaded.definition for loaded in (load_process(_sources(), name) for name in names) if loaded.definition]
    plans = {(one.process, one.version): Plan(one) for one in found}
    return Library(plans, {one.process: ((0, one.version),) for one in found})


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return {**base, **{name: _merged(base.get(name), value) for name, value in over.items()}}
    return over


def _unquoted(text: str) -> str:
    """Numbers and yes_no that PyYAML has quoted because they were read as text."""
    return re.sub(r"(?m)(: |- )'(-?\d+(?:\.\d+)?|true|false|null)'$", r"\1\2", text)
