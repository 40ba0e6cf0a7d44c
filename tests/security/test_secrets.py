"""Secrets come from the environment or from files, and stand nowhere else: not in flags, errors, logs or `doctor`."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from engine import Engine, Search
from engine.cli.catalogue import COMMANDS
from engine.cli.logs import log_as_json
from engine.cli.main import casewright
from engine.cli.metrics import prometheus
from engine.deliverers.settings import Table
from engine.deliverers.web import hook
from engine.errors import EngineError, UsageError
from engine.testing import ManualTime, engine_in_memory
from tests.app.desks import LIN, NINE, open_errand, send, sources
from tests.cli.desks import run, set_up

WORD = "correct-horse-battery"
SERVER = f"postgresql://desk:{WORD}@127.0.0.1:9/desk?connect_timeout=1"
PHONE = "139 0000 0001"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return set_up(tmp_path_factory.mktemp("template") / "desk")


@pytest.fixture
def folder(template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example desk, as it was; what a test writes into its project file is taken back."""
    for name in [name for name in os.environ if name.startswith("CASEWRIGHT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(template)
    before = (template / "casewright.toml").read_text("utf-8")
    yield template
    (template / "casewright.toml").write_text(before, "utf-8")


def options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from parameter.opts
    for inner in getattr(command, "commands", {}).values():
        yield from options(inner)


def test_no_command_takes_a_secret_by_a_flag() -> None:
    root = casewright()
    context = click.Context(root)
    flags = {flag for name in COMMANDS if (command := root.get_command(context, name)) for flag in options(command)}
    assert "--db" in flags
    assert not [flag for flag in flags if any(word in flag for word in ("pass", "secret", "token", "private"))]


@pytest.mark.parametrize(
    "url", [SERVER, f"postgres://127.0.0.1/desk?password={WORD}", f"postgresql://h/d?sslpassword={WORD}"]
)
def test_a_password_in_the_flag_for_the_database_is_refused(folder: Path, url: str) -> None:
    for words in (("list",), ("doctor",), ("init",), ("db", "upgrade")):
        ran = run(*words, "--db", url, "--as", "boss")
        assert ran.code == 2, words
        assert WORD not in ran.out + ran.err
        assert "CASEWRIGHT_DB" in ran.err


@pytest.mark.parametrize(
    "words", [("list",), ("doctor",), ("doctor", "--json"), ("list", "--json"), ("audit", "verify")]
)
def test_a_password_in_the_environment_stands_in_no_output(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CASEWRIGHT_DB", SERVER)
    ran = run(*words, "--as", "boss")
    assert ran.code != 0
    assert "127.0.0.1" in ran.out + ran.err
    assert WORD not in ran.out + ran.err


def test_nor_does_it_in_the_traceback_of_debug() -> None:
    """Whoever sends us a traceback sends no password along."""
    environment = {**os.environ, "CASEWRIGHT_DB": SERVER, "PYTHONPATH": str(Path.cwd())}
    code = "from engine.cli.main import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "list", "--debug", "--as", "boss"], env=environment, capture_output=True, text=True
    )
    assert "Traceback" in ran.stderr
    assert WORD not in ran.stdout + ran.stderr


def test_what_delivers_keeps_its_secret_to_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", f"https://hooks.example/{WORD}")
    monkeypatch.setenv("SIGN", "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0")
    made = hook(Table("ops", {"url": "env:HOOK", "secret": "env:SIGN"}, folder, os.environ))
    assert WORD not in repr(made)
    assert "c2Vjcm" not in repr(made)


@pytest.mark.parametrize(
    "setting", ['url = "https://u:{word}@hooks.example/"', 'url = "https://h.example/"\nsecret = "{word}"']
)
def test_a_secret_written_into_the_project_file_is_refused_without_repeating_it(folder: Path, setting: str) -> None:
    project = folder / "casewright.toml"
    text = f'\n[deliver.ops]\nkind = "webhook"\n{setting.format(word=WORD)}\n'
    project.write_text(project.read_text("utf-8") + text, "utf-8")
    ran = run("tick", "--as", "boss")
    assert ran.code != 0, ran.out
    assert WORD not in ran.out + ran.err


def test_what_a_host_writes_to_its_log_of_a_case_holds_no_private_value() -> None:
    with engine_in_memory(sources(), "errand", "call", time=ManualTime(NINE)) as engine:
        case = open_errand(engine, phone=PHONE)
        view = engine.case(case)
        assert view.data["phone"] == PHONE
        offers, lines = engine.allowed(case, actor=LIN), engine.worklist(Search(actor=LIN))
        for seen in (view, offers, lines, engine.history(case)):
            assert seen
            assert PHONE not in repr(seen)


def test_the_workers_log_and_the_figures_hold_no_word_of_any_case() -> None:
    stream = io.StringIO()
    log = logging.getLogger("casewright")
    before = log.handlers, log.propagate, log.level
    try:
        log_as_json(stream)
        with engine_in_memory(sources(), "errand", "call", time=(time := ManualTime(NINE))) as engine:
            case = open_errand(engine, phone=PHONE, what="a very private parcel")
            send(engine, case)
            time.move(3_600_000)
            log.info("worked", extra={"advanced": engine.run_once().advanced, "phone": PHONE})
            text = stream.getvalue() + "\n".join(prometheus(engine.vitals()))
        assert '"worked"' in text
        assert PHONE not in text
        assert "private" not in text
        assert case not in text
    finally:
        log.handlers, log.propagate = before[0], before[1]
        log.setLevel(before[2])


def test_an_error_about_a_database_never_repeats_a_password() -> None:
    for url in (
        SERVER,
        f"postgresql://desk:{WORD}@127.0.0.1:9/desk?passwd={WORD}&connect_timeout=1",
        f"mysql://u:{WORD}@h/d",
    ):
        with pytest.raises(EngineError) as caught:
            Engine.open(url)
        assert WORD not in f"{caught.value.message} {caught.value.help}"
    assert issubclass(UsageError, EngineError)
