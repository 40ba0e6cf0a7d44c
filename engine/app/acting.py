"""What changes a case: open, act, claim, release, assign, attach."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.app.catalogue import REVISION
from engine.app.given import Given
from engine.app.kinds import check_key
from engine.app.merging import RecipeOfTwo
from engine.app.people import actor_of
from engine.core.cases import Actor, Command, Verb
from engine.errors import UsageError
from engine.frozen import Frozen, field
from engine.ports import Ahead, Attachment, Transaction
from engine.views import Accepted, Result

LARGEST_FILE = 20 * 1024 * 1024


class Act(Frozen, frozen=True, gc=False):
    """One action of a batch."""

    case: str
    action: str
    form: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    expect_revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that comes with an action: the form names it by its hash, and it is kept only if the action is done."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"

    @property
    def hash(self) -> str:
        """What the form's answer holds."""
        return hashlib.sha256(self.content).hexdigest()


_Asked = tuple[Verb, str, str, Actor | str]
"""What is asked of which case, its name, and by whom."""


class Acting:
    """The verbs of operators."""

    _recipe: RecipeOfTwo

    def open_case(
        self, process: str, form: Mapping[str, Any] | None = None, *, actor: Actor | str,
        facts: Mapping[str, Any] | None = None, key: str | None = None, occurred_at: int | None = None,
        files: Sequence[File] = (),
    ) -> Result:  # fmt: skip
        """Open a case of the newest published version; `NotFound` if none is published.

        Files are attached by the same step, or not at all; the form names each by its hash.
        """
        check_key(key)
        given = Given(form=form or {}, facts=facts or {}, key=key, occurred_at=occurred_at)
        _check_files(files, given.form)

        def work(tx: Transaction) -> Result:
            asked: _Asked = "open", "", process, actor
            return _kept(tx, self._recipe.opening_in(tx, self._command(tx, asked, given), given), files)

        def ahead() -> Ahead:
            return _ahead((), actor, _keys(key), self._named(given.form))._replace(opens=process)

        return self._recipe.whole(work, ahead)

    def act(
        self, case: str, action: str, form: Mapping[str, Any] | None = None, *, actor: Actor | str,
        facts: Mapping[str, Any] | None = None, key: str | None = None, expect_revision: int | None = None,
        occurred_at: int | None = None, files: Sequence[File] = (),
    ) -> Result:  # fmt: skip
        """Do an action; a foreseen "no" is a `Refusal`, a changed revision or a reused key raises `Conflict`.

        Files are attached by the same step, or not at all; the form names each by its hash.
        """
        given = Given(form or {}, facts or {}, key, expect_revision, occurred_at)
        if files:
            _check_files(files, given.form)
        return self._on(("do", case, action, actor), given, files)

    def act_many(self, acts: Sequence[Act], *, actor: Actor | str) -> list[Result]:
        """Do several actions in one commit; each is decided as if alone. An exception undoes all of them."""

        def work(tx: Transaction) -> list[Result]:
            who = actor_of(tx, actor)
            return [
                recipe.command_in(tx, Command("do", one.case, who, one.action, one.form, one.facts, one.key), given)
                for one, given in zip(acts, brought, strict=True)
            ]

        recipe, brought = self._recipe, [Given(one.form, one.facts, one.key, one.expect_revision) for one in acts]
        keys = [one.key for one in acts if one.key is not None]
        for key in keys:
            check_key(key)
        return self._recipe.whole(work, lambda: _ahead([one.case for one in acts], actor, keys))

    def claim(
        self, case: str, *, actor: Actor | str, key: str | None = None, expect_revision: int | None = None
    ) -> Result:
        """Take the case, if nobody holds it; of two who claim at once one gets it, the other is told who."""
        return self._on(("claim", case, "", actor), Given(key=key, expect_revision=expect_revision))

    def release(
        self, case: str, *, actor: Actor | str, key: str | None = None, expect_revision: int | None = None
    ) -> Result:
        """Give the case back."""
        return self._on(("release", case, "", actor), Given(key=key, expect_revision=expect_revision))

    def assign(
        self, case: str, person: str, *, actor: Actor | str, key: str | None = None, expect_revision: int | None = None
    ) -> Result:
        """Give the case to a person."""
        return self._on(("assign", case, person, actor), Given(key=key, expect_revision=expect_revision))

    def merge(
        self, case: str, into: str, *, actor: Actor | str, key: str | None = None, expect_revision: int | None = None
    ) -> Result:
        """End the case in another, which answers for it from then on; commands for it reach the survivor.

        Whoever works both may, and assigners. A closed or merged case takes none in. Promises not missed yet end
        `cancelled`. Both keep a record of it.
        """
        check_key(key)
        given = Given(key=key, expect_revision=expect_revision)

        def work(tx: Transaction) -> Result:
            return self._recipe.merging_in(tx, self._command(tx, ("merge", case, into, actor), given), given)

        return self._recipe.whole(work)

    def attach(
        self, case: str, name: str, content: bytes, *, actor: Actor | str, media_type: str = "application/octet-stream",
        key: str | None = None, expect_revision: int | None = None,
    ) -> Result:  # fmt: skip
        """Attach a file; the record holds its hash and a commitment to its name, so that it can be proven later."""
        file = File(name=name, content=content, media_type=media_type)
        form = {"hash": file.hash, "name": name, "media_type": media_type, "size": len(content)}
        _check_files([file], form)
        given = Given(form=form, key=key, expect_revision=expect_revision)
        return self._on(("attach", case, "", actor), given, [file])

    def _on(self, asked: _Asked, given: Given, files: Sequence[File] = ()) -> Result:
        def work(tx: Transaction) -> Result:
            result = self._recipe.command_in(tx, self._command(tx, asked, given), given)
            return _kept(tx, result, files) if files else result

        check_key(given.key)

        def ahead() -> Ahead:
            _, case, _, actor = asked
            return _ahead((case,), actor, _keys(given.key), self._named(given.form))

        return self._recipe.whole(work, ahead)

    def _named(self, form: Mapping[str, Any]) -> tuple[str, ...]:
        """Whom a form names where their roles will be asked."""
        fields = self._recipe.catalogue.naming()
        if fields.isdisjoint(form):
            return ()
        return tuple([value for name, value in form.items() if name in fields and isinstance(value, str)])

    def _command(self, tx: Transaction, asked: _Asked, given: Given) -> Command:
        verb, case, name, actor = asked
        return Command(verb, case, actor_of(tx, actor), name, given.form, given.facts, given.key, given.occurred_at)


