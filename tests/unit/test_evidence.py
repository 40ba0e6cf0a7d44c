"""The tree over all cases, the signatures, and the verifier that needs no engine: whatever was changed is named."""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.evidence.offline import (
    BUNDLE,
    Tree,
    Untrue,
    check_bundle,
    check_signed,
    digest,
    leaf_of,
    main,
    path_of,
    root_by,
    root_of,
    sealed,
)
from engine.evidence.signing import SigningKey, new_signing_key, read_signing_key

FILE = Path(__file__).resolve().parents[2] / "engine" / "evidence" / "offline.py"
KEY = SigningKey(bytes(range(32)))
leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


# ---------------------------------------------------------------- the tree


@given(leaves, st.data())
def test_every_leaf_leads_to_the_root_and_no_other_does(found: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(found) - 1))
    path, root = path_of(found, index), root_of(found)
    assert root_by(path, found[index], index, len(found)) == root
    assert root_by(path, bytes(32), index, len(found)) != root or found[index] == bytes(32)
    other = data.draw(st.integers(0, len(found) - 1))
    if found[other] != found[index]:
        assert root_by(path, found[other], index, len(found)) != root


@given(leaves, st.data())
def test_a_path_of_another_length_leads_nowhere(found: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(found) - 1))
    path = path_of(found, index)
    with pytest.raises(Untrue):
        root_by([*path, bytes(32)], found[index], index, len(found))
    if path:
        with pytest.raises(Untrue):
            root_by(path[:-1], found[index], index, len(found))
    with pytest.raises(Untrue):
        root_by(path, found[index], len(found), len(found))


