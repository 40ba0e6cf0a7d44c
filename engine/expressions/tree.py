"""The checked tree of an expression: CEL's own protobuf messages, declared here as far as they are read.

CEL hands its checked tree out only as bytes (`cel.expr.CheckedExpr`). Reading it lets our own rules see every name and
type with its place, and writing it back lets an expression run on stored values as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from google.protobuf.any_pb2 import Any as Wrapped
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

Tree = Any
"""A dynamic protobuf message of one of the types below."""

_SCALARS = {
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
}
# name number type: `*` repeats, `%` is a map from int64; enums are read as their numbers.
_MESSAGES = {
    "CheckedExpr": "reference_map 2 %Reference, type_map 3 %Type, expr 4 Expr, source_info 5 SourceInfo",
    "Reference": "name 1 string, overload_id 3 *string, value 4 Constant",
    "Empty": "",
    "ListType": "elem_type 1 Type",
    "MapType": "key_type 1 Type, value_type 2 Type",
    "Type": "dyn 1 Empty, null 2 int32, primitive 3 int32, wrapper 4 int32, well_known 5 int32, list_type 6 ListType, "
    "map_type 7 MapType, message_type 9 string, type_param 10 string, type 11 Type, error 12 Empty",
    "Expr": "id 2 int64, const_expr 3 Constant, ident_expr 4 Ident, select_expr 5 Select, call_expr 6 Call, "
    "list_expr 7 CreateList, struct_expr 8 CreateStruct, comprehension_expr 9 Comprehension",
    "Ident": "name 1 string",
    "Select": "operand 1 Expr, field 2 string, test_only 3 bool",
    "Call": "target 1 Expr, function 2 string, args 3 *Expr",
    "CreateList": "elements 1 *Expr, optional_indices 2 *int32",
    "Entry": "id 1 int64, field_key 2 string, map_key 3 Expr, value 4 Expr, optional_entry 5 bool",
    "CreateStruct": "message_name 1 string, entries 2 *Entry",
    "Comprehension": "iter_var 1 string, iter_range 2 Expr, accu_var 3 string, accu_init 4 Expr, "
    "loop_condition 5 Expr, loop_step 6 Expr, result 7 Expr, iter_var2 8 string",
    "Constant": "null_value 1 int32, bool_value 2 bool, int64_value 3 int64, uint64_value 4 uint64, "
    "double_value 5 double, string_value 6 string, bytes_value 7 bytes",
    "SourceInfo": "syntax_version 1 string, location 2 string, line_offsets 3 *int32, positions 4 %int32",
}
BOOL, INT, DOUBLE, TEXT = 1, 2, 4, 5
"""The primitive types, as CEL numbers them."""

TOKEN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|&&|\|\||[<>=!]=|'[^'\n]*'|\"[^\"\n]*\"|\d[\d.]*u?|\S")
"""One word, sign, number or text of an expression."""

_TYPE_URL = "type.googleapis.com/cel.expr.CheckedExpr"
_ONE_OF = {"Expr", "Constant", "Type"}
"""Messages of which one part at a time is set (`Expr.id` apart)."""


@lru_cache(maxsize=1)
def checked_expr() -> type[Tree]:
    """The class of a whole checked expression."""
    file = FileDescriptorProto(name="casewright/checked.proto", package="casewright.cel", syntax="proto2")
    for name, fields in _MESSAGES.items():
        _declare(file.message_type.add(name=name), fields)
    pool = DescriptorPool()
    pool.Add(file)
    found: type[Tree] = GetMessageClass(pool.FindMessageTypeByName("casewright.cel.CheckedExpr"))
    return found


def _declare(message: DescriptorProto, fields: str) -> None:
    if message.name in _ONE_OF:
        message.oneof_decl.add(name="kind")
    for declared in filter(None, fields.split(", ")):
        name, number, kind = declared.split()
        part = message.field.add(name=name, number=int(number), label=FieldDescriptorProto.LABEL_OPTIONAL)
        if kind[0] in "*%":
            part.label = FieldDescriptorProto.LABEL_REPEATED
        if kind[0] == "%":
            entry = message.nested_type.add(name=name.title().replace("_", "") + "Entry")
            _declare(entry, f"key 1 int64, value 2 {kind[1:]}")
            entry.options.map_entry = True
            _refer(part, f"{message.name}.{entry.name}")
        else:
            _refer(part, kind.lstrip("*"))
        if message.name in _ONE_OF and name != "id":
            part.oneof_index = 0


def _refer(part: FieldDescriptorProto, kind: str) -> None:
    if kind in _SCALARS:
        part.type = _SCALARS[kind]
    else:
        part.type, part.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".casewright.cel.{kind}"


# -- reading and writing -----------------------------------------------------------------------------------------------


def read_tree(serialized: bytes) -> Tree:
    """The checked tree in the bytes CEL gives out."""
    wrapped = Wrapped()
    wrapped.ParseFromString(serialized)
    return checked_expr().FromString(wrapped.value)


def write_tree(tree: Tree) -> bytes:
    """The bytes CEL takes back."""
    return Wrapped(type_url=_TYPE_URL, value=tree.SerializeToString()).SerializeToString()


def kind(node: Tree) -> str:
    """Which sort of expression this node is: `ident_expr`, `select_expr`, `call_expr` …"""
    return node.WhichOneof("kind") or ""


def children(node: Tree) -> list[Tree]:
    """The expressions directly below this one."""
    match kind(node):
        case "select_expr":
            return [node.select_expr.operand]
        case "call_expr":
            call = node.call_expr
            return [*([call.target] if call.HasField("target") else []), *call.args]
        case "list_expr":
            return list(node.list_expr.elements)
        case "struct_expr":
            entries = node.struct_expr.entries
            return [
                part
                for entry in entries
                for part in ([entry.map_key] if entry.HasField("map_key") else []) + [entry.value]
            ]
        case "comprehension_expr":
            loop = node.comprehension_expr
            return [loop.iter_range, loop.accu_init, loop.loop_condition, loop.loop_step, loop.result]
    return []


def constant(node: Tree) -> bool | int | float | str | bytes | None:
    """The value of a constant node; None for every other."""
    if kind(node) != "const_expr":
        return None
    which = kind(node.const_expr)
    found: bool | int | float | str | bytes | None = getattr(node.const_expr, which) if which != "null_value" else None
    return found


def path_of(node: Tree) -> tuple[str, ...]:
    """`case.fee` as `("case", "fee")`; empty if this is no chain of names."""
    names: list[str] = []
    while kind(node) == "select_expr":
        names.append(node.select_expr.field)
        node = node.select_expr.operand
    return (node.ident_expr.name, *reversed(names)) if kind(node) == "ident_expr" else ()


@dataclass(frozen=True, slots=True)
class CheckedTree:
    """A checked tree with the text it was made from."""

    text: str
    tree: Tree

    def type_of(self, node: Tree) -> str:
        """The message type of this part: a row, a choice, money … ; empty for CEL's own types."""
        types = self.tree.type_map
        return str(types[node.id].message_type) if node.id in types else ""

    def item_type_of(self, node: Tree) -> str:
        """The message type of the items of this part, if it is a list."""
        types = self.tree.type_map
        return str(types[node.id].list_type.elem_type.message_type) if node.id in types else ""

    def is_text(self, node: Tree) -> bool:
        """Whether this part is a text."""
        types = self.tree.type_map
        return node.id in types and types[node.id].primitive == TEXT

    def place(self, node: Tree) -> tuple[int, int]:
        """Where this part stands: its first character and how many."""
        positions: dict[int, int] = self.tree.source_info.positions
        first = node
        while kind(first) == "select_expr":
            first = first.select_expr.operand
        offset = positions.get(first.id, positions.get(node.id, 0))
        if kind(node) == "select_expr":  # its own position is the dot's
            name = node.select_expr.field
            end = self.text.find(name, max(positions.get(node.id, offset), offset))
            return offset, max(end + len(name) - offset, 1)
        found = TOKEN.match(self.text, offset)
        return offset, len(found[0]) if found else 1
