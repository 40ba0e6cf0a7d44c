"""What is said of scenarios: names in their files, and what happened otherwise than expected."""

from __future__ import annotations

from engine.cli.translate import later

SENTENCES = (
    # names in a scenario file
    later("there is no process `{process}` beside these scenarios"),
    later("`{name}` is not an action of {of}"),
    later("`{name}` is not a role of {of}"),
    later("`{name}` is not a fact of {of}"),
    later("`{name}` is not a field of {of}"),
    later("`{name}` is not a state of {of}"),
    later("`{name}` is not a clock of {of}"),
    later("`{name}` is not a message of {of}"),
    later("`{name}` is not an event of {of}"),
    later("`{name}` is not a link of {of}"),
    later("`{name}` is not a schedule of {of}"),
    later("`{name}` is not a reason of {of} to refuse"),
    later("`do` cannot stand beside `open`: a step opens a case or does an action"),
    later("make it two steps"),
    # what a scenario finds otherwise
    later("`{name}` was to be {wanted}, but is {found}"),
    later("`{do}` was refused: {reasons}"),
    later("`{do}` was to be refused by {wanted}, but it was done"),
    later("it was to be refused by {wanted}, but it was by: {reasons}"),
    later("there is no case linked as `{link}`"),
    later("`until: {text}` lies in the past of the scenario"),
    later("`{name}` is not a schedule of `{process}`"),
    later("`{name}` has not opened a case yet"),
    later("`{name}` has not opened a case: {why}"),
    later("`{key}: {text}` is not an instant: {error}"),
    later("nobody acts: say `as: ROLE:PERSON` here or under `given`"),
    later("`{do}` has no case to act on: the opening was refused, and none was opened since"),
    later("`{name}` cannot be expected{near}"),
    later("`case.{name}` is not a field of `{process}`"),
    later("`{name}` is not a clock of `{process}`"),
    later("`{name}`: there is no case"),
    later("`{name}`: there is no one to act"),
    later("`{text}` is no time that can be left: {error}"),
    later("exactly {wanted} was to be emitted, but {found} was"),
    later("exactly {wanted} was to be registered, but {found} was"),
    later("`{name}` of `{party}` was to be {wanted}, but is {found}"),
    later("`{event}` carries no `{name}`; {mend}"),
    later("it carries {names}"),
    later("`{name}` of `{event}`: {problem}"),
    later("`{name}` of `{event}` was to be `{wanted}`, but is `{found}`"),
    later("`{field}` is not a field of the register of `{party}`"),
    later("`{id}` cannot stand on the register of `{party}`: {problem}"),
)