def test_the_tree_is_that_of_the_standard() -> None:
    # The test vectors of Certificate Transparency (RFC 6962): leaves are hashed with a zero before them.
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    roots = (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
    tree = Tree()
    for part, root in zip(data, roots, strict=True):
        tree.add(hashlib.sha256(b"\x00" + bytes.fromhex(part)).digest())
        assert tree.root().hex() == root


# ---------------------------------------------------------------- signatures


def test_a_statement_is_believed_by_the_key_that_signed_it() -> None:
    signed = KEY.signed('{"number":1}')
    assert check_signed(signed, KEY.fingerprint) == {"number": 1}
    assert check_signed(signed, ":".join(KEY.fingerprint.upper()[n : n + 2] for n in range(0, 64, 2))) == {"number": 1}
    with pytest.raises(Untrue, match="does not follow from the trusted one"):
        check_signed(signed, new_signing_key().fingerprint)
    for change in ({"statement": '{"number":2}'}, {"signature": signed["signature"][::-1]}, {"key": "AAAA"}):
        with pytest.raises(Untrue):
            check_signed({**signed, **change}, KEY.fingerprint)
    with pytest.raises(Untrue, match="it is no signed checkpoint"):
        check_signed({}, KEY.fingerprint)


def test_a_replaced_key_is_trusted_by_what_the_old_one_signed() -> None:
    second = KEY.followed(1)
    third = second.followed(2)
    for trusted in (KEY, second, third):
        assert check_signed(third.signed("{}"), trusted.fingerprint) == {}
    with pytest.raises(Untrue):
        check_signed(KEY.signed("{}"), third.fingerprint)  # the old key does not follow from the new one
    stolen = SigningKey(new_signing_key().secret, third.rotations)
    with pytest.raises(Untrue):
        check_signed(stolen.signed("{}"), KEY.fingerprint)
    forged = [{**third.rotations[0], "signature": third.rotations[1]["signature"]}, third.rotations[1]]
    with pytest.raises(Untrue):
        check_signed({**third.signed("{}"), "rotations": forged}, KEY.fingerprint)


def test_a_signing_key_comes_back_from_its_file_and_nothing_else_is_one() -> None:
    key = KEY.followed(1)
    assert read_signing_key(key.text(), "`sign.key`") == key
    assert str(key.secret) not in repr(key)
    for text in ("", "{}", "[]", '{"secret": "AAAA", "rotations": []}', '{"secret": 1}'):
        with pytest.raises(UsageError, match=r"what `sign\.key` holds is no signing key"):
            read_signing_key(text, "`sign.key`")


# ---------------------------------------------------------------- a bundle

SALT = bytes(32)
DOCUMENT = '{"process":"repair"}'


def chain(count: int, case: str = "R-1") -> list[dict[str, Any]]:
    """Records of a case, linked."""
    document, rows, previous = hashlib.sha256(DOCUMENT.encode()).hexdigest(), list[dict[str, Any]](), ""
    for sequence in range(1, count + 1):
        record: dict[str, Any] = {"case": case, "seq": sequence, "prev": previous, "actor": "lin"}
        record["definition"] = ["repair", 1, document, document]
        if sequence == 1:
            record["changed"] = {"phone": {"sealed": sealed(SALT, '"139"')}}
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
        previous = digest(text)
        rows.append({"sequence": sequence, "text": text, "hash": previous})
    return rows


def a_bundle() -> dict[str, Any]:
    """Four records, of which a checkpoint of three cases holds the first three."""
    rows = chain(4)
    hashes = [leaf_of("Q-1", 2, "q"), leaf_of("R-1", 3, rows[2]["hash"]), leaf_of("R-2", 1, "r")]
    said = {"number": 7, "cases": 3, "records": 6, "root": root_of(hashes).hex()}
    return {
        "casewright": BUNDLE, "case": "R-1", "head": rows[-1]["hash"], "count": 4, "records": rows,
        "documents": {hashlib.sha256(DOCUMENT.encode()).hexdigest(): DOCUMENT},
        "values": [{"sequence": 1, "field": "phone", "text": '"139"', "salt": SALT.hex()}],
        "checkpoint": {
            "signed": KEY.signed(json.dumps(said)), "leaf": ["R-1", 3, rows[2]["hash"]], "index": 1,
            "path": [part.hex() for part in path_of(hashes, 1)],
        },
    }  # fmt: skip


def test_a_whole_bundle_proves_what_it_holds() -> None:
    found = check_bundle(a_bundle(), KEY.fingerprint)
    assert found.wrong == []
    assert [line.split(":")[0] for line in found.proved] == [
        "R-1", "the definitions are those the records name", "private values are those that were sealed",
        "checkpoint 7 of 3 cases holds its first 3 records; 1 came after it",
    ]  # fmt: skip


def flipped(bundle: dict[str, Any]) -> None:
    bundle["records"][1]["text"] = bundle["records"][1]["text"].replace("lin", "mo")


def cut(bundle: dict[str, Any]) -> None:
    del bundle["records"][2:]


def cut_with_its_head(bundle: dict[str, Any]) -> None:
    del bundle["records"][2:]
    bundle.update(count=2, head=bundle["records"][-1]["hash"])


def lost(bundle: dict[str, Any]) -> None:
    del bundle["records"][1]


def swapped(bundle: dict[str, Any]) -> None:
    rows = bundle["records"]
    for name in ("text", "hash"):
        rows[1][name], rows[2][name] = rows[2][name], rows[1][name]


def duplicated(bundle: dict[str, Any]) -> None:
    bundle["records"].insert(2, dict(bundle["records"][1]))


def added(bundle: dict[str, Any]) -> None:
    bundle["records"].append({**bundle["records"][3], "sequence": 5})


def rechained(bundle: dict[str, Any]) -> None:
    """Another actor, and every hash made to fit again: only the checkpoint can tell."""
    previous = ""
    for row in bundle["records"]:
        record = {**json.loads(row["text"]), "prev": previous}
        record["actor"] = "mo" if row["sequence"] == 2 else record["actor"]
        row["text"] = json.dumps(record, sort_keys=True, separators=(",", ":"))
        previous = row["hash"] = digest(row["text"])
    bundle["head"] = previous


def of_another_case(bundle: dict[str, Any]) -> None:
    bundle["records"] = chain(4, "R-2")


def other_value(bundle: dict[str, Any]) -> None:
    bundle["values"][0]["text"] = '"138"'


def other_definition(bundle: dict[str, Any]) -> None:
    bundle["documents"] = {name: text + " " for name, text in bundle["documents"].items()}


def no_definition(bundle: dict[str, Any]) -> None:
    bundle["documents"] = {}


def other_leaf(bundle: dict[str, Any]) -> None:
    bundle["checkpoint"]["leaf"] = ["R-1", 4, bundle["records"][3]["hash"]]


def signed_by_somebody(bundle: dict[str, Any]) -> None:
    bundle["checkpoint"]["signed"] = new_signing_key().signed(bundle["checkpoint"]["signed"]["statement"])


def no_list(bundle: dict[str, Any]) -> None:
    bundle["records"] = 7


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flipped, "R-1 #2: its text was changed: the hash does not fit"),
        (cut, "R-1 #3: the case counts 4 records, the chain has 2"),
        (cut_with_its_head, "R-1 #3: the checkpoint has another record there, or one that is cut off here"),
        (lost, "R-1 #3: record 2 is missing"),
        (swapped, "R-1 #2: it is not linked to the record before it"),
        (duplicated, "R-1 #2: record 2 is there twice"),
        (added, "R-1 #5: it is not linked to the record before it"),
        (rechained, "R-1 #3: the checkpoint has another record there"),
        (of_another_case, "R-1 #1: it belongs to another place"),
        (other_value, "R-1 #1: `phone` is not the value that was sealed"),
        (other_definition, "was changed: the hash does not fit"),
        (no_definition, "the definition of `repair` version 1 is not the one its records name"),
        (other_leaf, "its path does not lead to the signed root"),
        (signed_by_somebody, "which does not follow from the trusted one"),
        (no_list, "the bundle is damaged"),
        (lambda bundle: bundle.clear(), "this is no evidence bundle"),
        (lambda bundle: bundle["checkpoint"].pop("path"), "the bundle is damaged"),
    ],
)
def test_whatever_was_changed_in_a_bundle_is_named(change: Callable[[dict[str, Any]], object], said: str) -> None:
    bundle = copy.deepcopy(a_bundle())
    change(bundle)
    found = check_bundle(bundle, KEY.fingerprint)
    assert any(said in line for line in found.wrong), found


