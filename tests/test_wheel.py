"""What is shipped: the wheel holds the engine with its data and nothing else, and works where no checkout is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel and the sdist of this checkout."""
    folder = tmp_path_factory.mktemp("built")
    build(root, folder, "wheel", "sdist")
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment elsewhere, with the wheel's files in it and our libraries beside them."""
    home = tmp_path_factory.mktemp("elsewhere") / "environment"
    venv.create(home, with_pip=False)
    purelib = Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))
    with zipfile.ZipFile(wheel_in(built)) as archive:
        archive.extractall(purelib)
    # A path in a .pth file brings the libraries, but not the .pth files beside them: the checkout stays unseen.
    (purelib / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Path(sysconfig.get_path("scripts", "venv", {"base": str(home)})) / Path(sys.executable).name


def build(source: Path, target: Path, *kinds: str) -> None:
    flags = [word for kind in kinds for word in ("-t", kind)]
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target), *flags]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def wheel_in(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def run(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment elsewhere, in a folder that holds nothing else."""
    return subprocess.run([python, *words], cwd=python.parent, capture_output=True, text=True, timeout=120)


def casewright(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its installed script would: by the entry point that the wheel names."""
    script = (
        "import sys; from importlib.metadata import entry_points; "
        "(point,) = {p.value: p for p in entry_points(group='console_scripts', name='casewright')}.values(); "
        "sys.argv[0] = 'casewright'; sys.exit(point.load()())"
    )
    return run(python, "-c", script, *words)


def test_the_wheel_holds_only_the_engine_with_processes_and_schemas_inside(root: Path, built: Path) -> None:
    names = contents(wheel_in(built)).keys()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"engine"}
    assert "engine/py.typed" in names
    for folder in ("processes", "schemas"):
        files = {path.relative_to(root).as_posix() for path in (root / folder).rglob("*.*") if path.is_file()}
        assert files, f"`{folder}` is empty"
        assert {f"engine/data/{file}" for file in files} <= names


def test_the_sdist_builds_the_same_wheel(built: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    build(source, tmp_path / "again", "wheel")
    assert contents(wheel_in(tmp_path / "again")) == contents(wheel_in(built))


def test_an_installed_engine_comes_from_the_wheel_and_finds_its_data_there(installed: Path) -> None:
    script = (
        "import engine; from engine.resources import data_folder; "
        "print(engine.__file__); print(data_folder('processes')); print(data_folder('schemas'))"
    )
    done = run(installed, "-c", script)
    assert done.returncode == 0, done.stderr
    inside = installed.parent.parent.resolve()
    for line in done.stdout.split("\n")[:3]:
        assert inside in Path(line).resolve().parents, f"`{line}` lies outside the environment"


def test_a_checkout_finds_its_processes_and_schemas_in_the_checkout(root: Path) -> None:
    from engine.resources import data_folder

    assert Path(str(data_folder("processes"))) == root / "processes"
    assert Path(str(data_folder("schemas"))) == root / "schemas"


def test_the_installed_command_tells_its_version(installed: Path) -> None:
    from engine import __version__

    done = casewright(installed, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert __version__ in done.stdout


@pytest.mark.parametrize("command", ["check", "test"])
def test_the_installed_command_checks_and_tests_the_shipped_processes(installed: Path, command: str) -> None:
    done = run(installed, "-c", "from engine.resources import data_folder; print(data_folder('processes'))")
    done = casewright(installed, command, done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tests_of_a_host_pass_where_only_the_wheel_is(root: Path, installed: Path, tmp_path: Path) -> None:
    host = shutil.copytree(root / "tests" / "embed", tmp_path / "host", ignore=shutil.ignore_patterns("__pycache__"))
    command = [installed, "-m", "pytest", "-q", "-p", "no:xdist"]
    found = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    done = subprocess.run(command, cwd=host, env=found, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_the_installed_command_plays_the_demo_and_leaves_nothing_behind(installed: Path) -> None:
    before = sorted(installed.parent.iterdir())
    done = casewright(installed, "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "R-1" in done.stdout, "the demo tells of repairs by their numbers"
    assert sorted(installed.parent.iterdir()) == before
