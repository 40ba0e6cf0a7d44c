"""A desk run by commands alone: set up, open, act, look, and everything that is refused on the way."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from engine.app import Engine
from tests.cli.desks import BEGUN, REPORT, Ran, act, fields, report, run

pytestmark = pytest.mark.usefixtures("desk")

MATERIAL = 'material=[{"item": "fuse", "quantity": 2, "price": "12.50"}]'


# -- the main way ------------------------------------------------------------------------------------------------------

DELETED = """error: the folder you are in was deleted
help: go to one that is there, such as `cd ~`
"""
LOAN = """
process: loan
version: 1
prefix: LN
label: {en: Loan, zh: 外借}
calendar: always
initial: here
opening: {by: [agent]}
states:
  here:
    label: {en: Here, zh: 在馆}
    waiting_on: agent
    actions: {lend: {label: {en: Lend, zh: 借出}, by: [agent], to: lent}}
  lent:
    label: {en: Lent, zh: 已借出}
    waiting_on: agent
    actions:
      renew: {label: {en: Renew, zh: 续借}, by: [agent], to: lent}
      give_back: {label: {en: Give back, zh: 归还}, by: [agent], to: back}
  back: {label: {en: Back, zh: 已还}, final: done}
"""


def test_a_repair_runs_from_its_notice_to_the_signature() -> None:
    case = report("member=yes")
    steps = [
        ("zhao.lei", "dispatch", ["technician=li.wei", "slip=P-1"], "dispatched"),
        ("li.wei", "arrive", [], "on_site"),
        ("li.wei", "begin", [], "diagnosing"),
        ("li.wei", "diagnose",
         ["diagnosis=fuse", "hours=0.5", 'material=[{"item": "fuse", "quantity": 2, "price": "12.50"}]'], "quoting"),
        ("li.wei", "quote_price", ["quote=25.00"], "quoted"),
        ("wang.fang", "accept_quote", ["quote_signature=q.png"], "repairing"),
        ("li.wei", "finish", ["work_done=fuses changed", "hours_used=0.5", "cleaned=yes"], "accepting"),
        ("wang.fang", "accept", [], "paying"),
        ("wang.fang", "pay_and_sign", ["paid=25", "comments=quick", "signature=s.png", "no_gifts=yes"], "closed"),
    ]  # fmt: skip
    for actor, action, form, state in steps:
        done = run("do", case, action, "--as", actor, "--json", *fields(*form))
        assert done.code == 0, done.out + done.err
        assert [one["name"] for one in done.json["case"]["state"]] == [state]
    assert run("show", f"{case}.1", "--as", "wang.fang", "--json").json["process"] == "return_visit"
    verified = run("audit", "verify", "--json")
    assert verified.code == 0, verified.out
    assert verified.json["is_verified"] is True
    assert verified.json["records"] == 11


def test_one_change_is_told_in_one_line_and_the_next_command_is_named() -> None:
    case = report()
    done = run("do", case, "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", "slip=P-1"))
    assert done.code == 0
    assert done.out.startswith(f"{case} reported → dispatched · technician li.wei")
    assert "arrival due" in done.out
    assert done.out.count("\n") == 1
    assert done.err == f"next: casewright do {case} arrive --as li.wei\n"


def test_the_same_change_is_told_in_chinese() -> None:
    case = report()
    done = run("do", case, "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", "slip=P-1"), language="zh")
    assert done.out.startswith(f"{case} 已报修 → 已派工 · 维修工 li.wei")


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actor", "action", "form", "code", "said"),
    [
        ("li.wei", "dispatch", ["technician=li.wei", "slip=1"], 4, "may not do `dispatch`"),
        ("zhao.lei", "dispatch", [], 6, "`technician` is missing"),
        ("zhao.lei", "dispatch", ["technician=li.wei", "slip=1", "colour=red"], 6, "does not ask for `colour`"),
        (
            "zhao.lei",
            "dispatch",
            ["technician=wang.fang", "slip=1"],
            6,
            "`wang.fang` does not hold the role Technician",
        ),
        ("zhao.lei", "finish", [], 6, "`finish` is not possible in"),
        ("zhao.lei", "dispach", [], 6, "(`dispatch`?)"),
        ("nobody", "dispatch", [], 4, "`nobody` is not known at this desk"),
    ],
)
def test_every_no_has_its_reason_and_its_exit_code(
    actor: str, action: str, form: list[str], code: int, said: str
) -> None:
    case = report()
    done = run("do", case, action, "--as", actor, *fields(*form))
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_who_acts_no_more_is_told_so_and_how_to_act_again() -> None:
    case = report()
    run("actor", "remove", "liu.yang", "--as", "boss")
    gone = run("show", case, "--as", "liu.yang")
    assert (gone.code, gone.err.splitlines()[0]) == (4, "error: `liu.yang` acts no more at this desk")
    again = gone.err.splitlines()[1].partition("`casewright ")[2].removesuffix("`").replace("…", "agent").split()
    assert run(*again, "--as", "boss").code == 0
    assert run("show", case, "--as", "liu.yang").code == 0


@pytest.mark.parametrize(
    ("flag", "label"), [("--state", "Reported"), ("--process", "Repair dispatch"), ("--queue", "Agent")]
)
def test_a_label_of_one_word_is_one_too(flag: str, label: str) -> None:
    """`list --state Reported` knew no such state, though every list says `Reported`."""
    report()
    assert run("list", "--all", flag, label, "--as", "wang.fang").code == 0


def test_every_reason_is_told_at_once() -> None:
    case = report()
    done = run("do", case, "dispatch", "--as", "zhao.lei", *fields("technician=ma.lin", "colour=red"))
    assert done.code == 6
    assert done.err.startswith("refused for 3 reasons:")
    assert all(word in done.err for word in ("slip", "colour", "ma.lin"))


def test_without_a_terminal_missing_fields_are_named_with_their_flags() -> None:
    done = run("open", "repair", "--as", "wang.fang", *fields("channel=phone"))
    assert done.code == 6
    assert "help: give -f customer=… -f phone=…" in done.err


def test_a_case_misspelt_is_not_found() -> None:
    done = run("show", "R-99", "--as", "wang.fang")
    assert done.code == 3
    assert "there is no case `R-99`" in done.err


def test_a_process_misspelt_is_answered_by_the_one_probably_meant() -> None:
    done = run("open", "repairs", "--as", "wang.fang")
    assert done.code == 3
    assert "`repair`" in done.err


def test_a_stale_revision_is_a_conflict() -> None:
    case = report()
    run("do", case, "note", "--as", "wang.fang", "-f", "note=rings back")
    done = run("do", case, "note", "--as", "wang.fang", "-f", "note=again", "--expect-revision", "1")
    assert done.code == 5
    assert "was changed meanwhile" in done.err


def test_the_same_key_acts_once_and_another_command_under_it_is_a_conflict() -> None:
    case = report()
    words = ["do", case, "note", "--as", "wang.fang", "--key", "call-17", "-f"]
    first, again, other = run(*words, "note=hello"), run(*words, "note=hello"), run(*words, "note=other")
    assert (first.code, again.code, other.code) == (0, 0, 5)
    assert "done before with the same key" in again.out
    assert len(run("history", case, "--as", "wang.fang", "--json").out.splitlines()) == 2


def test_of_two_who_claim_the_second_is_told_who_has_it() -> None:
    case = report()
    dispatcher = run("claim", case, "--as", "zhao.lei")
    agent = run("claim", case, "--as", "wang.fang")
    assert (dispatcher.code, agent.code) == (0, 5)
    assert "held by zhao.lei" in dispatcher.out
    assert "`zhao.lei`" in agent.err
    assert run("release", case, "--as", "zhao.lei").code == 0


def test_a_supervisor_assigns_and_who_cannot_work_the_case_does_not() -> None:
    case = report()
    assert run("assign", case, "zhao.lei", "--as", "sun.qiang").code == 0
    assert run("show", case, "--as", "zhao.lei", "--json").json["assignee"] == "zhao.lei"
    assert run("assign", case, "gao.min", "--as", "gao.min").code == 4


def test_only_an_administrator_publishes_and_names_people() -> None:
    assert run("publish", "--as", "wang.fang").code == 4
    assert run("actor", "add", "x", "--role", "agent", "--as", "wang.fang").code == 4


# -- looking -----------------------------------------------------------------------------------------------------------


def test_what_may_be_done_is_listed_with_why_not_the_rest() -> None:
    case = report()
    done = run("do", case, "--list", "--as", "zhao.lei")
    assert done.code == 0
    possible, impossible = done.out.split("not possible now:")
    assert "dispatch  Send a technician  (-f technician=… -f slip=… [-f note=…])" in possible
    assert "cancel  Cancel: `zhao.lei`" in impossible
    assert "may not do `cancel`" in impossible


def test_the_list_shows_what_waits_on_me_with_its_next_promise() -> None:
    case = report()
    mine = run("list", "--as", "zhao.lei")
    assert case in mine.out
    assert "dispatch" in mine.out
    assert "no power" in mine.out
    assert run("list", "--as", "gao.min").err == "nothing waits on you\nnext: casewright list --all\n"


@pytest.mark.parametrize("text", ["13900000000", "139-0000-0000", "吴敏"])
def test_a_case_is_found_by_phone_or_name(text: str) -> None:
    case = report()
    report("phone=13911111111", "customer=郑浩")
    found = run("list", "--find", text, "--as", "wang.fang", "--json").json
    assert [row["id"] for row in found["cases"]] == [case]


def test_a_list_says_how_many_it_does_not_show() -> None:
    for _ in range(3):
        report()
    done = run("list", "--as", "zhao.lei", "--limit", "2")
    assert "showing 2 of 3" in done.err


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("case.member", ["R-2"]),
        ('case.fault == "no light"', ["R-2"]),
        ("clocks.dispatch.running && !case.member", ["R-1"]),
        ('in_state("reported") && case.opened_at <= now', ["R-1", "R-2"]),
        ('case.technician == "li.wei"', []),  # not set: no match, and no error
    ],
)
def test_a_list_is_narrowed_by_an_expression(where: str, found: list[str]) -> None:
    report()
    report("member=yes", "fault=no light")
    done = run("list", "--where", where, "--as", "zhao.lei", "--json")
    assert sorted(row["id"] for row in done.json["cases"]) == found
    assert done.json["total"] == len(found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--where", "case.membr"], "did you mean `member`?"),
        (["--where", 'case.place == "x"'], "is personal"),
        (["--where", "1 + 1"], "yes or no is asked for"),
        (["--columns", "case,falt"], "did you mean `fault`?"),
        (["--due-within", "1d"], "1d"),
    ],
)
def test_a_list_that_cannot_be_made_is_explained(words: list[str], said: str) -> None:
    report()
    done = run("list", *words, "--as", "zhao.lei")
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_list_shows_the_columns_that_are_asked_for() -> None:
    case = report()
    done = run("list", "--columns", "case,fault,technician,revision", "--as", "zhao.lei")
    assert done.out.splitlines()[0].split() == ["case", "Fault", "reported", "revision"]  # nobody is sent: no column
    assert done.out.splitlines()[1].split() == [case, "no", "power", "1"]


def test_a_column_is_known_by_the_processes_though_no_case_of_theirs_is_listed() -> None:
    empty = run("list", "--columns", "case,falt", "--as", "zhao.lei")
    assert (empty.code, empty.err.splitlines()[0]) == (2, "error: there is no column `falt`")
    report()
    assert run("publish", "processes/lost_found.yaml", "--as", "boss").code == 0
    done = run("list", "--columns", "case,found_at", "--as", "zhao.lei")
    assert (done.code, done.err) == (0, ""), done


def test_closed_cases_are_listed_when_they_are_asked_for() -> None:
    case = report()
    assert run("do", case, "cancel", "--as", "wang.fang", "-f", "reason=x").code == 0
    assert run("list", "--all", "--as", "wang.fang", "--json").json["cases"] == []
    closed = run("list", "--all", "--closed", "--as", "wang.fang", "--json").json["cases"]
    assert [(row["id"], row["outcome"]) for row in closed] == [(case, "cancelled")]


def test_private_fields_are_masked_for_who_does_not_work_the_case() -> None:
    case = report()
    agent = run("show", case, "--as", "wang.fang").out
    warehouse = run("show", case, "--as", "gao.min").out
    assert "吴敏" in agent
    assert "吴敏" not in warehouse
    assert "•••" in warehouse


def test_who_is_told_of_late_cases_may_look_at_one() -> None:
    done = run("show", report(), "--as", "gao.ming")  # the manager, who stands only in ladders
    assert (done.code, "•••" in done.out) == (0, True)


def test_who_has_nothing_to_do_with_a_process_may_not_read_its_cases() -> None:
    case = report()
    done = run("show", case, "--as", "xu.li")
    assert (done.code, done.out) == (4, "")
    assert "may not read" in done.err


def test_history_tells_refusals_too() -> None:
    case = report()
    run("do", case, "dispatch", "--as", "li.wei", *fields("technician=li.wei", "slip=1"))
    done = run("history", case, "--as", "wang.fang")
    assert "wang.fang (Agent)" in done.out
    assert "!! dispatch refused: who may" in done.out
    run(
        "do",
        case,
        "dispatch",
        "--as",
        "zhao.lei",
        *fields("technician=zhou.tao", "slip=1"),
        "--fact",
        "on_shift=li.wei",
    )
    assert "is not on shift" in run("history", case, "--as", "wang.fang").out.rpartition("refused:")[2]


def test_a_clock_is_explained_by_a_ledger_that_adds_up() -> None:
    case = report()
    run("do", case, "reschedule", "--as", "wang.fang", "-f", "visit_at=2099-01-01 10:00")
    done = run("clock", case, "--explain", "--as", "wang.fang", "--json")
    assert done.code == 0, done.err
    for clock in done.json["clocks"]:
        counted = sum(one["used"]["seconds"] for one in clock["ledger"])
        assert counted == pytest.approx(clock["used"]["seconds"], abs=2)
    assert "paused" in run("clock", case, "--explain", "--as", "wang.fang").out


def test_a_clock_misspelt_is_answered_by_those_there_are() -> None:
    case = report()
    done = run("clock", case, "--clock", "arival", "--as", "wang.fang")
    assert done.code == 3
    assert "`arrival`" in done.err


# -- names that are not there ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["--state", "reportd"], "there is no state `reportd` (`reported`?)"),
        (["--process", "repair", "--state", "dispached"], "there is no state `dispached` of `repair` (`dispatched`?)"),
        (["--process", "repairs"], "no process `repairs` is published (`repair`?)"),
        (["--queue", "dispacher"], "there is no role `dispacher` at this desk (`dispatcher`?)"),
    ],
)
def test_a_list_of_what_there_is_not_is_no_empty_list(words: list[str], near: str) -> None:
    done = run("list", *words, "--as", "wang.fang")
    assert (done.code, done.out) == (3, "")
    assert near in done.err


def test_a_fact_that_the_process_does_not_know_is_told_at_once() -> None:
    case = report()
    done = run("do", case, "dispatch", "--as", "zhao.lei", "--fact", "on_shfit=li.wei")
    assert done.code == 3
    assert "the process knows no fact `on_shfit`" in done.err
    assert "`on_shift`" in done.err


def test_a_role_that_no_desk_has_is_not_given() -> None:
    done = run("actor", "add", "x", "--role", "dispacher", "--as", "boss")
    assert done.code == 3
    assert "there is no role `dispacher` at this desk (`dispatcher`?)" in done.err
    assert run("actor", "change", "wang.fang", "--give", "admin", "--as", "boss").code == 0


def test_who_names_a_person_without_a_role_is_told_the_roles() -> None:
    done = run("actor", "add", "x", "--as", "boss")
    assert done.code == 2
    assert "it is not said which role `x` holds" in done.err
    assert "give one by --role: there is `admin`, `agent` Agent, `buyer`" in done.err


def test_what_comes_back_to_its_own_state_is_not_the_next_command(desk: Path) -> None:
    process = Path("processes/loan.yaml")
    process.write_text(LOAN, "utf-8")
    assert run("publish", "processes/loan.yaml", "--as", "boss").code == 0
    run("open", "loan", "--as", "wang.fang")
    lent = run("do", "LN-1", "lend", "--as", "wang.fang")
    assert lent.err == "next: casewright do LN-1 give_back --as wang.fang\n"


def test_who_holds_a_case_is_told_to_who_wants_to_release_it() -> None:
    case = report()
    run("claim", case, "--as", "zhao.lei")
    assert f"`{case}` is held by `zhao.lei`, not by `wang.fang`" in run("release", case, "--as", "wang.fang").err


@pytest.mark.parametrize("command", ["check", "test", "publish", "play"])
def test_where_there_is_no_process_nothing_passes(command: str) -> None:
    """`check .` beside the folder of processes said that no process has an error, and so it would for ever."""
    done = run(command, ".")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error: `.` holds no process\nhelp: name the folder of processes")


def test_in_a_folder_that_was_deleted_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    done = run("list")
    assert (done.code, done.err) == (1, DELETED)


def test_an_answer_given_twice_differently_is_a_slip() -> None:
    done = run("open", "repair", "--as", "wang.fang", *fields("place=a", "place=b"))
    assert done.code == 2
    assert "`-f place` is given twice: `a` and `b`" in done.err


def test_blanks_are_no_answer_to_what_is_required() -> None:
    done = run("open", "repair", "--as", "wang.fang", *fields(*REPORT[:4], "fault=   ", "member=no"))
    assert done.code == 6
    assert "`fault` is missing" in done.err


# -- files, worker, faults ---------------------------------------------------------------------------------------------


def test_a_file_is_attached_and_stands_in_the_history(desk: Path) -> None:
    case = report()
    (desk / "slip.png").write_bytes(b"\x89PNG")
    done = run("attach", case, "slip.png", "--as", "wang.fang")
    assert done.code == 0, done.err
    record = json.loads(run("history", case, "--as", "wang.fang", "--json").out.splitlines()[-1])
    assert "slip" not in json.dumps(record)
    assert record["attached"]["media_type"] == "image/png"
    assert "attached slip.png: 4 bytes, image/png, hash " in done.out
    assert "attached slip.png" in run("history", case, "--as", "wang.fang").out
    assert "slip.png: 4 bytes, image/png, hash " in run("show", case, "--as", "wang.fang").out
    assert run("attach", case, "slip.png", "--type", "picture", "--as", "wang.fang").code == 2
    run("attach", case, "slip.png", "--as", "tian.hai")
    assert "attaching a file refused" in " ".join(run("history", case, "--as", "wang.fang").out.split())


def quoted(member: str = "member=yes") -> str:
    """Bring a repair to where the customer signs the quote."""
    case = report(member)
    act(
        case,
        *BEGUN,
        ("li.wei", "diagnose", ["diagnosis=f", "hours=0.5", MATERIAL]),
        ("li.wei", "quote_price", ["quote=25"]),
    )
    return case


def test_a_file_in_an_answer_is_kept_only_with_the_accepted_action(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    case = quoted()
    (desk / "quote.png").write_bytes(b"signed")
    words = ["do", case, "accept_quote", *fields("quote_signature=@quote.png")]
    for _ in range(2):
        assert run(*words, "--as", "li.wei").code == 4
        assert run(*words, *fields("bogus=3"), "--as", "wang.fang").code == 6
    assert run("show", case, "--as", "wang.fang", "--json").json["attachments"] == []
    done = run(*words, "--as", "wang.fang")
    assert done.code == 0, done.out + done.err
    assert "attached quote.png: 6 bytes, image/png, hash " in done.out
    shown = run("show", case, "--as", "wang.fang", "--json").json
    (file,) = shown["attachments"]
    assert (file["name"], file["size"], file["attached_by"]) == ("quote.png", 6, "wang.fang")
    assert shown["data"]["quote_signature"] == file["hash"]
    assert "signature: quote.png" in run("history", case, "--as", "wang.fang").out


def test_a_text_can_stand_in_a_file(desk: Path) -> None:
    case = report()
    Path("note.txt").write_text("first line\nsecond line\n", "utf-8")
    words = ["do", case, "note", "--as", "wang.fang", "--json"]

    def note(*given: str) -> str:
        assert run(*words, *given).code == 0
        return str(run("show", case, "--as", "wang.fang", "--json").json["data"]["note"])

    assert note("-f", "note=@note.txt") == "first line\nsecond line"
    assert note("-f", "note=@@home") == "@home"
    typo = run(*words, *fields("note=@nott.txt"))
    assert (typo.code, typo.out) == (3, "")
    assert "there is no file `nott.txt`" in typo.err
    Path("form.json").write_text('{"note": "@home"}', "utf-8")
    assert note("--form", "form.json") == "@home"


def test_a_table_that_is_none_is_answered_by_a_row_as_it_is_written(desk: Path) -> None:
    case = report()
    act(case, *BEGUN)
    words = ["do", case, "diagnose", "--as", "li.wei", *fields("diagnosis=fuse", "hours=0.5")]
    rows = '[{"item": "…", "quantity": 12, "price": "4.90"}]'
    assert f"help: give -f 'material={rows}'" in run(*words).err
    assert f"`material` must be a list of rows like `{rows}`" in run(*words, *fields("material=lamp")).err
    guarded = run(*words, "-f", f"material={rows}")  # read as rows: what is refused is the price
    assert (guarded.code, "[listed]" in guarded.err) == (6, True)


def test_history_names_people_and_files_whole_and_who_holds_a_case(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    case = report()
    (desk / "nul.json").write_text("{}", "utf-8")
    run("attach", case, "nul.json", "--as", "wang.fang")
    assert "held by zhao.lei already" not in run("claim", case, "--as", "zhao.lei").out
    assert "held by zhao.lei already" in run("claim", case, "--as", "zhao.lei").out
    assert "no longer held by zhao.lei" in run("release", case, "--as", "zhao.lei").out
    run("assign", case, "zhao.lei", "--as", "sun.qiang")
    told = run("history", case, "--as", "wang.fang").out
    assert "attached nul.json" in told
    assert "assigned to zhao.lei" in told
    assert "no longer held by zhao.lei" in told
    assert "held by –" not in told


def test_a_tick_delivers_what_waits(desk: Path) -> None:
    case = report()
    run("do", case, "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", "slip=P-1"))
    waiting = run("outbox", "--json", "--as", "boss").json["messages"]
    assert [(one["receiver"], one["status"]) for one in waiting] == [("li.wei", "waiting")]
    done = run("tick")
    assert done.code == 0
    assert "→ li.wei: " in done.out
    assert "1 message delivered" in done.out
    assert run("outbox", "--status", "waiting", "--json", "--as", "boss").json["messages"] == []
    assert run("fault", "--as", "boss").err == "nothing is set aside\n"


def test_the_doctor_finds_a_fresh_desk_in_order() -> None:
    done = run("doctor", "--json")
    assert done.code == 0, done.out
    assert done.json["is_ok"] is True


def test_the_doctor_tells_of_a_process_that_is_wrong(desk: Path) -> None:
    (desk / "processes" / "repair.yaml").write_text("process: repair\n", "utf-8")
    done = run("doctor")
    assert done.code == 1
    assert "!!  processes:" in done.out


def test_a_database_of_an_older_casewright_is_brought_up_to_date(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.store import schema
    from engine.store.sqlite import upgrading
    from engine.store.tables import VERSION_TABLE

    monkeypatch.setattr(schema, "REVISIONS", ("0000", *schema.REVISIONS))
    monkeypatch.setattr(upgrading, "run_migrations", lambda shared: mark(shared, schema.HEAD))

    def mark(shared: Connection, revision: str) -> None:
        shared.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'")

    with closing(sqlite3.connect(desk / "casewright.sqlite")) as connection, connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0000'")
    told = run("list", "--as", "wang.fang")
    assert (told.code, "casewright db upgrade" in told.err) == (1, True)
    assert run("db", "upgrade").out.endswith("is up to date now\n")
    assert run("db", "upgrade").out.endswith("was up to date already\n")
    assert run("list", "--as", "wang.fang").code == 0


def test_an_upgrade_makes_no_database(desk: Path) -> None:
    done = run("db", "upgrade", "--db", "nowhere.sqlite")
    assert done.code == 1
    assert "there is no database at `nowhere.sqlite`" in done.err
    assert not (desk / "nowhere.sqlite").exists()


# -- setting up --------------------------------------------------------------------------------------------------------


def test_init_a_second_time_changes_nothing(desk: Path) -> None:
    before = (desk / "casewright.toml").read_text("utf-8")
    done = run("init", "--example", "--as", "boss", "--json")
    assert done.code == 0
    assert done.json["files"] == []
    assert done.json["actors"] == []
    assert (desk / "casewright.toml").read_text("utf-8") == before


def test_init_leaves_unpublished_what_the_calendar_would_open_and_says_so() -> None:
    (said,) = (line for line in run("init", "--example", "--as", "boss").out.splitlines() if "not published" in line)
    assert "review_sorting" in said
    assert run("schedule", "--as", "boss").out == ""
    assert run("publish", "--as", "boss").code == 0
    assert "review_sorting" in run("schedule", "--as", "boss").out
    assert "not published" not in run("init", "--example", "--as", "boss").out


def test_publishing_again_says_that_nothing_is_new() -> None:
    run("publish", "--as", "boss")
    done = run("publish", "--as", "boss", "--json")
    assert {one["status"] for one in done.json["published"]} == {"unchanged"}


def test_a_new_process_is_checked_tested_published_and_opened(desk: Path) -> None:
    assert run("new", "borrowed_key").code == 0
    checked = run("check", "processes/borrowed_key.yaml", "--strict")
    assert checked.code == 0, checked.out
    tested = run("test", "processes/borrowed_key.yaml", "--coverage")
    assert tested.code == 0, tested.out
    assert "coverage 100.0%" in tested.out
    assert "published borrowed_key version 1" in run("publish", "processes/borrowed_key.yaml", "--as", "boss").out
    opened = run("open", "borrowed_key", "--as", "wang.fang", "-f", "subject=an umbrella")
    assert opened.out.startswith("BK-1 opened → received")


def test_a_person_is_named_changed_and_let_go() -> None:
    assert run("actor", "add", "wu.di", "--role", "agent", "--name", "吴迪", "--as", "boss").out == "wu.di: agent\n"
    run("actor", "change", "wu.di", "--give", "supervisor", "--take", "agent", "--as", "boss")
    assert run("actor", "remove", "wu.di", "--as", "boss").code == 0
    person = next(one for one in run("actor", "--json").json["actors"] if one["id"] == "wu.di")
    assert person == {"id": "wu.di", "name": "吴迪", "roles": ["supervisor"], "is_active": False, "language": None}
    assert run("open", "repair", "--as", "wu.di", *fields(*REPORT)).code == 4
    assert run("actor", "remove", "wu.dy", "--as", "boss").code == 3


def test_roles_are_called_by_their_labels_elsewhere_than_in_english() -> None:
    given = run("actor", "add", "wu.di", "--role", "agent", "--role", "dispatcher", "--as", "boss", language="zh")
    assert given.out == "wu.di：客服专员、维修班值班员\n"
    assert "客服专员、维修班值班员" in run("actor", "list", language="zh").out
    assert "agent, dispatcher" in run("actor", "list").out
    assert "客服专员" in run("actor", "show", "wu.di", "--as", "boss", language="zh").out


def test_letting_a_person_go_names_the_cases_that_still_wait_on_them() -> None:
    case = report()
    run("do", case, "dispatch", "--as", "zhao.lei", "-f", "technician=li.wei", "-f", "slip=P-1")
    gone = run("actor", "remove", "li.wei", "--as", "boss")
    assert (gone.code, gone.out) == (0, "li.wei acts no more\n")
    assert f"still waiting on li.wei: {case}" in gone.err


def test_a_database_that_is_not_there_is_explained() -> None:
    done = run("list", "--db", "nowhere.sqlite", "--as", "boss")
    assert done.code == 1
    assert "nowhere.sqlite" in done.err
    assert "casewright init" in done.err


def test_a_file_that_is_no_database_is_explained(desk: Path) -> None:
    (desk / "letter.txt").write_text("dear all\n" * 300, "utf-8")
    done = run("list", "--db", "letter.txt", "--as", "boss")
    assert done.code == 1
    assert "letter.txt" in done.err
    assert "Traceback" not in done.err


def test_with_json_an_error_is_one_json_line() -> None:
    done = run("show", "R-99", "--as", "wang.fang", "--json")
    assert done.code == 3
    error = json.loads(done.err)["error"]
    assert (error["kind"], error["exit_code"]) == ("not_found", 3)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["lsit"], "usage"),
        (["list", "--limit", "many"], "usage"),
        (["list", "--as", "nobody"], "not_permitted"),
        (["show", "R-1", "--as", "boss", "--db", "nowhere.sqlite"], "database"),
    ],
)
def test_an_error_has_a_kind_that_scripts_may_rely_on(words: list[str], kind: str) -> None:
    error = json.loads(run(*words, "--json").err)["error"]
    assert error["kind"] == kind
    assert error.get("help") != "null"
    assert None not in error.values()


# -- help --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["help", "show"], ["--as", "x", "help", "show"], ["show", "--as", "x", "--help"]])
def test_help_is_had_by_word_and_by_flag(words: list[str]) -> None:
    done = run(*words)
    assert done.code == 0
    assert done.out == run("show", "--help").out


@pytest.mark.parametrize("words", [["help"], ["--as", "x", "--help"], ["--as", "x", "help"]])
def test_help_alone_is_the_overview(words: list[str]) -> None:
    assert run(*words).out == run("--help").out


def test_an_answer_that_is_not_asked_for_is_to_be_left_out() -> None:
    case = report()
    done = run("do", case, "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", "slip=P-1", "bogus=3"))
    assert done.code == 6
    assert "help: leave out -f bogus\n" in done.err
    assert "give" not in done.err


def test_the_hint_after_a_refusal_names_who_asked() -> None:
    case = report()
    assert f"`casewright do {case} --list --as zhao.lei`" in run("do", case, "arrive", "--as", "zhao.lei").err


# -- looking for what is wrong -----------------------------------------------------------------------------------------


def checks(done: Ran) -> dict[str, tuple[bool, str]]:
    return {one["name"]: (one["is_ok"], one["message"]) for one in done.json["checks"]}


def test_the_doctor_looks_at_the_facts_and_goes_on(desk: Path) -> None:
    (desk / "facts.json").write_text("[1", "utf-8")
    found = checks(run("doctor", "--json"))
    assert found["facts"][0] is False
    assert found["people"][0] is True
    (desk / "facts.json").unlink()
    assert "there is no file" in checks(run("doctor", "--json"))["facts"][1]


def test_the_doctor_knows_the_languages_there_are(desk: Path) -> None:
    file = desk / "casewright.toml"
    kept = [line for line in file.read_text("utf-8").splitlines() if "language" not in line]
    file.write_text("\n".join([*kept, 'language = "klingon"']), "utf-8")
    found = checks(run("doctor", "--json"))
    assert found["settings"][0] is False
    assert "klingon" in found["settings"][1]
    assert found["people"][0] is True


def test_the_doctor_names_a_damaged_database_and_shows_the_rest(desk: Path) -> None:
    database = desk / "casewright.sqlite"
    content = bytearray(database.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 2000] = b"\xff" * 2000
    database.write_bytes(content)
    for more in desk.glob("casewright.sqlite-*"):
        more.unlink()
    done = run("doctor", "--json")
    assert done.code == 1
    found = checks(done)
    assert "casewright.sqlite` is damaged" in found["database"][1]
    assert "backup" in found["database"][1]
    assert found["processes"][0] is True


def test_the_doctor_asks_three_seconds_of_a_locked_database_and_shows_the_rest(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    really = Engine.open

    def watched(url: str) -> Engine:
        opened.append(url)
        return really(url)

    monkeypatch.setattr(Engine, "open", watched)
    with closing(sqlite3.connect(desk / "casewright.sqlite", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE held (a)")
        found = checks(run("doctor", "--json"))
        other.execute("ROLLBACK")
    assert opened
    assert all(url.endswith("busy=3") for url in opened)
    assert "is locked by another program" in found["database"][1]
    assert found["processes"][0] is True


def test_a_name_that_no_scenario_holds_is_told(desk: Path) -> None:
    done = run("test", "processes/return_visit.yaml", "-k", "nothing so called")
    assert done.code == 2
    assert "no scenario matches `nothing so called`" in done.err


def test_a_process_tested_alone_opens_the_cases_of_others_in_its_folder() -> None:
    done = run("test", "processes/repair.yaml")
    assert done.code == 0, done.out
    assert "failed" not in done.out


def test_a_broken_file_is_told_before_the_desk_is_looked_for(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "lost.yaml"
    file.parent.mkdir()
    file.write_text("process: lost\n", "utf-8")
    done = run("publish", str(file), "--db", "nowhere.sqlite")
    assert done.code == 1
    assert "lost.yaml:" in done.out
    assert "nowhere" not in done.err


def test_a_new_process_is_labelled_by_its_name_in_every_language(desk: Path) -> None:
    run("new", "borrowed_key")
    text = (desk / "processes" / "borrowed_key.yaml").read_text("utf-8")
    assert "label: {en: Borrowed key, zh: Borrowed key}" in text


def test_a_copy_of_the_database_works_once_its_keys_are_back(desk: Path) -> None:
    case = report()
    alone = run("db", "backup", "alone.sqlite")
    assert "the copy alone shows no private value: --keys FILE writes their keys" in alone.err
    assert run("db", "backup", "copy.sqlite", "--keys", "copy.keys").err == ""
    shown = ("show", case, "--as", "wang.fang", "--db", "copy.sqlite")
    assert "keys were left out" in run(*shown).err
    assert run("db", "keys", "copy.keys", "--db", "copy.sqlite", "--json").json["keys"] == 1
    assert "13900000000" in run(*shown).out
    again = run("db", "backup", "copy.sqlite", language="zh")
    assert (again.code, "已存在" in again.err) == (2, True)
