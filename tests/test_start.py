"""The start that the README promises: `run.py` sets up with what is there, or says in one sentence what is missing."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest


def start(root: Path, task: str, *, before: str = "", path: str = os.defpath) -> subprocess.CompletedProcess[str]:
    """Start run.py in a copy of nothing but itself and the project's settings, after a statement that bends Python."""
    script = (
        f"import sys, runpy; sys.argv = ['run.py', {task!r}]\n{before}\n"
        f"runpy.run_path({str(root / 'run.py')!r}, run_name='__main__')"
    )
    environment = {"PATH": path, "HOME": str(root), "TMPDIR": str(root)}
    return subprocess.run(
        [sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def bare(root: Path, tmp_path: Path) -> Path:
    """Return a checkout in which nothing was ever set up."""
    for name in ("run.py", "pyproject.toml", "README.md", "LICENSE"):
        (tmp_path / name).write_bytes((root / name).read_bytes())
    return tmp_path


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence that a failed start ended with."""
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if "once; this takes" not in line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("casewright: ")
    return lines[0]


NO_ENSUREPIP = """
import subprocess
call = subprocess.call
def call_without(command, **more):
    return 1 if command[-1] == 'import ensurepip' {other} else call(command, **more)
subprocess.call = call_without
"""


def test_a_python_that_is_too_old_is_told_in_one_sentence(bare: Path) -> None:
    done = start(bare, "demo", before="sys.version_info = (3, 9, 2, 'final', 0)", path=str(bare))
    assert "this is Python 3.9, and casewright needs 3.11 to 3.14, of which none is on the PATH" in said(done)


def test_tests_are_looked_for_in_this_folder_only(bare: Path) -> None:
    told = said(start(bare, "test", before="sys.argv.append('/')", path=str(bare)))
    assert told.startswith("casewright: `/` is not in ")
    assert not (bare / ".venv").exists()


def test_an_old_python_hands_over_to_a_fitting_one_on_the_path(bare: Path) -> None:
    folder = bare / "programs"
    folder.mkdir()
    (folder / "python3.12").write_text("#!/bin/sh\nexit 1\n")  # a launcher of a Python that is not there
    (folder / "python3.11").write_text('#!/bin/sh\ncase "$1" in -c) exit 0;; esac\necho handed over: "$@"\n')
    for program in folder.iterdir():
        program.chmod(0o755)
    done = start(bare, "test", before="sys.version_info = (3, 9, 2, 'final', 0)", path=str(folder))
    assert (done.returncode, done.stdout.strip()) == (0, f"handed over: {bare / 'run.py'} test")


def test_an_unreachable_package_index_is_told_in_one_sentence(bare: Path) -> None:
    nowhere = (
        "import os; os.environ.update(PIP_INDEX_URL='http://127.0.0.1:9/', PIP_CONFIG_FILE=os.devnull, PIP_RETRIES='1')"
    )
    done = start(bare, "demo", before=nowhere)
    assert "the package index cannot be reached (" in said(done)
    assert not (bare / ".venv" / "casewright.stamp").exists()


def test_without_ensurepip_uv_virtualenv_pip_and_apt_one_sentence_says_what_to_install(bare: Path) -> None:
    nothing = NO_ENSUREPIP.format(other="or 'virtualenv' in command or 'pip' in command")
    done = start(bare, "demo", before=nothing, path=str(bare))
    assert "it has no `ensurepip`, and there is no uv, virtualenv or pip" in said(done)


def test_without_ensurepip_uv_makes_the_environment(bare: Path) -> None:
    uv = bare / "uv"
    make = f'[ "$1" = venv ] && exec "{sys.executable}" -m venv --without-pip "$4"'
    uv.write_text(f'#!/bin/sh\necho "$1" >> "{bare}/called"\n{make}\necho "error: no space" >&2; exit 1\n')
    uv.chmod(0o755)
    done = start(bare, "demo", before=NO_ENSUREPIP.format(other=""), path=str(bare))
    assert "the packages could not be installed (error: no space): see " in said(done)
    assert (bare / "called").read_text().split() == ["venv", "pip"]


def test_an_unknown_task_is_answered_with_the_known_ones(bare: Path) -> None:
    done = start(bare, "dmeo")
    assert done.returncode == 2
    assert "`python3 run.py demo`" in done.stderr


def test_a_ready_environment_is_only_started(bare: Path) -> None:
    # Everything up to the start is skipped, whatever the network does: the second start is fast, and works offline.
    program = "import runpy; run = runpy.run_path('run.py'); print(run['fingerprint']())"
    mark = subprocess.run([sys.executable, "-c", program], cwd=bare, capture_output=True, text=True, check=True).stdout
    (bare / ".venv" / "bin").mkdir(parents=True)
    (bare / ".venv" / "casewright.stamp").write_text(f'["{mark.strip()}", []]')
    for name, words in {"python": "exit 0", "casewright": 'echo played "$@"'}.items():
        (bare / ".venv" / "bin" / name).write_text(f"#!/bin/sh\n{words}\n")
        (bare / ".venv" / "bin" / name).chmod(0o755)
    done = start(bare, "demo")
    assert (done.returncode, done.stdout.strip()) == (0, "played demo")
    assert done.stderr == "casewright: `. .venv/bin/activate` puts casewright on the PATH of this shell\n"


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_is_no_error(bare: Path, word: str) -> None:
    done = start(bare, word)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python3 run.py demo" in done.stdout


def test_run_py_can_be_read_by_pythons_that_are_too_old(root: Path) -> None:
    text = (root / "run.py").read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 4))
    newer = ast.AnnAssign | ast.AsyncFunctionDef | ast.JoinedStr | ast.NamedExpr | ast.Starred | ast.YieldFrom
    assert not [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, newer)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.cause]
    assert text.isascii()
    python2 = {"hashlib", "json", "os", "re", "shutil", "subprocess", "sys", "tempfile", "contextlib"}
    top = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert top <= python2
