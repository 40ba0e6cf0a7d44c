"""What is said of an expression."""

from __future__ import annotations

from engine.cli.translate import later

SENTENCES = (
    # expressions
    later("this gives {given}, but yes or no is asked for here"),
    later("it reads more than {number} names"),
    later("the expression is empty"),
    later("it has {number} characters; at most {most} are read"),
    later("say it in smaller parts"),
    later("it must be {wanted}"),
    later("brackets are nested more than {number} deep"),
    later("the expression is nested too deep"),
    later("the expression cannot be read: {detail}"),
    later("`{text}` is not one of the values of `{name}`"),
    later("`{text}` is not one of the values there"),
    later("`{text}` must be {wanted}"),
    later("a text in quotes must stand here, so that it can be checked now"),
    later("the name of {what} must stand here, in quotes"),
    later("`{name}` is not {title}"),
    later("`days_since` needs `now`, which cannot be read here"),
    later("`has` asks for a field, as in `has(case.field)`"),
    later("`{name}` cannot be read here"),
    later("a text stands in quotes: `{text}`"),
    later("amounts are compared and added with amounts: `money('5.00')`"),
    later("`{sign}` cannot take {kinds}"),
    later("`true` and `false` stand without quotes"),
    later("whether a field is set is asked by `has(case.field)`"),
    later("an instant is written `timestamp('2026-03-02T14:00:00+08:00')`"),
    later("a duration is written `duration('15m')`"),
    later("whether a list holds a value is asked by `'value' in list`"),
    later("conditions are yes or no; compare the value with something"),
    later("`{text}` is not expected here"),
    later("the expression ends too early"),
    later("equality is written `==`"),
    later("a text ends with the quote it began with: {sign}"),
    later("values of a type cannot be made here"),
    later("`{name}` has names below it: say which is meant"),
    later("guard it by `has({name}) && …`, give it a default, or require it earlier"),
    later("`{name}` may be unset here"),
    later("personal values are copied whole and shown to those who work the case, nothing else"),
    later("`{name}` is personal: an expression may only ask `{text}`"),
    later("`{name}` is a name already: choose another one for the items"),
    later("`null` is no value: ask `has(case.field)` whether a field is set"),
    later("numbers with `u` and bytes are not part of this language"),
)
