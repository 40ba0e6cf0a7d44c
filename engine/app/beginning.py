"""What comes before a case: what its opening asks, and of whom. Nothing here writes."""

from __future__ import annotations

from engine.app.merging import RecipeOfTwo
from engine.app.people import actor_of
from engine.core.cases import Actor, Reason
from engine.core.permits import Asking, may_open
from engine.core.run import newborn
from engine.views import FormField, form_fields


class Beginning:
    """The verbs that show what opening a case takes."""

    _recipe: RecipeOfTwo

    def opening(self, process: str) -> list[FormField]:
        """What opening a case of this process asks for."""
        with self._recipe.store.read() as tx:
            plan = self._recipe.catalogue.newest(tx, process, self._recipe.now())
            return list(form_fields(plan, plan.definition.opening.form, None))

    def may_not_open(self, process: str, *, actor: Actor | str) -> tuple[Reason, ...]:
        """Why this actor cannot open a case of this process now, whatever the form says; nothing where they can."""
        with self._recipe.store.read() as tx:
            now = self._recipe.now()
            plan = self._recipe.catalogue.newest(tx, process, now)
            unborn = newborn(plan, "", now)
            return tuple(may_open(plan, unborn, plan.definition.opening, Asking(actor_of(tx, actor), now)))
