"""What a host gives to a verb is of the kind that the verb says, or is refused in a sentence before anything is done.

The annotations of the verbs, and of the values they take, are what is asked for. They are read when a verb is called
first: a process that calls three verbs pays for three.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache, partial, wraps
from inspect import Parameter, signature
from os import PathLike
from types import FunctionType, UnionType
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin

from engine.errors import UsageError
from engine.frozen import Frozen
from engine.nearness import asked, either, nearest
from engine.values import as_written

Owner = TypeVar("Owner", bound=type)
Fits = Callable[[Any], bool]

OWNER = ("self", "cls")
INSTANTS = ("since", "until", "at", "occurred_at")
DURATIONS = ("due_within",)


class Kind(NamedTuple):
    """What a value must be: in words, a test, and of what it consists where each part has a kind of its own."""

    words: str
    fits: Fits  # with all its parts
    is_one: Fits  # whatever its parts are
    parts: Callable[[Any], Iterable[tuple[str, Any, Kind]]] | None = None
    sure: frozenset[type] = frozenset()  # what is of these types is of the kind, or else something fails over it


def guarded(owner: Owner) -> Owner:
    """Let every verb of this class, those it inherits too, look first at what it is given."""
    verbs = {name: found for base in reversed(owner.__mro__) for name, found in vars(base).items()}
    for name, found in verbs.items():
        if name.startswith("_"):
            continue
        if isinstance(found, FunctionType):
            setattr(owner, name, _door(found))
        elif isinstance(found, classmethod | staticmethod):
            setattr(owner, name, type(found)(_door(found.__func__)))
    return owner


def _door(verb: Callable[..., Any]) -> Callable[..., Any]:
    kinds: dict[str, Kind] = {}
    usual: set[tuple[object, ...]] = set()  # as what, and of what types, arguments came that need no closer look

    @wraps(verb)
    def door(*given: Any, **named: Any) -> Any:
        # An action costs a few hundred calls; to look at each argument of each would be two in a hundred of it.
        shape = (*map(type, given), *named, *map(type, named.values()))
        if shape not in usual:
            if not kinds:
                kinds.update(dict(_kinds_of(verb)))  # at once: of two threads none sees half of them
            _check(verb, kinds, given, named)
            if all(_is_sure(kinds[name], value) for name, value in _by_name(kinds, given, named)):
                usual.add(shape)
        try:
            return verb(*given, **named)
        except Exception as error:
            _look_again(verb, kinds, (given, named), error)
            raise

    return door


def _is_sure(kind: Kind, value: Any) -> bool:
    return kind is ANY or type(value) in kind.sure


def _kinds_of(verb: Callable[..., Any]) -> Iterator[tuple[str, Kind]]:
    names = verb.__globals__
    for name, one in signature(verb).parameters.items():
        yield name, ANY if one.annotation is Parameter.empty else _read(str(one.annotation), names)


def _by_name(kinds: Mapping[str, Kind], given: Sequence[Any], named: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a verb was given but for itself: too much is told by the call."""
    yield from ((name, value) for name, value in zip(kinds, given, strict=False) if name not in OWNER)
    yield from named.items()


