"""Private values under a key of their own, which the host's key wraps; every wrong key is told in a sentence."""

from __future__ import annotations

import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from engine.errors import KeyMissing, UsageError, VerificationFailed
from engine.sealing import HostKeys, LockedValues, WithPrivate, host_key_id, host_keys, new_host_key

SECRET = bytes(range(32))
OLD, NEW = (urlsafe_b64encode(bytes([number]) * 32).decode() for number in (1, 2))
PLACE = ("R-1", "phone")


def given(text: str) -> HostKeys:
    return host_keys({"CASEWRIGHT_KEY": text})


@pytest.mark.parametrize("keys", [HostKeys(), given(OLD), given(f"{NEW}\n{OLD}\n")])
def test_a_key_and_a_value_come_back_as_they_were(keys: HostKeys) -> None:
    stored = keys.wrap(SECRET, "R-1")
    assert keys.open(stored, "R-1") == SECRET
    locked = keys.lock_value(stored, PLACE, '"139 长"')
    assert keys.open_value(stored, PLACE, locked) == '"139 长"'
    assert "139" not in locked
    assert keys.lock_value(stored, PLACE, '"139 长"') != locked


def test_without_a_host_s_key_the_key_stands_in_clear_and_with_one_it_does_not() -> None:
    assert HostKeys().wrap(SECRET, "R-1") == SECRET.hex()
    wrapped = given(OLD).wrap(SECRET, "R-1")
    assert wrapped.startswith(f"~{host_key_id(OLD)}:")
    assert SECRET.hex() not in wrapped


def test_a_replaced_key_still_opens_what_it_wrapped_and_the_newest_wraps() -> None:
    old, both = given(OLD), given(f"{NEW} {OLD}")
    stored = old.wrap(SECRET, "R-1")
    assert both.open(stored, "R-1") == SECRET
    assert both.wrap(SECRET, "R-1").startswith(both.mark)
    assert both.mark != old.mark
    assert not old.can_open(both.wrap(SECRET, "R-1"))


def test_a_key_that_is_not_here_is_named() -> None:
    stored = given(OLD).wrap(SECRET, "R-1")
    for keys in (HostKeys(), given(NEW)):
        with pytest.raises(KeyMissing) as met:
            keys.open(stored, "R-1")
        assert met.value.message == (
            f"the key `R-1` of private values is locked by the host's key `{host_key_id(OLD)}`, which is not here"
        )
        assert met.value.help == "name the file that holds it: CASEWRIGHT_KEY_FILE=PATH; all else works without it"
    with pytest.raises(KeyMissing, match="is not there: they were erased, or keys were left out"):
        HostKeys().open("", "R-1")


def test_what_is_locked_opens_in_its_own_place_only_and_not_when_a_sign_of_it_changed() -> None:
    keys = given(OLD)
    stored = keys.wrap(SECRET, "R-1")
    locked = keys.lock_value(stored, PLACE, '"139"')
    with pytest.raises(VerificationFailed, match="`R-1/place` was changed, or is not of this key"):
        keys.open_value(stored, ("R-1", "place"), locked)
    for broken in (locked[:30] + ("A" if locked[30] != "A" else "B") + locked[31:], locked[:-8], "~", "~?"):
        with pytest.raises(VerificationFailed):
            keys.open_value(stored, PLACE, broken)
    with pytest.raises(VerificationFailed):
        keys.open(stored, "R-2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("secret", "what CASEWRIGHT_KEY holds is no key: 32 bytes in base64, one key a line"),
        (OLD[:-4], "what CASEWRIGHT_KEY holds is no key"),
        (f"{OLD}\nkey = 1", "what CASEWRIGHT_KEY holds is no key"),
        ("é" * 44, "what CASEWRIGHT_KEY holds is no key"),
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(text: str, said: str) -> None:
    with pytest.raises(UsageError) as met:
        given(text)
    assert said in met.value.message
    assert text not in f"{met.value.message}{met.value.help}"


def test_the_key_comes_from_a_file_as_well_and_from_one_place_only(tmp_path: Path) -> None:
    path = tmp_path / "desk.key"
    with pytest.raises(UsageError, match="cannot be read from the file"):
        host_keys({"CASEWRIGHT_KEY_FILE": str(path)})
    path.write_text("\n")
    with pytest.raises(UsageError, match="no key stands in the file"):
        host_keys({"CASEWRIGHT_KEY_FILE": str(path)})
    path.write_text(f"{new_host_key()}\n{OLD}\n")
    assert host_keys({"CASEWRIGHT_KEY_FILE": str(path)}).can_open(given(OLD).wrap(SECRET, "R-1"))
    with pytest.raises(UsageError, match="it is unclear which counts"):
        host_keys({"CASEWRIGHT_KEY_FILE": str(path), "CASEWRIGHT_KEY": OLD})
    assert host_keys({}).mark == ""


def test_nothing_shows_a_key_or_a_value() -> None:
    keys = given(OLD)
    stored = keys.wrap(SECRET, "R-1")
    values = LockedValues(keys, "R-1", stored, {"phone": keys.lock_value(stored, PLACE, '"139"')})
    assert dict(values) == {"phone": "139"}
    shown = f"{keys!r} {values!r} {vars(keys)}"
    assert "139" not in shown
    assert "\\x01" not in shown


def test_values_are_opened_only_when_one_is_asked_for() -> None:
    values = LockedValues(HostKeys(), "R-1", "", {"phone": "~AAAA", "place": ""})
    assert (list(values), len(values), "phone" in values, "x" in values) == (["phone", "place"], 2, True, False)
    assert values["place"] is None  # erased
    together = WithPrivate({"phone": {"sealed": "c"}, "what": "milk"}, values)
    assert (together["what"], list(together), len(together)) == ("milk", ["phone", "what"], 2)
    with pytest.raises(KeyMissing):
        together["phone"]


def test_who_touches_no_private_value_does_not_import_what_encrypts() -> None:
    script = (
        "import sys; from engine.sealing import *; keys = host_keys({'CASEWRIGHT_KEY': new_host_key()}); "
        "v = LockedValues(keys, 'R-1', '~x', {'phone': '~'}); len(v), list(v), v.size, v == {}; "
        "print('cryptography' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr
