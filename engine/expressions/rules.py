"""What CEL's checker cannot know: names hidden here, fields that may be unset, personal ones, misspelt choices."""

from __future__ import annotations

from collections.abc import Mapping

from engine.expressions.checker import Checker
from engine.expressions.literals import ARGUMENTS, compared
from engine.expressions.reports import hidden, near_miss, unknown
from engine.expressions.scope import Group, Member, Names, Scope, below, may_be_unset, named, visible
from engine.expressions.tree import CheckedTree, Tree, children, constant, kind, path_of
from engine.expressions.walk import Findings, Path, Walk
from engine.fields import Field

Known = tuple[Names | None, Names | None]
"""The names that must be set if a part is true, and those that must be if it is false; None if it never is."""

NOTHING: Known = (frozenset(), frozenset())
_COMPARING = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in"})


class _Visitor(Walk):
    """Visits every part once, with the names known to be set there."""

    __slots__ = ()

    def visit(self, node: Tree, known: Names, own: Names) -> None:
        """Visit a part where these names are known to be set; `own` are the variables of walks through lists."""
        match kind(node):
            case "select_expr" | "ident_expr":
                self._name(node, known, own)
            case "call_expr":
                self._call(node, known, own)
            case "comprehension_expr":
                self._loop(node, known, own)
            case "const_expr":
                self._literal(node)
            case "struct_expr" if node.struct_expr.message_name:
                self.report(node, "expression-type", "values of a type cannot be made here")
            case _:
                for child in children(node):
                    self.visit(child, known, own)

    def _name(self, node: Tree, known: Names, own: Names) -> None:
        path = path_of(node)
        if not path or path[0] in own:
            self._column(node, known, own)
            return
        member = self._member(path)
        if member is None:
            self.report(
                node, "unknown-name", f"`{'.'.join(path)}` is not a name here", near_miss(path[0], sorted(self.seen))
            )
        elif not self._may_see(node, path):
            pass
        elif _is_test(node):
            self.found.tests.add(path)
        elif isinstance(member, Group):
            below = near_miss("", member.members)
            self.report(node, "expression-type", f"`{'.'.join(path)}` has names below it: say which is meant", below)
        else:
            self._personal(node, member, path)
            self.read(node, path, member, known)

    def read(self, node: Tree, path: Path, member: Field, known: Names) -> None:
        """Note that a name is read here, and whether it may be unset."""
        name = presence(path)
        self.found.reads[path] = self.found.reads.get(path, False) or name not in known
        if name not in known | self.sure and may_be_unset(path, member):
            mend = f"guard it by `has({name}) && …`, give it a default, or require it earlier"
            self.report(node, "maybe-unset", f"`{'.'.join(path)}` may be unset here", mend)

    def _may_see(self, node: Tree, path: Path) -> bool:
        if path[0] not in self.seen:
            offset, _ = self.checked.place(node)
            self.found.problems.append(hidden(offset, path[0], self.seen))
            return False
        if path[0] == "form" and len(path) > 1 and path[1] not in self.scope.form:
            asked = [f"form.{name}" for name in self.scope.form]
            offset, _ = self.checked.place(node)
            self.found.problems.append(unknown(offset, ".".join(path), "asked by this form", asked))
            return False
        return True

    def _column(self, node: Tree, known: Names, own: Names) -> None:
        """A column of a row: an item of a table, whichever way it was reached."""
        if kind(node) == "select_expr":
            select = node.select_expr
            group = self.checker.groups.get(self.checked.type_of(select.operand))
            member = group.members.get(select.field) if group else None
            if isinstance(member, Field) and not select.test_only:
                self._personal(node, member, (select.field,))
            self.visit(select.operand, known, own)

    def _personal(self, node: Tree, member: Field, path: Path) -> None:
        if member.personal:
            name = ".".join(path)
            mend = "personal values are copied whole and shown to those who work the case, nothing else"
            self.report(node, "personal-read", f"`{name}` is personal: an expression may only ask `has({name})`", mend)

    def _loop(self, node: Tree, known: Names, own: Names) -> None:
        loop = node.comprehension_expr
        mine = frozenset(name for name in (loop.iter_var, loop.iter_var2) if name)
        for name in sorted(mine & (self.checker.names.keys() | own)):
            self.report(node, "expression-type", f"`{name}` is a name already: choose another one for the items")
        self.visit(loop.iter_range, known, own)
        for part in children(node)[1:]:
            self.visit(part, known, own | mine | {loop.accu_var})

    def _literal(self, node: Tree) -> None:
        which = kind(node.const_expr)
        if which == "null_value":
            self.report(node, "expression-type", "`null` is no value: ask `has(case.field)` whether a field is set")
        elif which in ("uint64_value", "bytes_value"):
            self.report(node, "expression-type", "numbers with `u` and bytes are not part of this language")

    def _call(self, node: Tree, known: Names, own: Names) -> None:
        function, parts = node.call_expr.function, children(node)
        for number, part in enumerate(parts):
            self.visit(part, known | _set_at(function, parts, number), own)
        if function in ARGUMENTS:
            ARGUMENTS[function](self, parts)
        elif function in _COMPARING:
            compared(self, parts[0], parts[1])
            compared(self, parts[1], parts[0])

    def _member(self, path: Path) -> Member | None:
        members: Mapping[str, Member] = self.checker.names
        found: Member | None = None
        for position, name in enumerate(path):
            found = members.get(name)
            members = below(found)
            if found is None or (position < len(path) - 1 and not members):
                return None
        return found

    def copies_personal(self, node: Tree) -> bool:
        """Take the whole expression as one personal field copied unseen, if that is what it is."""
        path = path_of(node)
        member = self._member(path)
        if not isinstance(member, Field) or not member.personal or _is_test(node) or not self._may_see(node, path):
            return False
        self.read(node, path, member, frozenset())
        return True


