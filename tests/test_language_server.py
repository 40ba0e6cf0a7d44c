"""The schemas in the real `yaml-language-server`: what it offers, what it explains, what it marks as wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.npm import npm_folder

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}


class Server:
    """A language server behind its standard streams, as an editor talks to it."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.found: dict[str, list[Any]] = {}
        self.asked = 0
        formats = {"completion": {}, "hover": {"contentFormat": ["markdown"]}, "publishDiagnostics": {}}
        capabilities = {"textDocument": formats, "workspace": {"configuration": True}}
        self.ask("initialize", {"processId": None, "rootUri": ROOT.as_uri(), "capabilities": capabilities})
        self.tell("initialized", {})

    def tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        self.asked += 1
        self._send({"id": self.asked, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == self.asked and "method" not in message:
                return message["result"]

    def open(self, name: str, text: str) -> str:
        """Show a file of the folder of processes, as somebody types it."""
        uri = (ROOT / "processes" / name).as_uri()
        self.tell(
            "textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}
        )
        return uri

    def wrong(self, uri: str) -> list[tuple[int, str]]:
        """What it marks in a file: lines from 1, and messages."""
        while uri not in self.found:
            self._next()
        return [(one["range"]["start"]["line"] + 1, one["message"]) for one in self.found[uri]]

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _next(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.found[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and "method" in message:  # it asks what is set, and may register things
            is_configuration = message["method"] == "workspace/configuration"
            items = message["params"].get("items", ()) if is_configuration else ()
            answer = [SETTINGS if item.get("section") == "yaml" else None for item in items]
            self._send({"id": message["id"], "result": answer if is_configuration else None})
        return message


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The server from npm."""
    script = npm_folder() / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    running = Server(["node", str(script), "--stdio"])
    yield running
    running.process.kill()
    running.process.communicate()


LINE = "# yaml-language-server: $schema=../schemas/{}.schema.json\n"


@pytest.mark.parametrize("path", sorted((ROOT / "processes").glob("*.yaml")), ids=lambda path: path.name)
def test_no_shipped_file_is_marked(server: Server, path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=../schemas/")
    assert server.wrong(server.open(path.name, text)) == []


@pytest.mark.parametrize(
    ("kind", "text", "line", "offered"),
    [
        ("process", "clocks:\n  quick:\n    go\n", 4, {"goal", "met_by", "pauses_in", "thresholds"}),
        (
            "process",
            "states:\n  new:\n    actions:\n      close:\n        \n",
            6,
            {"by", "guards", "form", "then", "to"},
        ),
        ("desk", "lan\n", 2, {"languages", "roles", "parties"}),
        ("scenarios", "process: x\nscenarios:\n  one:\n    - do: x\n      exp\n", 6, {"expect", "refused", "as"}),
    ],
)
def test_the_keys_of_a_place_are_offered(server: Server, kind: str, text: str, line: int, offered: set[str]) -> None:
    lines = (LINE.format(kind) + text).split("\n")
    uri = server.open(f"typed_{kind}_{line}.yaml", "\n".join(lines))
    place = {"line": line - 1, "character": len(lines[line - 1])}
    found = server.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": place})
    assert offered <= {item["label"] for item in found["items"]}


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("process", "version: 1\n", ["A whole number; raised whenever behaviour changes.", "Example"]),
        ("scenarios", "given: {as: agent:lin}\n", ["How every scenario begins unless it says otherwise."]),
    ],
)
def test_a_key_explains_itself_with_an_example(server: Server, kind: str, text: str, said: list[str]) -> None:
    uri = server.open(f"hovered_{kind}.yaml", LINE.format(kind) + text)
    place = {"line": 1, "character": 2}
    shown = server.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": place})["contents"]["value"]
    assert all(part in shown for part in said)


def test_a_wrong_key_is_marked_where_it_stands(server: Server) -> None:
    shipped = (ROOT / "processes" / "suggestion.yaml").read_text("utf-8")
    wrong = shipped.replace("\nlabel:", "\nlable:", 1)
    line = wrong[: wrong.index("lable:")].count("\n") + 1
    assert (line, "Property lable is not allowed.") in server.wrong(server.open("wrong.yaml", wrong))
