"""Private values are encrypted: under the key of their case, or of their entry in a register.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

revision = "0008"
down_revision = "0007"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
PAGE = 1_000


def upgrade() -> None:
    """Lock every value that stands in clear. Keys stay as they are: the host's key wraps them afterwards."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        # What stood in clear goes with its tables, and their pages are overwritten, not only let go.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
        _make_anew()
    else:
        op.add_column("parties", sa.Column("erasure", WORD))
    _lock_cases(connection)
    _lock_parties(connection)
    if connection.dialect.name == "sqlite":
        op.drop_table("personal_before")
        op.drop_table("parties_before")
        op.create_index(
            "ix_personal_search", "personal", ["search", "case_id"], sqlite_where=sa.text("search IS NOT NULL")
        )
    op.create_index("ix_attachments_hash", "attachments", ["hash"])


def _make_anew() -> None:
    words, numbers = sa.Text(), sa.BigInteger()
    op.rename_table("personal", "personal_before")
    op.rename_table("parties", "parties_before")
    op.create_table(
        "personal",
        sa.Column("case_id", words, nullable=False),
        sa.Column("field", words, nullable=False),
        sa.Column("value", words, nullable=False),
        sa.Column("search", words),
        sa.PrimaryKeyConstraint("case_id", "field", name="pk_personal"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "parties",
        sa.Column("party", words, nullable=False),
        sa.Column("id", words, nullable=False),
        sa.Column("number", numbers, nullable=False, autoincrement=False),
        sa.Column("at_ms", numbers, nullable=False),
        sa.Column("changed_by", words, nullable=False),
        sa.Column("is_active", numbers, nullable=False),
        sa.Column("data", words, nullable=False),
        sa.Column("private", words, nullable=False),
        sa.Column("erasure", words),
        sa.PrimaryKeyConstraint("party", "id", "number", name="pk_parties"),
        sqlite_with_rowid=False,
    )


def _lock_cases(connection: sa.Connection) -> None:
    is_file = connection.dialect.name == "sqlite"
    change = sa.text(
        "INSERT INTO personal VALUES (:case, :field, :value, :search)"
        if is_file
        else "UPDATE personal SET value = :value WHERE case_id = :case AND field = :field"
    )
    for rows in _pages(
        connection,
        "SELECT p.case_id, p.field, p.value, p.search, k.secret "
        f"FROM {'personal_before' if is_file else 'personal'} p JOIN case_keys k ON k.case_id = p.case_id "
        "WHERE (p.case_id, p.field) > (:first, :second) ORDER BY p.case_id, p.field LIMIT :most",
    ):
        locked = [
            {
                "case": case, "field": field, "search": search,
                "value": _locked(bytes.fromhex(secret), f"{case}/{field}", value),
            }
            for case, field, value, search, secret in rows
        ]  # fmt: skip
        connection.execute(change, locked)


def _lock_parties(connection: sa.Connection) -> None:
    is_file = connection.dialect.name == "sqlite"
    keys: dict[str, bytes] = {}
    names = "party, id, number, at_ms, changed_by, is_active, data, private"
    change = sa.text(
        f"INSERT INTO parties ({names}) VALUES (:{', :'.join(names.split(', '))})"
        if is_file
        else "UPDATE parties SET private = :private WHERE party = :party AND id = :id AND number = :number"
    )
    found = connection.execute(sa.text(f"SELECT {names} FROM {'parties_before' if is_file else 'parties'}"))
    for row in found.mappings().fetchall():
        owner, private = f"{row['party']}:{row['id']}", json.loads(row["private"])
        if private:
            keys.setdefault(owner, bytes.fromhex(secrets.token_hex(32)))
        locked = {name: _locked(keys[owner], f"{owner}/{name}", _text(value)) for name, value in private.items()}
        connection.execute(change, {**row, "private": json.dumps(locked)})
    for owner, key in keys.items():
        connection.execute(
            sa.text("INSERT INTO case_keys (case_id, secret) VALUES (:owner, :secret)"),
            {"owner": owner, "secret": key.hex()},
        )


def _pages(connection: sa.Connection, text: str) -> Iterator[list[Any]]:
    after = ("", "")
    while rows := connection.execute(sa.text(text), {"first": after[0], "second": after[1], "most": PAGE}).fetchall():
        yield list(rows)
        after = rows[-1][0], rows[-1][1]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _locked(secret: bytes, place: str, text: str) -> str:
    key, nonce = hmac.new(secret, b"casewright values 1", hashlib.sha256).digest(), secrets.token_bytes(12)
    return "~" + b64encode(nonce + AESGCM(key).encrypt(nonce, text.encode(), place.encode())).decode()


def downgrade() -> None:
    """What was locked is not written in clear again."""
    raise RuntimeError("private values are not put in clear again; go back to the copy made before")
