"""The environment in which CEL checks an expression: every name with its type, every function with its shapes.

Money, dates and each set of choices are types of their own, so CEL itself finds money compared with a number. The
operators are declared anew, because CEL's own refuse to compare 3.5 with 3 and cannot know these types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from cel_expr_python import cel
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.duration_pb2 import DESCRIPTOR as DURATIONS
from google.protobuf.timestamp_pb2 import DESCRIPTOR as TIMESTAMPS

from engine.expressions.scope import Group, Member, Names, Origin, Scope, names_of, origin_of
from engine.fields import Field

INSTANT, DURATION, MONEY, DATE = "google.protobuf.Timestamp", "google.protobuf.Duration", "cw.Money", "cw.Date"
KEPT = (
    "_&&_", "_||_", "!_", "_?_:_", "@not_strictly_false", "__not_strictly_false__", "_[_]",
    "size", "contains", "startsWith", "endsWith", "matches",
)  # fmt: skip
"""What stays of CEL's own functions. The rest is declared here or, like `dyn`, not part of the language."""

_ORDERED = (
    "int int", "double double", "double int", "int double", "string string", f"{MONEY} {MONEY}", f"{DATE} {DATE}",
    f"{DATE} string", f"string {DATE}", "timestamp timestamp", "duration duration",
)  # fmt: skip
# function → shapes `result: parameters`
_FUNCTIONS: dict[str, tuple[str, ...]] = {
    **{name: tuple(f"bool: {shape}" for shape in _ORDERED) for name in ("_<_", "_<=_", "_>_", "_>=_")},
    "_+_": (
        "int: int int", "double: double double", "double: double int", "double: int double", "string: string string",
        "list<~A>: list<~A> list<~A>", f"{MONEY}: {MONEY} {MONEY}", "timestamp: timestamp duration",
        "timestamp: duration timestamp", "duration: duration duration",
    ),
    "_-_": (
        "int: int int", "double: double double", "double: double int", "double: int double",
        f"{MONEY}: {MONEY} {MONEY}", "duration: timestamp timestamp", "timestamp: timestamp duration",
        "duration: duration duration",
    ),
    "_*_": (
        "int: int int", "double: double double", "double: double int", "double: int double", f"{MONEY}: {MONEY} int",
        f"{MONEY}: int {MONEY}", "duration: duration int", "duration: int duration",
    ),
    "_/_": ("int: int int", "double: double double", "double: double int", "double: int double"),
    "_%_": ("int: int int",),
    "-_": ("int: int", "double: double", f"{MONEY}: {MONEY}", "duration: duration"),
    "int": ("int: double", "int: string"),
    "double": ("double: int", "double: string"),
    "string": ("string: int", "string: double", "string: bool"),
    "money": (f"{MONEY}: string",),
    "duration": ("duration: string",),
    "timestamp": ("timestamp: string",),
    "sum": ("int: list<int>", "double: list<double>", f"{MONEY}: list<{MONEY}>", "duration: list<duration>"),
    "add": ("timestamp: timestamp string", "timestamp: timestamp string string", "timestamp: timestamp duration"),
    "is_open": ("bool: timestamp string",),
    "days_since": (f"int: {DATE}", "int: timestamp"),
    "in_state": ("bool: string",),
}  # fmt: skip
FUNCTIONS = frozenset(
    {name for name in _FUNCTIONS if name.isidentifier()}
    | {"size", "contains", "startsWith", "endsWith", "matches", "has", "all", "exists", "exists_one", "map", "filter"}
)
"""The functions people may write."""


@dataclass(frozen=True, slots=True)
class Checker:
    """One environment, and what its types stand for."""

    environment: cel.Env
    names: Mapping[str, Member]
    groups: Mapping[str, Group]  # message type → the names below it
    choices: Mapping[str, tuple[str, ...]]  # message type → its values
    numbers: Mapping[str, Names]  # message type → the names below it of type number


class TooManyNames(Exception):
    """More names can be read at a place than expressions can be checked with."""


_scopes: list[tuple[Scope, Origin, Checker]] = []  # the newest first; a scope kept keeps what it was made of
_recent_lock = Lock()


def checker_for(scope: Scope) -> Checker:
    """The environment of this place; places with the same names share it."""
    with _recent_lock:
        origin = origin_of(scope)
        for _, known, checker in _scopes:
            if known == origin:
                return checker
        names = names_of(scope)
        shared = next((checker for _, _, checker in _scopes if checker.names == names), None)
        made = shared or _Types().checker(names)
        _scopes.insert(0, (scope, origin, made))
        del _scopes[16:]
    return made


_SIMPLE = {"integer": "TYPE_INT64", "number": "TYPE_DOUBLE", "yes_no": "TYPE_BOOL"}
_NAMED = {"instant": INSTANT, "duration": DURATION, "money": MONEY, "date": DATE}


