"""The shape of the house: budgets, who may import whom, and what starts without what.

Tails, not medians, are what rots: each budget is held for the longest file, not for the usual one. A place that must
exceed one is argued for in `ARGUED`; an argument that is no longer needed fails too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

ROOT = Path(__file__).resolve().parent.parent

LINES_IN_A_FILE = 400
LINES_IN_A_FUNCTION = 50
PUBLIC_METHODS_IN_A_CLASS = 12
PARAMETERS = 5

ARGUED: dict[tuple[str, str], str] = {
    # (budget, place): why. Places are `engine/store/rows.py` or `engine/store/rows.py:load`.
    ("parameters", "engine/app/acting.py:Acting.open_case"): "a host writes the keywords it needs, as in SQL or HTTP",
    ("parameters", "engine/app/acting.py:Acting.act"): "a host writes the keywords it needs, as in SQL or HTTP",
    ("parameters", "engine/app/acting.py:Acting.attach"): "a host writes the keywords it needs, as in SQL or HTTP",
}

ONLY_IN = {  # package: where alone it may be imported
    "alembic": ("engine/store/",),
    "cel_expr_python": ("engine/expressions", "engine/patterns.py"),
    "click": ("engine/cli/",),
    "cryptography": ("engine/sealing.py", "engine/evidence/", "engine/store/migrations/"),
    "google": ("engine/expressions",),
    "graphlay": ("engine/drawing/layout.py",),
    "holidays": ("engine/public_holidays.py",),
    "jsonschema": ("engine/lang/",),
    "msgspec": ("engine/frozen.py", "engine/store/rows.py"),
    "nats": ("engine/deliverers/broker.py",),
    "psycopg": ("engine/store/postgresql/", "engine/store/__init__.py"),
    "opentelemetry": ("engine/worker.py",),
    "orjson": ("engine/json_text.py",),
    "rich": ("engine/cli/", "engine/lang/report.py"),
    "sqlalchemy": ("engine/store/",),
    "standardwebhooks": ("engine/deliverers/",),
    "transitions": ("engine/core/machine.py",),
    "yaml": ("engine/lang/",),
}

IMPURE = (
    "engine/app", "engine/cli/", "engine/deliverers/", "engine/evidence/", "engine/sealing.py", "engine/store/",
    "engine/testing", "engine/time_source", "engine/worker",
)  # fmt: skip
"""Where the world comes in: clocks, files, lots. Everywhere else `now` is an argument and nothing is printed."""

CLOCKS_AND_LOTS = {"time", "random", "secrets", "sched"}
READS_THE_CLOCK = {"now", "utcnow", "today"}
OUTSIDE = {"asyncio", "logging", "multiprocessing", "os", "pathlib", "shutil", "socket", "subprocess", "tempfile"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Finder = Callable[[str, ast.Module], Iterator[str]]


@cache
def sources() -> dict[str, ast.Module]:
    """Return every file of the package, parsed."""
    paths = sorted((ROOT / "engine").rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"), path.name) for path in paths}


def functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, Function]]:
    """Give every function of a tree with its dotted name, methods and inner ones too."""
    for node in ast.iter_child_nodes(tree):
        name = f"{inside}.{node.name}".lstrip(".") if isinstance(node, Function | ast.ClassDef) else inside
        if isinstance(node, Function):
            yield name, node
        yield from functions(node, name)


def imports(tree: ast.Module) -> Iterator[str]:
    """Give the full name of everything that is imported, inside functions and for types alone too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parameters(function: Function) -> list[ast.arg]:
    """Return what a caller may give, `self` left out."""
    told = function.args
    every = [*told.posonlyargs, *told.args, *told.kwonlyargs, *(arg for arg in (told.vararg, told.kwarg) if arg)]
    return every[1:] if every and every[0].arg in {"self", "cls"} else every


# ---------------------------------------------------------------- budgets


def long_files(place: str, _tree: ast.Module) -> Iterator[str]:
    lines = len((ROOT / place).read_text("utf-8").splitlines())
    if lines > LINES_IN_A_FILE:
        yield f"{place}: {lines} lines, at most {LINES_IN_A_FILE}: which second question does it answer?"


def long_functions(place: str, tree: ast.Module) -> Iterator[str]:
    for name, function in functions(tree):
        lines = (function.end_lineno or 0) - function.lineno + 1
        if lines > LINES_IN_A_FUNCTION:
            yield f"{place}:{name}: {lines} lines, at most {LINES_IN_A_FUNCTION}: it is two functions"


