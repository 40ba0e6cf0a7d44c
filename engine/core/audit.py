"""The audit's bytes: canonical JSON (RFC 8785), the hash that links a record to the one before, sealed values."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Any

import rfc8785

from engine.core.cases import Case
from engine.evidence.offline import digest, sealed
from engine.fields import Value
from engine.json_text import encode_sorted

_FRACTION = re.compile(r"(?:^|[:,\[])-?[0-9]+[.e]")  # what may be one; in a text it costs time only


def canonical(value: Any) -> str:
    """The one text of a JSON value by RFC 8785.

    Written quickly it has the same bytes except for fractions and for keys beyond the basic plane; where either
    may be there, the slower library written for it is asked.
    """
    text = encode_sorted(value)
    # Where none of these signs stands there is no fraction, and that is seen ten times as fast as by the pattern.
    may_be_one = "." in text or "e-" in text or ("+" in text and "e+" in text)
    if (may_be_one and _FRACTION.search(text)) or not (text.isascii() or all(ord(sign) <= 0xFFFF for sign in text)):
        return rfc8785.dumps(value).decode()
    return text


def link(record: Mapping[str, Any]) -> tuple[str, str]:
    """The record's text and its hash; `prev` in it names the record before."""
    text = canonical(record)
    return text, digest(text)


def seal(case: Case, sequence: int, field: str, value: Value) -> dict[str, str]:
    """A commitment by a key that stands in clear, as in a world without a store."""
    return sealed_by(bytes.fromhex(case.secret), (sequence, field), value)


def sealed_by(secret: bytes, place: tuple[int, str], value: Value) -> dict[str, str]:
    """A commitment to a personal value: it shows nothing, and whoever has the case's key can prove the value by it."""
    return {"sealed": commitment(secret, *place, value)}


def commitment(secret: bytes, sequence: int, field: str, value: Value) -> str:
    """SHA-256 over a salt drawn from the case's key for this record and field, and the value's canonical text."""
    return sealed(salt_of(secret, sequence, field), canonical(value))


def salt_of(secret: bytes, sequence: int, field: str) -> bytes:
    """What proves one value and no other to whoever is told it with the value."""
    return hmac.new(secret, f"{sequence}:{field}".encode(), hashlib.sha256).digest()


def new_secret(entropy: str, case: str) -> str:
    """The key of a case that has none yet, drawn from the randomness its command brought."""
    return hmac.new(bytes.fromhex(entropy), case.encode(), hashlib.sha256).hexdigest()


def sealed_in(record: Mapping[str, Any]) -> Iterator[str]:
    """The commitments a record holds."""
    for part in ("form", "changed", "attached"):
        for value in record.get(part, {}).values():
            if isinstance(value, dict) and "sealed" in value and len(value) == 1:
                yield value["sealed"]
