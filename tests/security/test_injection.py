"""Signs that mean something elsewhere – to SQL, paths, XML, terminals, spreadsheets, mail – through every input."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine import Actor, Engine, Import, NotFound, Person, Search, UsageError
from engine.app.outgoing.delivery import Delivery
from engine.cli.streams import Streams
from engine.deliverers.mail import letter
from engine.deliverers.web import event_of
from engine.drawing.layout import placed
from engine.drawing.mermaid import mermaid_of
from engine.drawing.page import page_of
from engine.drawing.picture import Picture, picture_of
from engine.drawing.svg import svg_of
from engine.exports.rows import csv_line
from engine.lang.load import load_process
from engine.testing import ManualTime, engine_in_memory
from tests.app.desks import ADMIN, LIN, NINE, done, open_errand, send, sources
from tests.cli.desks import fields, report, run, set_up

SQL = (
    "'; DROP TABLE cases; --",
    '" OR 1=1 --',
    "\\'; DELETE FROM records; --",
    "%' OR '1'='1",
    "$1; SELECT 1",
    "?",
    ":a",
)
PATHS = (
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\win.ini",
    "file:///etc/passwd",
    "a\nb",
    "-rf",
    "~/x",
)
TEMPLATES = (
    "{case.phone}",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "%s%n",
    "{0.__class__}",
    "<%= 1 %>",
    "#{1}",
    "$(id)",
    "`id`",
)
MARKUP = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "]]>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>", "&x;",
    "--> click A href \"javascript:x\"", "</text></svg>",
)  # fmt: skip
TERMINAL = (
    "\x1b[2J\x1b[31mred",
    "\x9b31m",
    "a\rb",
    "\x07\x08",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "\x1b]0;title\x07",
    "\u200b",
)
FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "＝1+1", ' =HYPERLINK("http://x")', "=cmd|' /C calc'!A0")
MAIL = ("x\r\nBcc: all@example.com", "x\n\nbody", "=?utf-8?q?x?=")
NASTY = (*SQL, *PATHS, *TEMPLATES, *MARKUP, *TERMINAL, *FORMULAS, *MAIL)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")


# ---------------------------------------------------------------- SQL, and every other way into a store


def test_whatever_is_typed_is_kept_as_it_is_and_is_no_statement(engine: Engine) -> None:
    """On every store: values, ids, keys, names, searches."""
    phones: dict[str, str] = {}
    for number, text in enumerate(SQL):
        opened = engine.open_case("errand", {"what": text, "phone": text}, actor=LIN, key=f"{text}{number}")
        phones[done(opened).id] = text
        done(engine.attach(done(opened).id, text, text.encode(), actor=LIN, media_type=text))
        done(engine.open_case("parcel", {"waybill": text}, actor=LIN))
    for case, text in phones.items():
        view = engine.case(case)
        assert (view.data["what"], view.data["phone"]) == (text, text)
        assert [one.name for one in engine.attachments(case)] == [text]
        assert case in [row.id for row in engine.worklist(Search(actor=LIN, find=text)).rows]
        for asked in (lambda text=text: engine.case(text), lambda text=text: engine.history(text)):  # type: ignore[misc]
            with pytest.raises(NotFound):
                asked()
        for search in (Search(actor=LIN, process=text), Search(actor=LIN, state=text), Search(actor=LIN, queue=text)):
            with pytest.raises(NotFound):
                engine.worklist(search)
    assert engine.worklist(Search(actor=LIN, all=True, find="nothing like it")).rows == ()
    assert len(engine.worklist(Search(actor=LIN, all=True)).rows) == 2 * len(SQL)


def test_names_of_people_are_kept_or_refused_and_are_no_statement(engine: Engine) -> None:
    engine.save_person(Person(id="root", name="Root", roles=("admin",)), actor="root")
    known = {"root"}
    for text in NASTY:
        with suppress(UsageError):  # the sentence for the caller; anything else fails this test
            engine.save_person(Person(id=text, name=text, roles=("agent",)), actor="root")
            known.add(text)
        with suppress(UsageError):
            engine.open_case("errand", {"what": "x"}, actor=Actor(id=text, roles=("agent",)))
    assert {person.id for person in engine.people()} == known


# ---------------------------------------------------------------- templates, mail, webhooks


@pytest.fixture(scope="module")
def sent() -> list[Delivery]:
    """What goes out of a desk whose every field holds something nasty."""
    found: list[Delivery] = []
    with engine_in_memory(sources(), "errand", "call", time=ManualTime(NINE)) as engine:
        engine.save_person(Person(id="root", name="Root", roles=("admin",)), actor="root")
        engine.save_person(Person(id="run", name=MAIL[0], roles=("runner",)), actor="root")
        engine.on("*", found.append)
        for text in NASTY:
            case = open_errand(engine, what=text[:40], phone=text)
            send(engine, case)
            engine.run_once()
    assert len(found) == 2 * len(NASTY)
    return found


def test_a_value_in_a_text_is_not_read_as_a_template(sent: list[Delivery]) -> None:
    texts = [one.text for one in sent if one.receiver == "run"]
    assert texts == [f"fetch {text[:40]} for {text}" for text in NASTY]


def test_no_value_makes_a_header_of_a_letter(sent: list[Delivery]) -> None:
    from email import message_from_bytes, policy
    from email.headerregistry import Address

    for one in sent:
        read = message_from_bytes(letter(one, Address(addr_spec="desk@example.com")).as_bytes(), policy=policy.default)
        assert set(map(str.lower, read.keys())) == {
            "from", "to", "subject", "date", "message-id", "auto-submitted", "content-type", "mime-version",
            "content-transfer-encoding", "content-language",
        }  # fmt: skip
        assert not read.defects
        assert "\n" not in str(read["Subject"])


def test_an_event_of_a_webhook_stays_one_line_of_json(sent: list[Delivery]) -> None:
    for one in sent:
        line = json.dumps(event_of(one, "/casewright"), ensure_ascii=False)
        assert "\n" not in line
        assert json.loads(line)["data"]["text"] == one.text
        assert json.loads(line)["subject"] == one.case


# ---------------------------------------------------------------- pictures and pages


def labelled(text: str) -> str:
    """A process with this text wherever a label stands."""
    quoted = json.dumps(text, ensure_ascii=False)
    return sources()["processes/errand.yaml"].replace("zh: 跑腿}", f"zh: {quoted}}}").replace(
        "en: Errand,", f"en: {quoted},"
    ).replace("{en: Waiting, zh: 待派}", f"{{en: {quoted}, zh: {quoted}}}").replace(
        "{en: Send, zh: 派出}", f"{{en: {quoted}, zh: {quoted}}}"
    ).replace("en: Sent within 15 minutes", f"en: {quoted}")  # fmt: skip


LABELS = (*MARKUP, *TEMPLATES, *FORMULAS, '"quoted"', "a;b", "a:::b", "%%{init: {}}%%", "[*] --> x")


class Skeleton(HTMLParser):
    """What of a page is not text: its elements and the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: set[tuple[str, ...]] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.add((tag, *sorted(name for name, _ in attrs)))

    def handle_decl(self, decl: str) -> None:
        self.parts.add(("!", decl))

    def unknown_decl(self, data: str) -> None:
        self.parts.add(("!", data))


