"""What is said of a file that is not of its schema's shape."""

from __future__ import annotations

from engine.cli.translate import later

SENTENCES = (
    # keys
    later("`{name}` is a word of the language and cannot be a name"),
    later("choose another name"),
    later("a name has lower-case letters, digits and `_`, and begins with a letter"),
    later("a name has lower-case letters, digits and `_`, and begins with a letter: `{better}`"),
    later("{what} is not a {title}"),
    later("{what} is not an {title}"),
    later("{what} is not a key of {about}"),
    later("possible here: {names}"),
    later("`{key}` belongs to {titles}; {mend}"),
    later("what others call `{key}` is `{ours}` here; {mend}"),
    later("`{first}` and `{second}` are two effects"),
    later("write each as an item of its own; they follow in this order"),
    later("`{key}` does not go with `{verb}`"),
    later("`{verb}` goes with {names}"),
    later("{about} has none of {names}"),
    later("write one of them"),
    later("{about} has no `{key}`"),
    later("`{key}` needs `{other}` beside it in {about}"),
    later("{about} comes with a later version"),
    later("take it away for now"),
    # values
    later("{about} is {kind}, but must be {wanted}"),
    later("each {title} has a name of its own, which comes first: `NAME: {{{text}: …}}`"),
    later("`{key}` is a key of a {title}: indent it below the {kind} that it belongs to"),
    later("take the quotes away: `{text}`"),
    later("a length has its unit: `{minutes}`, `{hours}`"),
    later("give each its label: `choices: {{{written}}}`"),
    later("write a list: `[{text}]`"),
    later("write a list: begin with `- `, or put it in brackets `[{{…}}]`"),
    later("write keys with values, for example `{text}`"),
    later("for example `{text}`"),
    later("For example `{text}`"),
    later("{description} For example `{text}`"),
    later("{about} cannot be {value}"),
    later("possible: {names}"),
    later("{about} is empty"),
    later("{about} must be at least {least}"),
    later("{about} must be at most {most}"),
    later("{about} must not be longer than {number} characters"),
    later("{what} stands twice in {about}"),
    later("take one away"),
)
