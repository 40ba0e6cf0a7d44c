"""Expressions: Google's CEL behind one small face. They read, compare and combine; they cannot call out, loop or wait.

Every name and type is checked when the definition is loaded. `cel-expr-python` is young; should it fail us, the Rust
binding `common-expression-language` takes its place in this package, and nothing outside it changes.
"""

from __future__ import annotations

from engine.expressions.compiling import Want, compile_expression, compile_value
from engine.expressions.expression import Expression, fits
from engine.expressions.scope import ExpressionError, ExpressionFailed, Problem, Scope

__all__ = [
    "Expression",
    "ExpressionError",
    "ExpressionFailed",
    "Problem",
    "Scope",
    "Want",
    "compile_expression",
    "compile_value",
    "fits",
]
