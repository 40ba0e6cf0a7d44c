"""What is said of files that assume how a desk goes."""

from __future__ import annotations

from engine.cli.translate import later

SENTENCES = (
    later("`{part}` is missing"),
    later("write `{part}:`, or give it in a file of its own"),
    later("write `{part}:`"),
    later("this is about `{other}`, and `{process}` is simulated"),
    later("name the process this file is about"),
    later("`{text}` is no date"),
    later("write a day, such as `2026-03-02`"),
    later("cases come at a rate or as in the past"),
    later("give one of `per_hour` and `past`"),
    later("somebody comes by a calendar or at hours of their own"),
    later("take away `calendar` or `hours`"),
    later("`{role}` is not a role of the desk"),
    later("no role is named here"),
    later("write one of the desk's roles"),
    later("the desk has no calendar `{calendar}`"),
    later("`{action}` is not an action of `{process}`"),
    later("nobody on the roster may `{action}`: it is for {roles}"),
    later("put one of these roles on the roster, or say `needs_nobody: true`"),
    later("these are not in order"),
    later("give the shortest first"),
    later("`{file}` cannot be read: {error}"),
    later("name a CSV file beside"),
    later("`{file}` has no column `{column}` with values"),
    later("give it a first line with `{column}`, and rows"),
    later("`{file}`, line {line}: {error}"),
    later("`{action}` asks for {fields}, and no answer is assumed"),
    later("add it under `with`: {field}: …"),
    later("`{name}` is not a field that is asked for here"),
    later("`{name}` is not a fact that is asked for here"),
    later("the weight of `{value}` is no number"),
    later("write `3`"),
    later("nothing can be chosen"),
    later("give one a weight above 0"),
    later("this does not say how the value comes about"),
    later("write a value, or `choose`, `one_of`, `all_of` or `in`"),
)
