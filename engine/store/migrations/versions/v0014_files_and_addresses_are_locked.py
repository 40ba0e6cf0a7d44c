"""Attached files and people's addresses are encrypted: under a key of the case's files, and of the person.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

revision = "0014"
down_revision = "0013"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
PAGE = 1_000


def upgrade() -> None:
    """Lock what stands in clear. The new keys stand in clear as well: the host's key wraps them afterwards."""
    connection = op.get_bind()
    is_file = connection.dialect.name == "sqlite"
    if is_file:
        # What stood in clear goes with its tables, and their pages are overwritten, not only let go.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
        _make_anew()
    else:
        op.execute("ALTER TABLE contents RENAME CONSTRAINT pk_contents TO pk_contents_before")
    op.drop_index("ix_attachments_hash", "attachments_before" if is_file else "attachments")
    op.rename_table("contents", "contents_before")
    op.create_table(
        "contents",
        sa.Column("case_id", WORD, nullable=False),
        sa.Column("hash", WORD, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "hash", name="pk_contents"),
    )
    _lock_contents(connection, _lock_names(connection, is_file=is_file))
    _lock_addresses(connection, is_file=is_file)
    op.drop_table("contents_before")
    if is_file:
        op.drop_table("attachments_before")
        op.drop_table("addresses_before")


def _make_anew() -> None:
    op.drop_index("ix_attachments_case_id", "attachments")
    op.rename_table("attachments", "attachments_before")
    op.rename_table("addresses", "addresses_before")
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("case_id", "hash", "name", "media_type")),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attachments_case_id", "attachments", ["case_id", "hash"])  # cases are looked for by it below
    op.create_table(
        "addresses",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("person", "kind", "address")),
        sa.PrimaryKeyConstraint("person", "kind", name="pk_addresses"),
        sqlite_with_rowid=False,
    )


def _lock_names(connection: sa.Connection, *, is_file: bool) -> dict[str, bytes]:
    """Lock the names; the keys that were made, by case."""
    keys: dict[str, bytes] = {}
    change = sa.text(
        "INSERT INTO attachments VALUES (:id, :case_id, :hash, :name, :media_type, :at_ms)"
        if is_file
        else "UPDATE attachments SET name = :name WHERE id = :id"
    )
    for rows in _pages(
        connection, f"SELECT * FROM {'attachments_before' if is_file else 'attachments'} WHERE id > :after ORDER BY id"
    ):
        locked = []
        for row in rows:
            case, digest = row["case_id"], row["hash"]
            if case not in keys:
                keys[case] = _new_key(connection, f"{case}/files")
            name = _encrypted(keys[case], f"{case}/files/{digest}/name", row["name"].encode())
            locked.append({**row, "name": "~" + b64encode(name).decode()})
        connection.execute(change, locked)
    return keys


def _lock_contents(connection: sa.Connection, keys: dict[str, bytes]) -> None:
    """One after the other: each may be large."""
    read = sa.text("SELECT content FROM contents_before WHERE hash = :hash")
    write = sa.text("INSERT INTO contents (case_id, hash, content) VALUES (:case, :hash, :content)")
    for case, key in keys.items():
        own = sa.text("SELECT DISTINCT hash FROM attachments WHERE case_id = :case")
        for (digest,) in connection.execute(own, {"case": case}).fetchall():
            content = connection.execute(read, {"hash": digest}).scalar_one_or_none()
            if content is not None:
                locked = _encrypted(key, f"{case}/files/{digest}", bytes(content))
                connection.execute(write, {"case": case, "hash": digest, "content": locked})


def _lock_addresses(connection: sa.Connection, *, is_file: bool) -> None:
    keys: dict[str, bytes] = {}
    change = sa.text(
        "INSERT INTO addresses VALUES (:person, :kind, :address)"
        if is_file
        else "UPDATE addresses SET address = :address WHERE person = :person AND kind = :kind"
    )
    found = connection.execute(sa.text(f"SELECT * FROM {'addresses_before' if is_file else 'addresses'}"))
    for person, kind, address in found.fetchall():
        owner = f"actor/{person}"
        if owner not in keys:
            keys[owner] = _new_key(connection, owner)
        locked = "~" + b64encode(_encrypted(keys[owner], f"{owner}/{kind}", address.encode())).decode()
        connection.execute(change, {"person": person, "kind": kind, "address": locked})


def _pages(connection: sa.Connection, text: str) -> Iterator[list[Any]]:
    after = 0
    while rows := connection.execute(sa.text(f"{text} LIMIT {PAGE}"), {"after": after}).mappings().fetchall():
        yield list(rows)
        after = rows[-1]["id"]


def _new_key(connection: sa.Connection, owner: str) -> bytes:
    key = secrets.token_hex(32)
    connection.execute(
        sa.text("INSERT INTO case_keys (case_id, secret) VALUES (:owner, :secret)"), {"owner": owner, "secret": key}
    )
    return bytes.fromhex(key)


def _encrypted(secret: bytes, place: str, content: bytes) -> bytes:
    key, nonce = hmac.new(secret, b"casewright values 1", hashlib.sha256).digest(), secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, content, place.encode())


def downgrade() -> None:
    """What was locked is not written in clear again."""
    raise RuntimeError("files and addresses are not put in clear again; go back to the copy made before")
