"""Under which key private things stand: one for each case, its files, entry of a register, person; the host's wraps it.

The library that encrypts is imported when something is first locked or opened: who touches no private value pays
nothing for it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import KeyMissing, UsageError, VerificationFailed

KEY, KEY_FILE = "CASEWRIGHT_KEY", "CASEWRIGHT_KEY_FILE"
"""Where the environment holds the host's key, or names the file that does."""

LOCKED = "~"
"""The first sign of what is encrypted: neither JSON nor a key in clear begins so."""

VALUES = b"casewright values 1"
_NONCE, _TAG = 12, 16

_KEY_IN_CLEAR = re.compile("([0-9a-f]{2})+")

MORE = _NONCE + _TAG
"""By how many bytes a content is longer when it is locked."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """A key that the host keeps outside the database; `id` tells which one it is and nothing else."""

    id: str
    secret: bytes = field(repr=False)


class HostKeys:
    """The host's keys: the first wraps, every one opens. Without any, the keys of cases stand in clear."""

    def __init__(self, keys: tuple[HostKey, ...] = ()) -> None:
        self._current = keys[0] if keys else None
        self._keys = {key.id: key for key in keys}

    @property
    def mark(self) -> str:
        """How a key begins that is wrapped as it should be now; empty without a host's key."""
        return f"{LOCKED}{self._current.id}:" if self._current is not None else ""

    def wrap(self, secret: bytes, owner: str) -> str:
        """A key as it is stored: under the host's newest key, or in clear where there is none."""
        if self._current is None:
            return secret.hex()
        return self.mark + _locked(self._current.secret, owner, secret)

    def open(self, stored: str, owner: str) -> bytes:
        """The key that is stored so; `KeyMissing` where the host's key is not here, or none is stored any more."""
        if (trouble := self.trouble(stored, owner)) is not None:
            raise trouble
        if not stored.startswith(LOCKED):
            return bytes.fromhex(stored)
        known_as, _, locked = stored[len(LOCKED) :].partition(":")
        return _opened(self._keys[known_as].secret, owner, locked)

    def trouble(self, stored: str, owner: str) -> KeyMissing | VerificationFailed | None:
        """Why the key that is stored so cannot be opened, as far as that is seen without opening it."""
        if not stored:
            return KeyMissing(
                f"the key `{owner}` of private values is not there: they were erased, or keys were left out of a copy",
                help="`casewright db keys FILE` brings keys back that were kept apart",
            )
        if not stored.startswith(LOCKED):
            return None if _KEY_IN_CLEAR.fullmatch(stored) else _changed_key(owner)
        known_as = stored[len(LOCKED) :].partition(":")[0]
        if known_as in self._keys:
            return None
        return KeyMissing(
            f"the key `{owner}` of private values is locked by the host's key `{known_as}`, which is not here",
            help=f"name the file that holds it: {KEY_FILE}=PATH; all else works without it",
        )

    def can_open(self, stored: str) -> bool:
        """Whether a key that is stored so can be opened here."""
        return bool(stored) and (not stored.startswith(LOCKED) or stored[1:].partition(":")[0] in self._keys)

    def lock_value(self, stored: str, place: tuple[str, str], text: str) -> str:
        """A private value's text as it is stored, under the key of its owner; a place is owner and field."""
        return LOCKED + _locked(_value_key(self.open(stored, place[0])), "/".join(place), text.encode())

    def open_value(self, stored: str, place: tuple[str, str], locked: str) -> str:
        """The text again; `VerificationFailed` if what is stored is not what was locked in this place."""
        return _opened(_value_key(self.open(stored, place[0])), "/".join(place), locked[len(LOCKED) :]).decode()

    def lock_content(self, stored: str, place: tuple[str, str], content: bytes) -> bytes:
        """The bytes of a file as they are stored, under the key of its owner; a place is owner and hash."""
        return _encrypted(_value_key(self.open(stored, place[0])), "/".join(place), content)

    def open_content(self, stored: str, place: tuple[str, str], locked: bytes) -> bytes:
        """The bytes again; `VerificationFailed` if what is stored is not what was locked in this place."""
        return _decrypted(_value_key(self.open(stored, place[0])), "/".join(place), locked)


NO_KEYS = HostKeys()
"""What a host has that gave none."""