def _check(verb: Callable[..., Any], kinds: Mapping[str, Kind], given: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Raise `UsageError` for the first argument that the verb does not know, or that is not of its kind."""
    for name, value in _by_name(kinds, given, named):
        if name not in kinds:
            raise _unknown(verb, name, kinds)
        if not kinds[name].fits(value):
            raise _refused(verb, name, kinds[name], value)


def _look_again(
    verb: Callable[..., Any], kinds: Mapping[str, Kind], call: tuple[Sequence[Any], Mapping[str, Any]], error: Exception
) -> None:
    """Raise `UsageError` if what failed did so over what was given; what went wrong inside is not the host's."""
    given, named = call
    try:
        _check(verb, kinds, given, named)
        signature(verb).bind(*given, **named)
    except UsageError as wrong:
        raise wrong from error
    except TypeError as unfit:
        raise UsageError(f"`{verb.__name__}`: {unfit}", help=f"it takes {_listed(kinds)}") from error


# -- refusing ---------------------------------------------------------------------------------------------------------


def _refused(verb: Callable[..., Any], name: str, kind: Kind, value: Any) -> UsageError:
    where, kind, value = _wrong(name, kind, value)
    verb_name = verb.__name__
    if isinstance(value, str) and not _is_whole(value):
        character = next(f"U+{ord(sign):04X}" for sign in value if 0xD800 <= ord(sign) <= 0xDFFF)
        return UsageError(f"`{where}` of `{verb_name}` holds half a character ({character}), which cannot be stored")
    said = f"`{where}` of `{verb_name}` is {kind.words}, not {shown(value)}"
    return UsageError(said, help=_help(where.rpartition(".")[2], kind))


def _wrong(where: str, kind: Kind, value: Any) -> tuple[str, Kind, Any]:
    """The innermost part that is not of its kind."""
    if kind.parts is not None and kind.is_one(value):
        for name, part, own in kind.parts(value):
            if not own.fits(part):
                return _wrong(f"{where}{name}", own, part)
    return where, kind, value


def _help(name: str, kind: Kind) -> str | None:
    if name in INSTANTS:
        return "it is ms since 1970 in UTC; `read_instant` makes that of a `datetime` with its zone, or of text"
    if name in DURATIONS:
        return "it is a length in ms; `parse_duration` makes that of text"
    if "an `Actor`" in kind.words:
        return "text is the id of a person the desk knows; `Actor(id=…, roles=(…,))` is whom the host vouches for"
    return "`str(…)` makes text of it" if kind.words.startswith("text") else None


def _unknown(verb: Callable[..., Any], name: str, known: Mapping[str, object]) -> UsageError:
    near = nearest(name, known)
    meant = f"{asked(near)} " if near else ""
    return UsageError(f"`{verb.__name__}` takes no `{name}`", help=f"{meant}it takes {_listed(known)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names if name not in OWNER) or "nothing"


def shown(value: object) -> str:
    """A value that a host gave, and of what kind it is."""
    return f"`{as_written(value):.60}` ({type(value).__name__})"


# -- kinds ------------------------------------------------------------------------------------------------------------


def _is_whole(text: str) -> bool:
    """Whether it holds no half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_text(value: Any) -> bool:
    """Whether it is text that can be stored."""
    return isinstance(value, str) and (value.isascii() or _is_whole(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_mapping(value: Any) -> bool:
    if type(value) is not dict and not isinstance(value, Mapping):
        return False
    try:
        return is_text("".join(value))  # the names, together: they are asked about with every form
    except TypeError:
        return False


def is_list(value: Any) -> bool:
    """Whether it is a list of things, in whatever it came."""
    return type(value) in (tuple, list) or (isinstance(value, Sequence) and not isinstance(value, (str, bytes)))


def _is_iterable(value: Any) -> bool:
    return isinstance(value, Iterable)


def _plain(words: str, fits: Fits, *sure: type) -> Kind:
    return Kind(words, fits, fits, sure=frozenset(sure))


ANY = _plain("anything", lambda value: True)
NOTHING = _plain("None", lambda value: value is None, type(None))
ITERABLE = _plain("something that gives one after the other", _is_iterable)
PLAIN: Mapping[Any, Kind] = {
    str: _plain("text", is_text, str),
    int: _plain("a whole number", _is_number, int),
    bool: _plain("True or False", lambda value: isinstance(value, bool), bool),
    bytes: _plain("bytes", lambda value: isinstance(value, bytes), bytes),
    Mapping: _plain("a mapping of names to values", _is_mapping, dict),
    PathLike: _plain("a path", lambda value: isinstance(value, PathLike)),
}
ANY_MAPPING = _plain("a mapping", lambda value: isinstance(value, Mapping), dict)
LISTS = (list, tuple, Sequence)


@lru_cache(maxsize=256)
def _class_of(kind: type) -> Kind:
    """A class: of our values every field has its kind too. An actor's are looked at where somebody acts."""
    if kind in PLAIN:
        return PLAIN[kind]
    if getattr(kind, "_is_protocol", False) or kind.__module__ == "typing":  # what nobody needs to inherit from
        return ANY
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    words, is_one = f"{article} `{kind.__name__}`", partial(_is_of, kind)
    declared = _fields_of(kind)
    if not declared or not kind.__module__.startswith("engine."):
        return _plain(words, is_one, kind)
    names = vars(sys.modules[kind.__module__])
    every = ((name, _read(asked, names)) for name, asked in declared.items() if not name.startswith("_"))
    own = tuple((name, part) for name, part in every if part is not ANY)

    def fits(value: Any) -> bool:
        return isinstance(value, kind) and all(part.fits(getattr(value, name)) for name, part in own)

    return Kind(words, fits, is_one, lambda value: ((f".{name}", getattr(value, name), part) for name, part in own))


def _fields_of(kind: type) -> Mapping[str, str]:
    """The fields of a value of ours, as they are declared."""
    if is_dataclass(kind):
        return {one.name: str(one.type) for one in fields(kind)}
    return kind.__annotations__ if issubclass(kind, Frozen) else {}


def _is_of(kind: type, value: Any) -> bool:
    return isinstance(value, kind)


def _read(annotation: str, names: Mapping[str, Any]) -> Kind:
    return _kind(ast.parse(annotation, mode="eval").body, names)


def _kind(node: ast.expr, names: Mapping[str, Any]) -> Kind:
    """What an annotation asks for; what is known to type checkers alone is anything."""
    if isinstance(node, ast.BinOp):
        return _either(_kind(node.left, names), _kind(node.right, names))
    if isinstance(node, ast.Constant):
        return NOTHING if node.value is None else _read(str(node.value), names)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal":
        listed = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _one_of([ast.literal_eval(one) for one in listed])
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return _of_parts(names.get(node.value.id, getattr(builtins, node.value.id, None)), node.slice, names)
    if isinstance(node, ast.Name):
        return _named(names.get(node.id, getattr(builtins, node.id, None)), names)
    return ANY


def _one_of(values: Sequence[object]) -> Kind:
    """A few values that are named."""
    return _plain(f"one of {either(map(str, values), ', ')}", lambda value: value in values)


def _named(found: Any, names: Mapping[str, Any]) -> Kind:
    if get_origin(found) is Literal:
        return _one_of(get_args(found))
    if isinstance(found, type):
        return _of_base(found) or _class_of(found)
    if isinstance(found, UnionType):
        first, *others = (_named(one, names) for one in get_args(found))
        for one in others:
            first = _either(first, one)
        return first
    origin = getattr(found, "__origin__", None)
    return (_of_base(origin) if isinstance(origin, type) else None) or ANY


def _of_base(base: type) -> Kind | None:
    """A container, or something to be called, whatever it holds."""
    if base in LISTS:
        return _plain("a list", is_list, list, tuple)
    if base.__module__ == "collections.abc" and base.__name__ in ("Iterable", "Collection", "Iterator"):
        return ITERABLE
    if base.__module__ == "collections.abc" and base.__name__ == "Callable":
        return _plain("something to be called", callable)
    return PLAIN.get(base)


def _of_parts(base: Any, inner: ast.expr, names: Mapping[str, Any]) -> Kind:
    """A container, each of its parts of a kind; of one with places of their own, as of a mapping, not the parts."""
    if base is Mapping and not (isinstance(inner, ast.Tuple) and ast.unparse(inner.elts[0]) == "str"):
        return ANY_MAPPING
    whole = _named(base, names)
    is_of_one = not isinstance(inner, ast.Tuple) or (len(inner.elts) == 2 and ast.unparse(inner.elts[1]) == "...")
    if base not in LISTS or not is_of_one:
        return whole
    part = _kind(inner.elts[0] if isinstance(inner, ast.Tuple) else inner, names)
    if part is ANY:
        return whole

    def fits(value: Any) -> bool:
        return is_list(value) and all(map(part.fits, value))

    return Kind(
        f"a list of which each is {part.words}", fits, is_list,
        lambda value: ((f"[{place}]", one, part) for place, one in enumerate(value)), whole.sure,
    )  # fmt: skip


def _either(one: Kind, other: Kind) -> Kind:
    """One of the two; parts are those of whichever it is."""
    first, second, both, sure = one.fits, other.fits, (one, other), one.sure | other.sure
    if other is NOTHING:
        return Kind(one.words, lambda value: value is None or first(value), one.is_one, one.parts, sure)

    def parts(value: Any) -> Iterable[tuple[str, Any, Kind]]:
        chosen = next((kind for kind in both if kind.is_one(value)), None)
        return chosen.parts(value) if chosen is not None and chosen.parts is not None else ()

    return Kind(
        f"{one.words} or {other.words}", lambda value: first(value) or second(value),
        lambda value: one.is_one(value) or other.is_one(value), parts, sure,
    )  # fmt: skip
