"""What reading a chart from elsewhere says: what is no chart, no JSON, no XML, and what our language does not say."""

from __future__ import annotations

from engine.cli.translate import later

SENTENCES = (
    # what is no chart
    later("line {line}: more than 200 elements one inside the other"),
    later("line {line}: a document type is not read; take it away"),
    later("this is not XML: {error}"),
    later("line {line}: the outermost element is `{tag}`, not `scxml`"),
    later("a machine is an object with `states`"),
    later("the first line of a table is `state,event,target` or `state,event,target,who`, not `{line}`"),
    later("the table has no line; its first one is `state,event,target`"),
    later("line {line}: a line has a state, an event and a target"),
    later("the table has no line but its first"),
    # what a chart says and a process does not
    later("what a process carried along for no program to read: {keys}"),
    later("the delayed event `{event}`, which the state that sends it does not wait for"),
    later("`{tag}` on the way into `{state}`"),
    later("`{tag}` on entering `{state}`"),
    later("`{tag}` on leaving `{state}`"),
    later("that `{event}` still comes after the state is left: a timer ends with its state"),
    later("`{tag}` of a transition"),
    later("the condition `{condition}`, and so its transition"),
    later("regions of the whole machine; put them into one state"),
    later("`{key}` of `{state}`"),
    later("`{key}` of `{event}` in `{state}`"),
    later("the delay `{delay}` of `{state}`, which is no number"),
    later("the guard of `{event}` in `{state}`, and so its transition"),
    later("a second target of `{event}` in `{state}`: say which counts when"),
    later("a transition of the whole chart on `{event}`"),
    later("that `{event}` stands for every event whose name begins so"),
    later("`{target}` is no state of the chart, and so a transition of `{state}`"),
    later("`{event}` in `{state}`: an event is named in full"),
    later("several targets of one transition of `{state}`: {names}"),
    later("a transition of `{state}`, which is final"),
    later("a transition of `{state}` that neither waits nor leads anywhere"),
    later("raising `{event}`, for which a transition on the beginning of its name waits"),
    later("that `{event}`, which is raised, comes before the end of a group"),
    later("what is raised on leaving, of which too much may differ where `{state}` is left"),
    later("that `{group}` leaves `{state}` and enters it anew: ours stays in it"),
    later("the order of what `{state}` raises on leaving and another region on `{event}`"),
    later("the history of the whole chart, `{state}`"),
    later("the history `{state}`: it would remember several states at once"),
    later("where the history `{state}` leads at first"),
    later("`{event}` in `{state}`, which is not around that state"),
    later("`{event}` in `{state}`, which leads nowhere"),
    later("`{event}`: the end of one region alone"),
    later("`{event}`, which must wait for transitions without event around `{state}`"),
)

UNREADABLE = (
    # what the standard library's reader of JSON says
    later("{problem}: line {line} column {column} (char {place})"),
    later("Expecting value"),
    later("Expecting property name enclosed in double quotes"),
    later("Expecting ':' delimiter"),
    later("Expecting ',' delimiter"),
    later("Extra data"),
    later("Unterminated string starting at"),
    later("Invalid control character at"),
    later("Invalid \\escape"),
    later("Invalid \\uXXXX escape"),
    later("Illegal trailing comma before end of object"),
    later("Illegal trailing comma before end of array"),
    later("Unexpected UTF-8 BOM (decode using utf-8-sig)"),
    # and its reader of XML
    later("{problem}: line {line}, column {column}"),
    later("not well-formed (invalid token)"),
    later("mismatched tag"),
    later("no element found"),
    later("unclosed token"),
    later("syntax error"),
    later("junk after document element"),
    later("undefined entity"),
    later("unbound prefix"),
    later("duplicate attribute"),
)
"""What a library says of a text that cannot be read, as it stands in a blank of our sentences."""