def wide_classes(place: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names = {child.name for child in node.body if isinstance(child, Function)}
            public = sorted(name for name in names if not name.startswith("_"))
            if len(public) > PUBLIC_METHODS_IN_A_CLASS:
                yield f"{place}:{node.name}: {len(public)} public methods, at most {PUBLIC_METHODS_IN_A_CLASS}"


def wide_functions(place: str, tree: ast.Module) -> Iterator[str]:
    for name, function in functions(tree):
        if len(parameters(function)) > PARAMETERS and not is_command(place, function):
            yield f"{place}:{name}: {len(parameters(function))} parameters, at most {PARAMETERS}: make them a value"


def is_command(place: str, function: Function) -> bool:
    """Whether click calls this one: its parameters are the command's flags, which click hands over one by one."""
    callers = {"command", "group", "option", "argument"}
    named = {ast.unparse(decorator).partition("(")[0].rpartition(".")[2] for decorator in function.decorator_list}
    return place.startswith("engine/cli/") and bool(named & callers)


def unannotated(place: str, tree: ast.Module) -> Iterator[str]:
    for name, function in functions(tree):
        bare = [arg.arg for arg in parameters(function) if arg.annotation is None]
        if bare or function.returns is None:
            yield f"{place}:{name}: {', '.join(bare) or 'what it returns'} has no annotation"


BUDGETS = {
    "file": long_files,
    "function": long_functions,
    "class": wide_classes,
    "parameters": wide_functions,
    "annotations": unannotated,
}


@pytest.mark.parametrize("budget", BUDGETS)
def test_every_file_keeps_the_budget(budget: str) -> None:
    over = found(BUDGETS[budget], lambda place: (budget, place) not in ARGUED)
    assert not over, "\n".join(over)


def test_every_argued_exception_is_still_needed() -> None:
    over = {(budget, line.partition(": ")[0]) for budget, finder in BUDGETS.items() for line in found(finder, bool)}
    assert not ARGUED.keys() - over, "these keep the budget: take their lines out of ARGUED"


def test_the_budgets_see_what_exceeds_them() -> None:
    wide = ", ".join(f"p{number}: int" for number in range(PARAMETERS + 1))
    body = "\n".join(f"        x = {number}" for number in range(LINES_IN_A_FUNCTION))
    methods = "\n".join(f"    def m{number}(self) -> None: ..." for number in range(PUBLIC_METHODS_IN_A_CLASS + 1))
    tree = ast.parse(f"class A:\n    def f(self, {wide}) -> None:\n{body}\n{methods}\ndef g(x): ...\n")
    assert next(long_functions("x.py", tree)).startswith("x.py:A.f: 51 lines")
    assert next(wide_functions("x.py", tree)).startswith("x.py:A.f: 6 parameters")
    assert next(wide_classes("x.py", tree)).startswith("x.py:A: 14 public methods")
    assert [*unannotated("x.py", tree)] == ["x.py:g: x has no annotation"]


def found(finder: Finder, wanted: Callable[[str], bool]) -> list[str]:
    """Return what a finder says of the whole package, of the wanted places."""
    said = (line for place, tree in sources().items() for line in finder(place, tree))
    return [line for line in said if wanted(line.partition(": ")[0])]


# ---------------------------------------------------------------- who imports whom


@cache
def floors() -> dict[str, int]:
    """Return the floor of each room, from the contract in pyproject.toml: the lowest is 0."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    return {room: floor for floor, layer in enumerate(reversed(layers)) for room in re.findall(r"\w+", layer)}


def room(place: str) -> str:
    """Return the room of a file or a dotted name: `core` for `engine/core/machine.py` and `engine.core.machine`."""
    parts = place.removesuffix(".py").replace("/", ".").split(".")
    return parts[1] if len(parts) > 1 else ""


def upward(place: str, tree: ast.Module) -> Iterator[str]:
    if place == "engine/__init__.py":
        return
    own = room(place)
    for name in imports(tree):
        if name.startswith("engine.") and (other := room(name)) in floors():
            same = floors()[other] == floors()[own] and other != own
            if floors()[other] > floors()[own] or same:
                yield f"{place}: imports `{name}`, but `{own}` lies below or beside `{other}`"


def test_a_file_imports_only_from_groups_above_its_own() -> None:
    assert {"lang", "core"} <= floors().keys()
    assert floors()["lang"] == floors()["core"]
    assert not (wrong := found(upward, bool)), "\n".join(wrong)
    assert [*upward("engine/core/x.py", ast.parse("def f():\n    from engine.lang.load import load"))]
    assert [*upward("engine/chart.py", ast.parse("from engine.app import Engine"))]


def test_every_room_of_the_house_stands_in_the_plan() -> None:
    rooms = {room(place) for place in sources()} - {"__init__"}
    assert rooms <= floors().keys(), f"give {sorted(rooms - floors().keys())} a floor in pyproject.toml"


def modules_imported(place: str, tree: ast.Module) -> Iterator[str]:
    """Give imports of our own modules as modules: a name says more at its use, and cannot be patched from afar."""
    own = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in sources()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            whole = [alias.name for alias in node.names if alias.name.startswith("engine.")]
            yield from (f"{place}: import names from `{name}`, not the module" for name in whole)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name for alias in node.names} - offered_by(node.module)
            wrong = [f"{node.module}.{name}" for name in sorted(names) if f"{node.module}.{name}" in own]
            yield from (f"{place}: import names from `{name}`, not the module" for name in wrong)


@cache
def offered_by(package: str) -> frozenset[str]:
    """Return the names that a package's own file imports to offer them: one may be called like its module."""
    tree = sources().get(package.replace(".", "/") + "/__init__.py", ast.Module([], []))
    inside = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module != package]
    return frozenset(alias.asname or alias.name for node in inside for alias in node.names)