def _keys(key: str | None) -> list[str]:
    return [] if key is None else [key]


def _ahead(cases: Iterable[str], actor: Actor | str, keys: Sequence[str], named: tuple[str, ...] = ()) -> Ahead:
    """What commands for these cases read before anything else: families bear the names of their roots."""
    sender = actor.id if isinstance(actor, Actor) else actor
    people = (actor, *named) if isinstance(actor, str) else named
    families = dict.fromkeys([case.partition(".")[0] for case in cases])
    return Ahead(tuple(families), people, tuple([(sender, key) for key in keys]) if keys else (), (REVISION,))


def _check_files(files: Sequence[File], form: Mapping[str, Any]) -> None:
    """Every file is small enough, and is proven by the hash that the form, and so the record, holds."""
    for file in files:
        if not file.name.strip():
            raise UsageError("`name` of a file is empty", help="give the name it is kept by, such as `photo.jpg`")
        if len(file.content) > LARGEST_FILE:
            raise UsageError(
                f"`{file.name}` has {len(file.content) >> 20} MiB; at most {LARGEST_FILE >> 20} MiB can be attached",
                help="keep large files elsewhere and attach a link",
            )
        if not _holds(form, file.hash):
            raise UsageError(
                f"no answer of the form names the file `{file.name}`", help="give a file field the file's `hash`"
            )


def _holds(value: Any, text: str) -> bool:
    """Whether a text stands somewhere in a form, in its lists and tables too."""
    if isinstance(value, Mapping):
        return any(_holds(part, text) for part in value.values())
    return any(_holds(part, text) for part in value) if isinstance(value, list | tuple) else bool(value == text)


def _kept(tx: Transaction, result: Result, files: Sequence[File]) -> Result:
    """Keep the files of a step that was done now, in its own transaction."""
    if isinstance(result, Accepted) and not result.is_repeat:
        for file in files:
            kept = Attachment(hash=file.hash, name=file.name, media_type=file.media_type, content=file.content)
            tx.save_attachment(result.record["case"], kept, result.record["at"])
    return result
