"""Publishing, people, the look whether all is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import DefinitionError, Engine, NotPermitted, Person, UsageError
from engine.testing import ManualTime
from tests.app.desks import ADMIN, CALL, DESK, ERRAND, HOUR, LIN, PARCEL, RUN, done, open_errand, send, sources

# ---------------------------------------------------------------- publish


def test_publishing_the_same_again_changes_nothing(engine: Engine) -> None:
    assert engine.publish(sources(), "errand", actor=ADMIN).status == "unchanged"
    assert engine.publish(sources(errand="# a comment\n" + ERRAND), "errand", actor=ADMIN).status == "unchanged"


def test_new_words_take_effect_at_once_on_open_cases(engine: Engine) -> None:
    case = open_errand(engine)
    assert engine.publish(sources(errand=ERRAND.replace("跑腿,", "代办,").replace("zh: 跑腿}", "zh: 代办}")), "errand",
                          actor=ADMIN).status == "words updated"  # fmt: skip
    assert engine.case(case).label["zh"] == "代办"
    done(engine.act(case, "remark", {"note": "x"}, actor=LIN))
    first, second = engine.history(case)
    assert first["definition"][:3] == second["definition"][:3]
    assert first["definition"][3] != second["definition"][3]  # which words were read stands in each record


def test_a_published_version_never_changes_its_behaviour(engine: Engine) -> None:
    with pytest.raises(DefinitionError, match="`errand` version 1 is published and behaves differently") as error:
        engine.publish(sources(errand=ERRAND.replace("goal: 15m", "goal: 20m")), "errand", actor=ADMIN)
    assert error.value.help == "raise `version:` to 2; cases under way stay on their own version"


def test_cases_stay_on_their_version_and_new_ones_open_on_the_newest(engine: Engine, time: ManualTime) -> None:
    old = open_errand(engine)
    time.move(1)
    newer = ERRAND.replace("version: 1", "version: 2").replace("goal: 15m", "goal: 20m")
    assert engine.publish(sources(errand=newer), "errand", actor=ADMIN).version == 2
    new = open_errand(engine)
    assert [engine.case(case).version for case in (old, new)] == [1, 2]
    assert [engine.case(case).clocks["sent"].goal for case in (old, new)] == ["15m", "20m"]
    assert send(engine, old).version == 1


def test_a_child_opens_on_the_version_newest_at_its_instant(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    send(engine, case)
    time.move(1)
    engine.publish(sources(call=CALL.replace("version: 1", "version: 2").replace("24h", "48h")), "call", actor=ADMIN)
    done(engine.act(case, "deliver", {"fee": 1}, actor=RUN))
    assert engine.case("E-1.1").version == 2


def test_a_version_cannot_come_after_a_later_one(engine: Engine) -> None:
    engine.publish(sources(parcel=PARCEL.replace("version: 1", "version: 5")), "parcel", actor=ADMIN)
    with pytest.raises(DefinitionError, match="`parcel` stands at version 5; version 3 comes too late"):
        engine.publish(sources(parcel=PARCEL.replace("version: 1", "version: 3")), "parcel", actor=ADMIN)


def test_a_prefix_belongs_to_one_process(engine: Engine) -> None:
    with pytest.raises(DefinitionError, match="prefix `E` of `twin` is the prefix of `errand`"):
        engine.publish(
            sources(twin=PARCEL.replace("process: parcel", "process: twin").replace("prefix: P", "prefix: E")),
            "twin", actor=ADMIN,
        )  # fmt: skip


def test_what_has_errors_is_not_published_and_the_first_is_named(engine: Engine) -> None:
    with pytest.raises(DefinitionError, match=r"errors in it: 1; the first: processes/call.yaml:1"):
        engine.publish(sources(call=CALL.replace("to: called", "to: caled")), "call", actor=ADMIN)


def test_a_process_misspelt_is_answered_by_the_one_that_is_there(engine: Engine) -> None:
    with pytest.raises(DefinitionError, match=r"there is no file `erand.yaml`") as error:
        engine.publish(sources(), "erand", actor=ADMIN)
    assert error.value.help == "did you mean `errand`?"


def test_only_an_administrator_publishes(engine: Engine) -> None:
    with pytest.raises(NotPermitted, match="`lin` may not publish"):
        engine.publish(sources(), "errand", actor=LIN)


def test_another_engine_on_the_same_database_sees_what_was_published(on_disk: Engine, tmp_path: Path) -> None:
    with Engine.open(str(tmp_path / "desk.db"), time=ManualTime()) as other:
        assert other.definition("errand").version == 1
        newer = ERRAND.replace("version: 1", "version: 2").replace("goal: 15m", "goal: 20m")
        on_disk.publish(sources(errand=newer), "errand", actor=ADMIN)
        assert other.definition("errand").version == 2
        for word in ("A", "B", "A", "B"):  # words go back and forth; each time the other one follows
            on_disk.publish(sources(errand=newer.replace("en: Errand,", f"en: {word},")), "errand", actor=ADMIN)
            assert other.definition("errand").label["en"] == word


def test_a_desk_with_another_zone_is_another_behaviour(engine: Engine) -> None:
    with pytest.raises(DefinitionError):
        engine.publish(sources(desk=DESK.replace("Asia/Shanghai", "Europe/Berlin")), "errand", actor=ADMIN)


# ---------------------------------------------------------------- people


def person(id: str, *roles: str, is_active: bool = True) -> Person:
    return Person(id=id, name=id.title(), roles=roles, is_active=is_active)


def test_the_first_person_named_must_be_an_administrator(engine: Engine) -> None:
    with pytest.raises(UsageError, match="`lin` is the first to be named, so they must hold `admin`"):
        engine.save_person(person("lin", "agent"), actor="lin")
    engine.save_person(person("root", "admin"), actor="root")
    engine.save_person(person("lin", "agent"), actor="root")
    assert [(one.id, one.roles) for one in engine.people()] == [("lin", ("agent",)), ("root", ("admin",))]


def test_only_an_administrator_names_people(engine: Engine) -> None:
    engine.save_person(person("root", "admin"), actor="root")
    engine.save_person(person("lin", "agent"), actor="root")
    with pytest.raises(NotPermitted, match="`lin` may not name people"):
        engine.save_person(person("lin", "agent", "admin"), actor="lin")


def test_a_host_that_vouches_for_itself_names_people_in_any_order(engine: Engine) -> None:
    engine.save_person(person("lin", "agent"), actor=ADMIN)
    engine.save_person(person("run", "runner"), actor=ADMIN)
    assert len(engine.people()) == 2


def test_the_last_administrator_stays(engine: Engine) -> None:
    engine.save_person(person("root", "admin"), actor="root")
    for last in (person("root", "agent"), person("root", "admin", is_active=False)):
        with pytest.raises(UsageError, match="`root` is the last `admin`"):
            engine.save_person(last, actor="root")
    engine.save_person(person("second", "admin"), actor="root")
    engine.save_person(person("root", "agent"), actor="root")
    assert [one.id for one in engine.people() if "admin" in one.roles] == ["second"]


@pytest.mark.parametrize("id", ["", "engine", "a:b", "a\nb"])
def test_a_name_that_could_be_mistaken_is_refused(engine: Engine, id: str) -> None:
    with pytest.raises(UsageError, match="cannot name a person"):
        engine.save_person(person(id, "admin"), actor=ADMIN)


# ---------------------------------------------------------------- doctor


def test_a_healthy_desk_has_no_findings(engine: Engine) -> None:
    engine.save_person(person("root", "admin"), actor="root")
    server = engine._recipe.store.server()
    wrong = ["server"] if server is not None and server.volatile else []  # the tests' own server is set to forget
    assert [check.name for check in engine.doctor() if not check.ok] == wrong


def test_the_doctor_names_what_is_wrong(engine: Engine, time: ManualTime) -> None:
    open_errand(engine)
    time.move(HOUR)
    found = {check.name: check for check in engine.doctor()}
    assert not found["people"].ok
    assert not found["due"].ok
    assert found["due"].words["en"] == "cases with something due: 1, the first for 50m; run a worker"
    assert all(check.words["en"] and check.words["zh"] for check in found.values())


def test_a_new_database_has_nothing_published(tmp_path: Path) -> None:
    with Engine.open(str(tmp_path / "new.db"), create=True) as fresh:
        found = {check.name: check.ok for check in fresh.doctor()}
        assert (found["processes"], found["clock"], fresh.zone) == (False, True, "UTC")
