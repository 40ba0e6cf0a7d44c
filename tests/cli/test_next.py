"""What a command proposes to do next, and by whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.desks import report, run

DESK = "desk: d\nlanguages: [en]\nzone: Asia/Shanghai\ncurrency: CNY\nroles: {agent: {en: Agent}}\n"
WISH = """\
process: wish
version: 1
prefix: W
label: {en: Wish}
calendar: always
initial: waiting
never_by: [did.opening]
opening: {by: [agent]}
states:
  waiting: {label: {en: Waiting}, waiting_on: agent, actions: {take: {label: {en: Take}, by: [agent], to: taken}}}
  taken: {label: {en: Taken}, waiting_on: agent, actions: {close: {label: {en: Close}, by: [agent], to: closed}}}
  closed: {label: {en: Closed}, final: done}
"""


@pytest.mark.usefixtures("desk")
def test_who_is_given_a_case_goes_on_with_it() -> None:
    """After a shift was handed over, the case was proposed to whoever came first in the alphabet."""
    run("actor", "add", "zhou.er", "--role", "dispatcher", "--as", "boss")
    case = report()
    assert f"next: casewright do {case} dispatch --as zhao.lei" in run("claim", case, "--as", "zhao.lei").err
    given = run("assign", case, "zhou.er", "--as", "sun.qiang")
    assert f"next: casewright do {case} dispatch --as zhou.er" in given.err


def test_a_case_is_opened_though_who_opened_it_may_never_read_it(tmp_path: Path) -> None:
    """It was opened, and then refused to be looked at: the command failed over its own proposal, with code 4."""
    (tmp_path / "processes").mkdir()
    (tmp_path / "processes" / "desk.yaml").write_text(DESK, "utf-8")
    (tmp_path / "processes" / "wish.yaml").write_text(WISH, "utf-8")
    run("init", "--as", "boss")
    run("actor", "add", "wang", "--role", "agent", "--as", "boss")
    run("publish", "--as", "boss")
    alone = run("open", "wish", "--as", "wang")
    assert (alone.code, alone.out) == (0, "W-1 opened → waiting\n")
    assert alone.err == "next: casewright list --as wang\n"
    assert run("open", "wish", "--as", "wang", "--json").json["alike"] == []