def test_a_checkpoint_proves_nothing_without_a_key_to_trust() -> None:
    assert check_bundle(a_bundle(), None).wrong == [
        "who signed the checkpoint is not known: give the fingerprint you trust"
    ]
    assert not check_bundle({name: part for name, part in a_bundle().items() if name != "checkpoint"}, None).wrong


# ---------------------------------------------------------------- one file


def test_the_verifier_imports_nothing_of_the_engine_and_only_what_signs_from_elsewhere() -> None:
    nodes = list(ast.walk(ast.parse(FILE.read_text("utf-8"))))
    whole = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    parts = {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    names = {name.partition(".")[0] for name in whole | parts}
    assert names - set(sys.stdlib_module_names) == {"cryptography"}


def test_the_verifier_runs_as_a_file_on_its_own(tmp_path: Path) -> None:
    alone = tmp_path / "alone.py"
    alone.write_bytes(FILE.read_bytes())
    (tmp_path / "bundle.json").write_text(json.dumps(a_bundle()))
    words = [sys.executable, "-I", str(alone), "bundle.json", "--trust", KEY.fingerprint]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (0, "verified", "")


def test_the_verifier_says_what_is_wrong_and_leaves_with_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle.json"
    assert main([str(path)]) == 2
    path.write_text("[")
    assert main([str(path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
    bundle = a_bundle()
    flipped(bundle)
    path.write_text(json.dumps(bundle))
    assert main([str(path), "--trust", KEY.fingerprint]) == 7
    assert "!!  R-1 #2: its text was changed" in capsys.readouterr().out