def test_names_are_imported_from_our_own_package_rather_than_modules() -> None:
    assert not (wrong := found(modules_imported, bool)), "\n".join(wrong)
    assert [*modules_imported("x.py", ast.parse("from engine import errors"))]
    assert not [*modules_imported("x.py", ast.parse("from engine.errors import EngineError"))]


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_library_is_imported_only_in_its_place(package: str) -> None:
    wrong = [
        place
        for place, tree in sources().items()
        if not place.startswith(ONLY_IN[package])
        if any(name.split(".")[0] == package for name in imports(tree))
    ]
    assert not wrong, f"`{package}` stays in {' and '.join(ONLY_IN[package])}"


def impure(place: str, tree: ast.Module) -> Iterator[str]:
    if place.startswith(IMPURE):
        return
    closed = CLOCKS_AND_LOTS | (OUTSIDE if place.startswith("engine/core/") else set())
    for name in imports(tree):
        if name == "random.Random" and place.startswith("engine/simulation/"):
            continue  # it is given its seed, so the same question has the same answer
        if name.split(".")[0] in closed or name.startswith("uuid.uuid"):
            yield f"{place}: imports `{name}`"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in {"print", "input", "open", "breakpoint"}:
            yield f"{place}: line {node.lineno} calls `{called(node)}`"
        if isinstance(node, ast.Attribute) and node.attr in READS_THE_CLOCK:
            owner = ast.unparse(node.value)
            if owner in {"datetime", "date", "datetime.datetime", "datetime.date"}:
                yield f"{place}: line {node.lineno} reads the clock (`{owner}.{node.attr}`)"


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def test_what_decides_reads_no_clock_draws_no_lot_and_prints_nothing() -> None:
    # The front end opens the files it is given; the core gets everything as an argument.
    allowed = re.compile(r"engine/lang/\w+\.py: line \d+ calls `open`")
    assert not (wrong := [line for line in found(impure, bool) if not allowed.match(line)]), "\n".join(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "from time import monotonic",
        "from random import choice",
        "from datetime import datetime\nx = datetime.now()",
        "import datetime\nx = datetime.date.today()",
        "from uuid import uuid4",
        "print(1)",
        "import logging",
        "x = open('x')",
    ],
)
def test_the_look_for_impurity_sees_it(text: str) -> None:
    assert [*impure("engine/core/x.py", ast.parse(text))]
    assert not [*impure("engine/cli/x.py", ast.parse(text))]


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    names = {Path(place).stem: place for place in sources()} | {room(place): place for place in sources()}
    assert not {place for name, place in names.items() if name in sys.stdlib_module_names}


# ---------------------------------------------------------------- what starts without what


def loaded_by(statement: str) -> set[str]:
    """Return the packages that a new Python has loaded after a statement, whatever its exit code."""
    script = (
        f"import sys\ntry:\n    {statement}\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write('loaded: ' + ' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    *_, last = done.stderr.splitlines()
    assert last.startswith("loaded: "), done.stderr
    return set(last.split()[1:])


def run(*arguments: str) -> set[str]:
    return loaded_by(f"from engine.cli.main import main; sys.argv = {['casewright', *arguments]!r}; sys.exit(main())")


def test_importing_the_engine_brings_in_neither_sqlalchemy_nor_click() -> None:
    loaded = loaded_by("import engine")
    assert "engine" in loaded
    assert not loaded & {"sqlalchemy", "alembic", "click", "rich", "yaml", "jsonschema", "cel_expr_python"}


def test_the_engine_at_work_brings_in_neither_xml_nor_what_talks_to_the_network() -> None:
    loaded = loaded_by("import engine.app")
    assert "engine" in loaded
    assert not loaded & {"xml", "ssl", "csv", "cryptography"}


def test_checking_brings_in_nothing_of_a_database_or_of_running_cases(tmp_path: Path) -> None:
    without = ignore_patterns("demo", "*.scenarios.yaml")  # scenarios are those of running cases
    copytree(ROOT / "processes", tmp_path, ignore=without, dirs_exist_ok=True)
    loaded = run("check", f"{tmp_path / 'refund.yaml'}")
    assert "jsonschema" in loaded
    assert not loaded & {"sqlalchemy", "transitions", "cryptography"}


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_the_command_shows_its_help_without_sqlalchemy_or_jsonschema(flag: str) -> None:
    loaded = run(flag)
    assert "click" in loaded
    assert not loaded & {"sqlalchemy", "alembic", "jsonschema", "yaml", "cel_expr_python", "google", "transitions"}


@pytest.mark.parametrize("command", ["check", "test"])
def test_a_definition_is_checked_and_tested_without_sqlalchemy(command: str) -> None:
    loaded = run(command, "processes")
    assert {"click", "yaml"} <= loaded
    assert not loaded & {"sqlalchemy", "alembic"}