class LockedValues(Mapping[str, Any]):
    """Private values as they are stored, each opened when it is asked for; one that is empty was erased: None."""

    __slots__ = ("_key", "_keys", "_opened", "_owner", "_texts")

    def __init__(self, keys: HostKeys, owner: str, key: str, texts: Mapping[str, str]) -> None:
        self._keys = keys
        self._owner = owner
        self._key = key  # of the owner, as stored
        self._texts = texts
        self._opened: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._opened:
            locked = self._texts[name]
            place = self._owner, name
            self._opened[name] = json.loads(self._keys.open_value(self._key, place, locked)) if locked else None
        return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, name: object) -> bool:
        return name in self._texts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping) or self.keys() != other.keys():  # told without opening anything
            return False
        return all(self[name] == other[name] for name in self)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<private values of {self._owner}: {', '.join(self._texts)}>"

    @property
    def trouble(self) -> KeyMissing | VerificationFailed | None:
        """Why none of them can be opened, as far as that is seen without opening any; None for none."""
        return self._keys.trouble(self._key, self._owner) if any(self._texts.values()) else None

    @property
    def size(self) -> int:
        """The signs of all of them as stored."""
        return sum(map(len, self._texts.values()))


class WithPrivate(Mapping[str, Any]):
    """Values of which some are private: those are read where they are kept, and only when one is asked for."""

    __slots__ = ("_plain", "_private")

    def __init__(self, plain: Mapping[str, Any], private: Mapping[str, Any]) -> None:
        self._plain = plain  # has every name
        self._private = private

    def __getitem__(self, name: str) -> Any:
        return self._private[name] if name in self._private and name in self._plain else self._plain[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)

    def __repr__(self) -> str:
        return repr(dict(self))


def owner_of_files(case: str) -> str:
    """Whose key that of a case's files is: another one than the case's, for they may be kept when values are erased."""
    return f"{case}/files"


def place_of_name(case: str, digest: str) -> tuple[str, str]:
    """Where the name of a file with this content is locked."""
    return owner_of_files(case), f"{digest}/name"


def owner_of_addresses(person: str) -> str:
    """Whose key that of a person's addresses is; no case, event or entry of a register is called so."""
    return f"actor/{person}"


def host_keys(environment: Mapping[str, str] | None = None) -> HostKeys:
    """The host's keys as the environment gives them, or names the file with one a line, the newest first."""
    text, where = secret_text(os.environ if environment is None else environment, KEY)
    keys = tuple(_host_key(line, where) for line in text.split())
    if where != KEY and not keys:
        raise UsageError(f"no key stands in {where}", help="`casewright privacy keygen -o FILE` makes one")
    return HostKeys(keys)


def secret_text(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    """A secret that a variable holds, or the file that the variable `…_FILE` names, and where it was found."""
    text, path = environment.get(name, ""), environment.get(f"{name}_FILE", "")
    if text and path:
        raise UsageError(f"both {name} and {name}_FILE are set, and it is unclear which counts", help="unset one")
    if not path:
        return text, name
    try:
        return Path(path).read_text("utf-8"), f"the file `{path}`"
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the key cannot be read from the file `{path}`: {error}") from None


def new_host_key() -> str:
    """A new key, as it stands in its file."""
    return urlsafe_b64encode(bytes.fromhex(secrets.token_hex(32))).decode()


def host_key_id(text: str) -> str:
    """By what a key is known that stands so in its file."""
    return _host_key(text, "it").id


def _host_key(text: str, where: str) -> HostKey:
    try:
        secret = urlsafe_b64decode(text)
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise UsageError(
            f"what {where} holds is no key: 32 bytes in base64, one key a line",
            help="`casewright privacy keygen -o FILE` makes one",
        )
    return HostKey(hashlib.sha256(b"casewright host key 1\n" + secret).hexdigest()[:8], secret)


def _value_key(secret: bytes) -> bytes:
    """The key that encrypts, another one than that of the commitments."""
    return hmac.new(secret, VALUES, hashlib.sha256).digest()


def _locked(key: bytes, place: str, content: bytes) -> str:
    return b64encode(_encrypted(key, place, content)).decode()


def _opened(key: bytes, place: str, locked: str) -> bytes:
    try:
        content = b64decode(locked, validate=True)
    except ValueError as error:
        raise _changed(place) from error
    return _decrypted(key, place, content)


def _encrypted(key: bytes, place: str, content: bytes) -> bytes:
    """AES-256-GCM, bound to its place: what is locked in one opens in no other."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, place.encode())


def _decrypted(key: bytes, place: str, locked: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(locked[:_NONCE], locked[_NONCE:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise _changed(place) from error


def _changed_key(owner: str) -> VerificationFailed:
    return VerificationFailed(
        f"the key `{owner}` of private values was changed: what is stored is no key",
        help="go back to the last backup, its keys included",
    )


def _changed(place: str) -> VerificationFailed:
    return VerificationFailed(f"what is locked as `{place}` was changed, or is not of this key")
