"""What `new` writes: whole as it stands, in the desk's languages, for the desk's roles, told in the reader's words."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engine.cli.commands.starting import copy_processes
from engine.cli.exits import Exit
from tests.cli.desks import run

DESK = "desk: corner\nlanguages: [{languages}]\nzone: Asia/Shanghai\ncurrency: CNY\nroles:\n{roles}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    (tmp_path / "processes").mkdir()
    return tmp_path / "processes"


def is_whole() -> None:
    """Hold that a starter passes the checker without a warning, and its scenarios at full coverage."""
    checked = run("check", "--strict")
    assert checked.code == 0, checked.out
    tested = run("test", "--coverage")
    assert tested.code == 0, tested.out
    assert "100.0%" in tested.out


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_starter_is_whole_as_it_stands(language: str, folder: Path) -> None:
    assert run("new", "lost_found", language=language).code == 0
    assert sorted(path.name for path in folder.rglob("*.yaml")) == [
        "desk.yaml", "lost_found.scenarios.yaml", "lost_found.yaml"]  # fmt: skip
    is_whole()


@pytest.mark.parametrize(("language", "order"), [("en", ["en", "zh"]), ("zh", ["zh", "en"])])
def test_the_example_writes_to_people_in_the_language_it_was_set_up_in(
    language: str, order: list[str], folder: Path
) -> None:
    """A Chinese desk sent its technicians and its customers English messages."""
    written = list(copy_processes(folder, folder.parent, language))
    assert "processes/desk.yaml" in written
    assert yaml.safe_load((folder / "desk.yaml").read_text("utf-8"))["languages"] == order


def test_a_starter_is_told_in_the_words_of_its_reader(folder: Path) -> None:
    run("new", "lost_found", language="zh")
    assert "念出声来" in (folder / "lost_found.yaml").read_text("utf-8")
    assert "languages: [zh, en]" in (folder / "desk.yaml").read_text("utf-8")
    assert "没有结果不能结案:" in (folder / "lost_found.scenarios.yaml").read_text("utf-8")


def test_both_starters_say_the_same(folder: Path) -> None:
    written = {}
    for language in ("en", "zh"):
        run("new", "lost_found", "--in", language, language=language)
        written[language] = yaml.safe_load(Path(language, "lost_found.yaml").read_text("utf-8"))
        written[language].pop("description")
    assert written["en"] == written["zh"]


def test_at_a_desk_of_one_role_that_does_everything(folder: Path) -> None:
    (folder / "desk.yaml").write_text(DESK.format(languages="en", roles="  porter: {en: Porter}\n"), "utf-8")
    run("new", "lost_found")
    assert "by: [porter]  " in (folder / "lost_found.yaml").read_text("utf-8")
    is_whole()


@pytest.mark.parametrize(
    ("languages", "agent", "label"),
    [
        ("en", "{en: Agent}", "label: {en: Subject}"),
        ("zh", "{zh: 客服专员}", "label: {zh: 事由}"),
        ("en, zh", "{en: Agent, zh: 客服专员}", "label: {en: Subject, zh: 事由}"),
        ("fr, en", "{fr: Agent, en: Agent}", "label: {en: Subject, fr: Subject}"),
    ],
)
def test_a_starter_speaks_the_languages_of_its_desk_and_no_other(
    languages: str, agent: str, label: str, folder: Path
) -> None:
    (folder / "desk.yaml").write_text(DESK.format(languages=languages, roles=f"  agent: {agent}\n"), "utf-8")
    text = f"  supervisor: {agent}\n"
    (folder / "desk.yaml").write_text((folder / "desk.yaml").read_text("utf-8") + text, "utf-8")
    run("new", "lost_found")
    assert label in (folder / "lost_found.yaml").read_text("utf-8")
    is_whole()


def test_a_starter_takes_the_roles_that_the_desk_has(folder: Path) -> None:
    (folder / "desk.yaml").write_text(
        DESK.format(languages="en", roles="  clerk: {en: Clerk}\n  head: {en: Head}\n"), "utf-8"
    )
    run("new", "lost_found")
    assert "by: [clerk, head]" in (folder / "lost_found.yaml").read_text("utf-8")
    is_whole()


@pytest.mark.parametrize("name", ["x", "lost_found", "a_process_with_a_long_name"])
def test_the_comments_of_a_starter_stand_below_each_other(name: str, folder: Path) -> None:
    run("new", name)
    lines = (folder / f"{name}.yaml").read_text("utf-8").splitlines()
    assert {line.index("#") for line in lines if "  # " in line} == {34}


def test_a_rule_is_explained_without_the_marks_of_a_web_page() -> None:
    said = run("explain", "unknown-state").out
    assert said.startswith("unknown-state (error)\n")
    assert "```" not in said
    assert "\n    initial: workin\n" in said


# ---------------------------------------------------------------- what is typed is read as it is meant


@pytest.mark.parametrize("named", ["lost_found", "processes/lost_found", "processes/lost_found.yaml"])
@pytest.mark.parametrize("command", ["check", "test"])
def test_a_process_is_named_as_people_name_it(command: str, named: str) -> None:
    run("new", "lost_found")
    assert run(command, named).code == 0
    other = run(command, f"{named}x")
    assert (other.code, "did you mean `lost_found`" in other.err) == (2, True)
    assert "did you mean" not in run(command, "something").err


def test_what_a_newcomer_types_next_is_answered(folder: Path) -> None:
    run("init", "--as", "boss")
    run("new", "lost_found")
    run("publish", "lost_found", "--as", "boss")
    run("actor", "add", "wang", "--role", "agent", "--as", "boss")
    empty = run("list", "--as", "wang")
    assert (empty.code, empty.err) == (0, "nothing waits on you\nnext: casewright list --all\n")
    other = run("open", "lost", "--as", "wang")
    assert (other.code, "`lost_found`" in other.err) == (3, True)
    assert run("open", "lost_found", "--as", "wang", "-f", "subject=scarf").code == 0
    assert run("do", "lf-1", "close", "--as", "wang", "-f", "result=found").out.startswith("LF-1 received")
    assert run("show", "Lf-1", "--as", "wang").code == 0
    turned = run("do", "close", "lf-1", "--as", "wang")
    assert (turned.code, "help: write `casewright do LF-1 close`" in turned.err) == (2, True)
    assert "stands under its `measures`" in run("report", "measures", "lost_found").err
    assert run("show", "no case", "--as", "wang").code == 3


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GuestRequest", "guest_request"),
        ("Gäste-Anfrage", "gaeste_anfrage"),
        ("维修", "wei_xiu"),
        ("24h", "lost_found"),
    ],
)
def test_what_cannot_be_a_name_is_told_as_one(name: str, meant: str, folder: Path) -> None:
    refused = run("new", name)
    assert (refused.code, f"such as `{meant}`" in refused.err) == (2, True)
    assert run("new", meant).code == 0


def test_a_person_whose_id_has_blanks_is_named_as_a_shell_reads_it(folder: Path) -> None:
    """`next: casewright do LF-1 close --as Ann Lee` was no command that could be copied."""
    run("init", "--as", "boss")
    run("new", "lost_found")
    run("publish", "--as", "boss")
    run("actor", "add", "Ann Lee", "--role", "agent", "--as", "boss")
    opened = run("open", "lost_found", "--as", "Ann Lee", "-f", "subject=scarf")
    assert opened.err == "next: casewright do LF-1 close --as 'Ann Lee'\n"
    run("actor", "add", "李伟", "--role", "agent", "--as", "boss")
    assert (
        run("open", "lost_found", "--as", "李伟", "-f", "subject=hat").err
        == "next: casewright do LF-2 close --as 李伟\n"
    )
    none = run("list", "--find", "sca", "--as", "Ann Lee")
    assert none.err.endswith("help: --find compares a whole id, key, phone or name, not a part of one\n")


def test_a_flag_that_was_taken_for_an_answer_is_told(folder: Path) -> None:
    told = run("do", "LF-1", "close", "-f", "--as", "wang")
    assert "`-f` took `--as` for its answer: write `-f FIELD=VALUE`" in told.err


def test_what_the_project_file_says_of_mail_works_without_its_marks(folder: Path) -> None:
    run("init", "--as", "boss")
    project = Path("casewright.toml")
    head, mark, tail = project.read_text("utf-8").partition("# [deliver.mail]")
    assert mark
    project.write_text(head + (mark + tail).replace("# ", ""), "utf-8")
    assert "ok  deliverers: 1 deliverer\n" in run("doctor", "--as", "boss").out


@pytest.mark.parametrize("line", ["as anna", "open subject=scarf as anna", "close result=x as agent", "open as agent:"])
def test_whoever_plays_is_told_how_one_says_who_acts(line: str, folder: Path) -> None:
    """`close result=x as anna` was answered by: `as` is not `field=value`."""
    run("new", "lost_found")
    played = run("play", "lost_found", into=f"{line}\n")
    assert (played.code, "who acts is written `as ROLE:PERSON`" in played.err) == (Exit.REFUSED, True), played.err
    assert run("play", "lost_found", into="open subject=scarf as agent:lin\nclose result=as\n").code == 0


def test_a_slip_in_what_a_deliverer_is_for_is_found(folder: Path) -> None:
    """`messages = ["clock_dew"]` was all right to doctor, and nobody was ever told."""
    run("init", "--as", "boss")
    run("new", "lost_found")
    table = '[deliver.f]\nkind = "file"\npath = "x"\nmessages = ["{message}"]\nto = ["agent", "boss", "{to}"]\n'
    project = Path("casewright.toml")
    plain = project.read_text("utf-8")
    messages = Path("processes/messages")
    messages.mkdir()
    (messages / "lost_found.yaml").write_text("told: {text: {en: told, zh: 已告知}}\n", "utf-8")
    process = Path("processes/lost_found.yaml")
    process.write_text(
        process.read_text("utf-8").replace(
            "to: closed", "then: [{notify: supervisor, message: told}]\n        to: closed", 1
        )
    )

    def deliverers(message: str, to: str) -> str:
        project.write_text(plain + table.format(message=message, to=to), "utf-8")
        return next(line for line in run("doctor", "--as", "boss").out.splitlines() if "deliverer" in line)

    assert deliverers("tolled", "superviser") == "ok  deliverers: 1 deliverer"  # before anything is published
    run("publish", "--as", "boss")
    assert deliverers("told", "supervisor") == "ok  deliverers: 1 deliverer"
    assert deliverers("*", "supervisor") == "ok  deliverers: 1 deliverer"
    assert deliverers("tolled", "superviser") == (
        "!!  deliverers: nothing published is called `tolled` (`told`?), named under `messages`; "
        "nothing published is called `superviser` (`supervisor`?), named under `to`"
    )


def test_the_example_is_not_poured_into_a_desk_of_somebody_s_own(folder: Path) -> None:
    run("init", "--as", "boss")
    run("new", "lost_found")
    before = sorted(folder.parent.rglob("*"))
    poured = run("init", "--example", "--as", "boss")
    assert (poured.code, "desk.yaml` is a desk of your own; nothing was written" in poured.err) == (5, True)
    assert sorted(folder.parent.rglob("*")) == before
    assert run("init", "--as", "boss").err == "next: casewright check\n"
