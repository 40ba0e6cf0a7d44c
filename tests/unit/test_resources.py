"""The files that come with the engine are found where it is installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import engine.resources
from engine.errors import NotFound
from engine.resources import data_folder, read_bounded, read_sources


@pytest.mark.parametrize("name", ["schemas", "processes"])
def test_a_checkout_has_its_files_beside_the_package(name):
    folder = data_folder(name)
    assert folder == Path(engine.resources.__file__).resolve().parent.parent / name
    assert list(folder.iterdir())


def test_a_folder_of_processes_that_is_not_there_is_named(tmp_path):
    (tmp_path / "processes").mkdir()
    assert read_sources(tmp_path / "processes") == {}
    with pytest.raises(NotFound, match=r"there is no folder `.*proceses`"):
        read_sources(tmp_path / "proceses")


def asked_of_a_copy(folder: Path) -> subprocess.CompletedProcess[str]:
    """Ask a copy of the package in another folder for its schemas."""
    (folder / "engine").mkdir(exist_ok=True)
    (folder / "engine" / "__init__.py").touch()  # else an editable install would be found before it
    shutil.copy(engine.resources.__file__, folder / "engine" / "resources.py")
    program = "from engine.resources import data_folder; print(data_folder('schemas'))"
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)


def test_an_installed_package_has_its_files_inside(tmp_path):
    (tmp_path / "engine" / "data" / "schemas").mkdir(parents=True)
    assert Path(asked_of_a_copy(tmp_path).stdout.strip()) == (tmp_path / "engine" / "data" / "schemas").resolve()


def test_a_folder_beside_an_installed_package_is_somebody_elses(tmp_path):
    (tmp_path / "schemas").mkdir()
    done = asked_of_a_copy(tmp_path)
    assert done.returncode == 1
    assert "the folder `schemas` that comes with casewright is missing: install casewright again" in done.stderr


def test_a_long_file_is_read_only_up_to_its_limit(tmp_path):
    (tmp_path / "long").write_bytes(b"x" * 100)
    assert read_bounded(tmp_path / "long", 10) == b"x" * 11
    assert read_bounded(tmp_path / "long", 1000) == b"x" * 100
