"""`schema`: editors find the schemas beside the processes, as they are shipped with this engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.lang.shape import KINDS
from engine.resources import data_folder
from tests.cli.desks import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_schema_is_written_once_and_again_when_it_is_of_another_engine() -> None:
    first = run("schema")
    assert first.code == Exit.DONE
    shipped = {file.name: file.read_bytes() for file in data_folder("schemas").glob("*.schema.json")}
    assert {f"{kind}.schema.json" for kind in KINDS} <= shipped.keys()
    assert {file.name: file.read_bytes() for file in Path("schemas").iterdir()} == shipped
    assert run("schema").out == "the schemas in schemas are up to date\n"
    Path("schemas/desk.schema.json").write_text("{}", "utf-8")
    assert run("schema").out == "wrote 1 schema to schemas\n"
    assert Path("schemas/desk.schema.json").read_bytes() == shipped["desk.schema.json"]


def test_they_stand_beside_the_folder_that_is_named() -> None:
    done = run("schema", "--in", "desk/processes", "--json")
    assert done.json["folder"] == "desk/schemas"
    assert Path("desk/schemas/process.schema.json").is_file()


def test_new_files_name_their_schema_where_there_are_some() -> None:
    run("new", "first")
    assert "yaml-language-server" not in Path("processes/first.yaml").read_text("utf-8")
    run("schema")
    run("new", "second")
    for file, kind in (("second.yaml", "process"), ("second.scenarios.yaml", "scenarios")):
        line, *_ = Path("processes", file).read_text("utf-8").splitlines()
        schema = line.removeprefix("# yaml-language-server: $schema=")
        assert Path("processes", schema).resolve() == Path(f"schemas/{kind}.schema.json").resolve()
    assert run("check").code == Exit.DONE
    assert run("test").code == Exit.DONE


@pytest.mark.parametrize(
    ("words", "file", "kind"),
    [
        (("test", "processes/key_loan.yaml", "--generate", "--tries", "50"), "processes/m.scenarios.yaml", "scenarios"),
        (("test", "processes/key_loan.yaml", "--generate", "--tries", "50"), "m.scenarios.yaml", "scenarios"),
        (("simulate", "key_loan", "--sample"), "day.yaml", "simulation"),
        (("simulate", "key_loan", "--sample"), "plans/day.yaml", "simulation"),
    ],
)
def test_a_file_that_is_written_names_its_schema_from_where_it_lies_and_only_where_there_is_one(
    words: tuple[str, ...], file: str, kind: str
) -> None:
    run("new", "key_loan")
    Path("plans").mkdir()
    Path("processes/key_loan.scenarios.yaml").unlink()
    without = run(*words, "-o", file)
    assert (without.code, "$schema" in Path(file).read_text("utf-8")) == (0, False), without.err
    run("schema")
    assert run(*words, "-o", file, "--force").code == 0
    schema = Path(file).read_text("utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert Path(file).parent.joinpath(schema).resolve() == Path(f"schemas/{kind}.schema.json").resolve()