def pictured(text: str) -> Picture:
    definition = load_process(sources(errand=labelled(text)), "errand").definition
    assert definition is not None
    return picture_of(definition, "en")


def svg_parts(picture: Picture) -> set[tuple[str, ...]]:
    return {(one.tag, *sorted(one.attrib)) for one in ElementTree.fromstring(svg_of(placed(picture))).iter()}


def mermaid_bones(picture: Picture) -> list[str]:
    """The lines without what stands in quotes, or behind the colon of a way."""
    return [re.sub(r'"[^"]*"', '""', line).partition(": ")[0] for line in mermaid_of(picture).splitlines()]


@pytest.mark.parametrize("text", LABELS)
def test_a_label_is_text_in_every_picture(text: str) -> None:
    """It changes what is read in a picture, and nothing of what the picture is made of."""
    picture = pictured(text)
    plain = pictured("Plain")
    assert svg_parts(picture) <= svg_parts(plain)
    assert Skeleton(page_of(picture)).parts <= Skeleton(page_of(plain)).parts
    assert mermaid_bones(picture) == mermaid_bones(plain)


# ---------------------------------------------------------------- the command line


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """All that commands print, in both languages, of a desk into which tricks were typed."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CASEWRIGHT_")]:
            patch.delenv(name)
        patch.setenv("COLUMNS", "100")
        patch.chdir(set_up(tmp_path_factory.mktemp("desk")))
        tricks = "".join(TERMINAL)
        case = report(f"fault=A{tricks}B", f"customer=C{tricks}D", "place=\u202e1-1")
        (Path.cwd() / "slip.txt").write_text("x")
        printed = [
            run("attach", case, "slip.txt", "--name", f"N{tricks}.txt", "--as", "wang.fang"),
            run("do", case, "dispatch", "--as", "zhao.lei", *fields(f"technician=T{tricks}", f"slip={tricks}")),
            run("do", case, "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", f"slip=P{tricks}")),
            run("actor", "add", "xu.na", "--name", f"Xu{tricks}", "--role", "agent", "--as", "boss"),
            run("actor", "add", f"x{tricks}", "--role", "agent", "--as", "boss"),
            run("open", f"rep{tricks}", "--as", "wang.fang"),
            run("show", f"R-{tricks}", "--as", "wang.fang"),
            run("list", "--as", f"nobody{tricks}"),
        ]
        printed += [
            run(*words, language=language)
            for language, words in (
                ("en", ("list", "--as", "li.wei")), ("en", ("show", case, "--as", "li.wei")),
                ("zh", ("show", case, "--as", "li.wei")), ("en", ("history", case, "--as", "li.wei")),
                ("en", ("do", case, "--as", "li.wei")), ("en", ("outbox", "show", "1", "--as", "li.wei")),
                ("en", ("actor", "list")), ("en", ("report", "repair")), ("en", ("list", "--find", tricks)),
                ("en", ("draw", "--case", case, "--as", "li.wei")), ("en", ("show", case, "--as", "li.wei", "--json")),
                ("en", ("history", case, "--as", "li.wei", "--json")), ("en", ("list", "--as", "li.wei", "--json")),
                ("en", ("show", f"R-{tricks}", "--as", "li.wei", "--json")),
            )
        ]  # fmt: skip
        assert sum(one.code == 0 for one in printed) > 8
        yield [one.out + one.err for one in printed]


def test_nothing_a_command_prints_plays_tricks_on_a_terminal(shown: list[str]) -> None:
    assert any("A" in text and "B" in text and "�" in text for text in shown)
    for text in shown:
        assert not CONTROL.search(text), ascii(text)


class Terminal(io.StringIO):
    """What somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_json_says_what_was_typed_and_a_file_is_told_to_a_terminal_without_tricks() -> None:
    text = "".join(TERMINAL) + "中文　🙂"
    out = io.StringIO()
    Streams(out=out, err=out, into=out).give({"fault": text})
    assert json.loads(out.getvalue()) == {"fault": text}
    assert not CONTROL.search(out.getvalue())
    assert "中文　🙂" in out.getvalue()
    seen, file = Terminal(), io.StringIO()
    for where in (seen, file):
        Streams(out=where, err=where, into=where).pour(f"a,{text}\r\nb\r\n")
    assert file.getvalue() == f"a,{text}\r\nb\r\n"
    assert not CONTROL.search(seen.getvalue())
    assert seen.getvalue().count("\n") == 2