class _Types:
    """Builds protobuf message types from names; `has()` and unknown names are then right at every depth."""

    def __init__(self) -> None:
        self.file = FileDescriptorProto(name="cw.proto", package="cw", syntax="proto2")
        self.file.dependency.extend([TIMESTAMPS.name, DURATIONS.name])
        self.file.message_type.add(name="Money")
        self.file.message_type.add(name="Date")
        self.groups: dict[str, Group] = {}
        self.choices: dict[tuple[str, ...], str] = {}

    def checker(self, names: dict[str, Member]) -> Checker:
        variables = {name: self.variable(member) for name, member in names.items()}
        pool = DescriptorPool()
        for known in (TIMESTAMPS, DURATIONS):
            pool.AddSerializedFile(known.serialized_pb)
        try:
            pool.Add(self.file)
        except TypeError as error:  # a message of protobuf has room for some thousand names
            raise TooManyNames from error
        config = _declarations(tuple(self.choices.values()))
        environment = cel.NewEnv(descriptor_pool=pool, config=config, variables=variables)
        choices = {name: values for values, name in self.choices.items()}
        numbers = {name: _numbers(group) for name, group in self.groups.items()}
        return Checker(environment, names, self.groups, choices, {name: its for name, its in numbers.items() if its})

    def variable(self, member: Member) -> Any:
        return cel.Type(self.group(member)) if isinstance(member, Group) else cel.Type.TIMESTAMP

    def group(self, group: Group) -> str:
        name = f"Group{len(self.groups)}"
        self.groups[f"cw.{name}"] = group
        message = self.file.message_type.add(name=name)
        message.options.deprecated_legacy_json_field_conflicts = True  # `a_1` and `a1` are two names, not one
        for number, (member_name, member) in enumerate(group.members.items(), 1):
            if not (member_name.isascii() and member_name.isidentifier()):
                continue  # no expression can say it; that it is no name is told where it stands
            part = message.field.add(name=member_name, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL)
            part.json_name = member_name
            if isinstance(member, Group):
                _message_part(part, self.group(member))
            else:
                self.part(part, member)
        return f"cw.{name}"

    def part(self, part: FieldDescriptorProto, field: Field) -> None:
        if field.type == "list":
            part.label = FieldDescriptorProto.LABEL_REPEATED
            of = field.of or Field(name=field.name, type="text")
            if of.type in ("list", "table"):  # a list of lists has no protobuf form
                raise ValueError(f"`{field.name}`: a list cannot hold lists or tables")
            self.part(part, of)
        elif field.type == "table":
            part.label = FieldDescriptorProto.LABEL_REPEATED
            _message_part(part, self.group(Group(f"a column of `{field.name}`", field.columns)))
        elif field.type == "party":
            _message_part(part, self.group(Group(f"known of `{field.name}`", field.columns)))
        elif field.type == "choice":
            _message_part(part, self.choice(tuple(field.choices)))
        elif field.type in _NAMED:
            _message_part(part, _NAMED[field.type])
        else:
            part.type = FieldDescriptorProto.Type.Value(_SIMPLE.get(field.type, "TYPE_STRING"))

    def choice(self, values: tuple[str, ...]) -> str:
        if values not in self.choices:
            message: DescriptorProto = self.file.message_type.add(name=f"Choice{len(self.choices)}")
            self.choices[values] = f"cw.{message.name}"
        return self.choices[values]


def _numbers(group: Group) -> Names:
    return frozenset(name for name, its in group.members.items() if isinstance(its, Field) and its.type == "number")


def _message_part(part: FieldDescriptorProto, name: str) -> None:
    part.type, part.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{name}"


@lru_cache(maxsize=64)
def _declarations(choices: tuple[str, ...]) -> Any:
    """CEL's settings, which only as YAML may name type parameters."""
    mixed = [f"bool: {a} {b}" for a, b in (("double", "int"), ("int", "double"), (DATE, "string"), ("string", DATE))]
    mixed += [f"bool: {a} {b}" for name in choices for a, b in ((name, "string"), ("string", name))]
    among = ["bool: ~A list<~A>", "bool: ~A map<~A,~B>"]
    among += [f"bool: {a} list<{b}>" for name in choices for a, b in ((name, "string"), ("string", name))]
    equal = ("bool: ~A ~A", *mixed)
    functions = {**_FUNCTIONS, "_==_": equal, "_!=_": equal, "@in": tuple(among)}
    kept = "".join(f"    - name: '{name}'\n" for name in KEPT)
    declared = "".join(_function(name, shapes) for name, shapes in functions.items())
    text = f"name: casewright\nstdlib:\n  include_functions:\n{kept}functions:\n{declared}"
    return cel.NewEnvConfigFromYaml(text)


def _function(name: str, shapes: Iterable[str]) -> str:
    lines = [f"  - name: '{name}'\n    overloads:\n"]
    for shape in shapes:
        result, _, parameters = shape.partition(": ")
        types = ", ".join(_type(parameter) for parameter in parameters.split(" "))
        lines.append(f"      - id: '{name} {parameters}'\n        args: [{types}]\n        return: {_type(result)}\n")
    return "".join(lines)


def _type(name: str) -> str:
    if name.startswith("~"):
        return f"{{type_name: {name[1:]}, is_type_param: true}}"
    base, inside, rest = name.partition("<")
    if inside:
        return f"{{type_name: {base}, params: [{', '.join(map(_type, rest[:-1].split(',')))}]}}"
    return f"{{type_name: {name}}}"