def find(scope: Scope, checker: Checker, checked: CheckedTree, sure: Names) -> Findings:
    """Walk over the whole tree and return what was found."""
    walk = _Visitor(scope, checker, checked, sure, visible(scope), Findings())
    if not (scope.copy and walk.copies_personal(checked.tree.expr)):
        walk.visit(checked.tree.expr, frozenset(), frozenset())
    return walk.found


def presence(path: Path) -> str:
    """The name whose presence decides about this path: a link's state is there if the link is."""
    return ".".join(path[:2]) if path[0] == "linked" else named(path)


def _is_test(node: Tree) -> bool:
    return kind(node) == "select_expr" and bool(node.select_expr.test_only)


def _set_at(function: str, parts: list[Tree], number: int) -> Names:
    """What the other operands make known to be set at this one."""
    # CEL's `&&` and `||` forgive an error on either side, so a guard holds whichever side it stands on.
    if function in ("_&&_", "_||_"):
        return guards(parts[1 - number])[0 if function == "_&&_" else 1] or frozenset()
    if function == "_?_:_" and number:
        return guards(parts[0])[number - 1] or frozenset()
    return frozenset()


def guards(node: Tree) -> Known:
    """What must be set if this part is true, and if it is false."""
    if _is_test(node):
        path = path_of(node)
        return (frozenset({presence(path)} if path else ()), frozenset())
    if kind(node) != "call_expr":
        value = constant(node)
        return (frozenset(), None) if value is True else (None, frozenset()) if value is False else NOTHING
    function, known = node.call_expr.function, [guards(part) for part in children(node)]
    match function:
        case "_&&_":
            return _both(known[0][0], known[1][0]), _either(known[0][1], known[1][1])
        case "_||_":
            return _either(known[0][0], known[1][0]), _both(known[0][1], known[1][1])
        case "!_":
            return known[0][1], known[0][0]
        case "_?_:_":
            (true, false), first, second = known
            whole = [_either(_both(true, first[side]), _both(false, second[side])) for side in (0, 1)]
            return whole[0], whole[1]
    return NOTHING


def _both(one: Names | None, other: Names | None) -> Names | None:
    return None if one is None or other is None else one | other


def _either(one: Names | None, other: Names | None) -> Names | None:
    return other if one is None else one if other is None else one & other
