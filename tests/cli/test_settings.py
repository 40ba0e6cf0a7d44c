"""Where the database is, who acts, in which language."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.settings import default_database, find_project, read_settings, start_language
from engine.errors import UsageError


def write(folder: Path, text: str) -> Path:
    file = folder / "casewright.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_flag_counts_before_the_environment_and_that_before_the_project_file(tmp_path: Path) -> None:
    write(tmp_path, 'database = "of-project.sqlite"\nactor = "ann"\n')
    environment = {"CASEWRIGHT_DB": "of-environment.sqlite", "CASEWRIGHT_ACTOR": "bob"}
    flagged = read_settings({"db": "of-flag.sqlite", "as_": "cy"}, environment)
    assert (flagged.database, flagged.actor) == ("of-flag.sqlite", "cy")
    around = read_settings({"db": None, "as_": None}, environment)
    assert (around.database, around.actor) == ("of-environment.sqlite", "bob")
    project = read_settings({"db": None, "as_": None}, {})
    assert (project.database, project.actor) == (str(tmp_path / "of-project.sqlite"), "ann")


def test_without_anything_said_the_database_lies_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert read_settings({}, {}).database == default_database()
    assert default_database().endswith("home/casewright/casewright.sqlite")


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("desk.sqlite", "{folder}/desk.sqlite"),
        ("sqlite:///desk.sqlite?synchronous=NORMAL", "sqlite:///{folder}/desk.sqlite?synchronous=NORMAL"),
        ("sqlite:////var/desk.sqlite", "sqlite:////var/desk.sqlite"),
        ("/var/desk.sqlite", "/var/desk.sqlite"),
        ("postgresql://host/desk", "postgresql://host/desk"),
    ],
)
def test_paths_of_the_project_file_count_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, seen: str
) -> None:
    write(tmp_path, f'database = "{written}"\nprocesses = "flows"\n')
    below = tmp_path / "deep" / "below"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    settings = read_settings({}, {})
    assert settings.database == seen.format(folder=tmp_path)
    assert settings.folder == tmp_path / "flows"
    monkeypatch.chdir(tmp_path)
    assert read_settings({}, {}).folder == Path("flows")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('databse = "x"', "unknown key `databse`"),
        ("database = 3", "`database` is text in quotes"),
        ("database = ", "cannot be read"),
    ],
)
def test_a_bad_project_file_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(UsageError, match=said) as caught:
        find_project(tmp_path)
    assert str(file) in caught.value.message


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["--lang", "zh", "list"], {"LANG": "en_US.UTF-8"}, "zh"),
        (["list", "--lang=zh"], {}, "zh"),
        (["list"], {"CASEWRIGHT_LANG": "zh", "LANG": "en_US.UTF-8"}, "zh"),
        (["list"], {"LANG": "zh_CN.UTF-8"}, "zh"),
        (["list"], {"LANGUAGE": "fr:zh:en", "LANG": "en_GB"}, "zh"),
        (["list"], {"LANG": "fr_FR.UTF-8"}, "en"),
        (["list"], {}, "en"),
        (["do", "--", "--lang", "zh"], {}, "en"),
    ],
)
def test_the_language_is_said_by_flag_or_environment(
    arguments: list[str], environment: dict[str, str], language: str
) -> None:
    assert start_language(arguments, environment) == language


def test_the_project_files_language_counts_before_the_environments(tmp_path: Path) -> None:
    write(tmp_path, 'language = "zh"\n')
    assert start_language([], {"LANG": "en_US.UTF-8"}) == "zh"
    assert start_language([], {"CASEWRIGHT_LANG": "en"}) == "en"