# ---------------------------------------------------------------- spreadsheets, imports, paths


def test_no_cell_of_any_table_is_a_formula_nor_is_a_heading() -> None:
    read = list(csv.reader(io.StringIO("".join(csv_line([text, -1, None, text]) for text in FORMULAS), newline="")))
    assert [row[0] for row in read] == [f"'{text}" for text in FORMULAS]
    assert {row[1] for row in read} == {"-1"}  # a number stays one


LINE = {"at": "2026-03-01 09:00", "open": "errand"}


def test_lines_of_an_import_are_values_whatever_stands_in_them() -> None:
    with engine_in_memory(sources(), "errand", "call", time=ManualTime(NINE)) as engine:
        lines = [json.dumps({**LINE, "as": "agent:lin", "case": text, "form": {"what": text[:40]}}) for text in NASTY]
        lines += [
            json.dumps({**LINE, "as": f"{text}:lin", "case": f"x{number}", "form": {}})
            for number, text in enumerate(NASTY)
        ]
        lines += ["\x00", "{" * 5_000, "[" * 5_000, '{"at": 1e999}', '{"__proto__": {}}']
        found = engine.import_lines(lines, Import(name="../../etc/passwd"), actor=ADMIN)
        assert (found.done, len(found.errors)) == (len(NASTY), len(lines) - len(NASTY))
        assert {row.data["what"] for row in engine.worklist(Search(actor=LIN, all=True, limit=200)).rows} == {
            text[:40] for text in NASTY
        }
        assert not engine.verify().problems


@pytest.mark.parametrize("name", PATHS)
def test_no_name_of_a_file_leads_out_of_the_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are kept as names: what is attached lies in the database, and nothing is written under its name."""
    monkeypatch.chdir(tmp_path)
    with engine_in_memory(sources(), "errand", "call", time=ManualTime(NINE)) as engine:
        case = open_errand(engine)
        done(engine.attach(case, name, b"x", actor=LIN))
        assert engine.attachments(case)[0].name == name
    assert list(tmp_path.iterdir()) == []
    made = run("new", name)
    assert made.code != 0
    assert list(tmp_path.iterdir()) == []


def test_a_definition_names_no_file_and_no_code() -> None:
    """Nothing of a definition is imported, executed or looked up."""
    for text in ("!!python/object/apply:os.system ['true']", "!include /etc/passwd", "&a [*a]", "os.system"):
        loaded = load_process(sources(errand=sources()["processes/errand.yaml"] + f"\nlabel2: {text}\n"), "errand")
        assert loaded.definition is None
    guard = sources()["processes/errand.yaml"]
    for code in ("__import__('os')", "actor.__class__", "case.what.format(1)", "open('/etc/passwd')", "eval('1')"):
        assert (
            load_process(sources(errand=guard.replace("form.runner in facts.at_work", code)), "errand").definition
            is None
        )
