"""The key that signs a desk's checkpoints: kept outside the database, and replaced by one that it signs."""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import UsageError
from engine.evidence.offline import CHECKPOINT, ROTATION, fingerprint

SIGNING_KEY = "CASEWRIGHT_SIGNING_KEY"
"""The variable that holds the key; with `_FILE` behind it, the one that names its file."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key, and how it came to follow others."""

    secret: bytes = field(repr=False)
    rotations: tuple[Mapping[str, str], ...] = ()

    @property
    def public(self) -> bytes:
        """The half that everybody may know."""
        public: bytes = _private(self.secret).public_key().public_bytes_raw()
        return public

    @property
    def fingerprint(self) -> str:
        """By what it is known."""
        return fingerprint(self.public)

    @property
    def trusted_fingerprints(self) -> tuple[str, ...]:
        """Its own, and those of the keys that it followed, the newest first: who has it trusts what they signed."""
        olds = [json.loads(rotation["statement"])["old"] for rotation in reversed(self.rotations)]
        return self.fingerprint, *(fingerprint(b64decode(old)) for old in olds)

    def text(self) -> str:
        """As it stands in its file."""
        return json.dumps({"casewright": "signing key 1", "secret": _b64(self.secret), "rotations": self.rotations})

    def signed(self, statement: str) -> dict[str, Any]:
        """A checkpoint's statement with all that proves who made it."""
        return {
            "statement": statement, "key": _b64(self.public), "rotations": list(self.rotations),
            "signature": _b64(_private(self.secret).sign(CHECKPOINT + statement.encode())),
        }  # fmt: skip

    def followed(self, at: int) -> SigningKey:
        """A new key, which this one signs: who trusts this one trusts that one as well."""
        new = new_signing_key()
        said = {"old": _b64(self.public), "new": _b64(new.public), "at": at}
        statement = json.dumps(said, sort_keys=True)
        rotation = {
            "statement": statement,
            "signature": _b64(_private(self.secret).sign(ROTATION + statement.encode())),
        }
        return SigningKey(new.secret, (*self.rotations, rotation))


def new_signing_key() -> SigningKey:
    """A key that follows no other."""
    return SigningKey(bytes.fromhex(secrets.token_hex(32)))


def read_signing_key(text: str, where: str) -> SigningKey:
    """The key that stands so in its file; `UsageError` for what is none."""
    try:
        given = json.loads(text)
        secret, rotations = b64decode(given["secret"], validate=True), tuple(given["rotations"])
    except (ValueError, TypeError, KeyError):
        secret, rotations = b"", ()
    if len(secret) != 32:
        raise UsageError(f"what {where} holds is no signing key", help="`casewright audit keygen -o FILE` makes one")
    return SigningKey(secret, rotations)


def _private(secret: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(secret)


def _b64(content: bytes) -> str:
    return b64encode(content).decode()
