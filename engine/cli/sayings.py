"""What the engine's errors say, so that they can be said in another language.

The engine speaks English in its exceptions, for logs and hosts. Here stand the same sentences as templates: an error is
recognised by its template and said again from the catalogue. `tests/cli/test_sayings.py` holds that none is missing.
"""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

from engine.cli.translate import _, later

SENTENCES = (
    # the caller
    later("there is no case `{case}`"),
    later("there is no case `{case}` any more"),
    later("`casewright list --find` finds one by phone or name"),
    later("no process `{process}` is published{near}"),
    later("`casewright publish FILE` publishes one"),
    later("there are {names}"),
    later("there is {names}"),
    later("a report cannot be made by `{name}`"),
    later("there is no format `{name}`{near}"),
    later("there is no promise `{clock}`{where}{near}"),
    later("there is no state `{state}`{near}"),
    later("there is no state `{state}` of `{process}`{near}"),
    later("there is no role `{role}` at this desk{near}"),
    later("there is no promise `{clock}`{near}"),
    later("there is no promise `{clock}` of `{process}`{near}"),
    later("`{process}` has no measure `{measure}`{near}"),
    later("what a report counts stands under `measures` of the process"),
    later("a report cannot be made by `{name}`"),
    later("there is {names}"),
    later("`{actor}` is not known at this desk{near}"),
    later("an administrator names people: `casewright actor add {actor} --role agent`"),
    later("`{actor}` ({roles}) may not read `{case}`"),
    later("ask somebody who works the case"),
    later("`{actor}` may not {what}: that is for the role `admin`"),
    later("the role was first given to whoever ran `casewright init`"),
    later("`{case}` has no promise `{name}`"),
    later("it has {names}"),
    later("`{case}` was changed meanwhile: revision {revision}, you expected {expected}"),
    later("look at it again: `casewright show {case}`"),
    later("case `{case}` was changed meanwhile; read it again and decide anew"),
    later("key `{key}` was used by `{actor}` for another command, on `{case}`"),
    later("repeat a command with the same content, or give a new command a new key"),
    later("`{name}` has {size} MiB; at most {most} MiB can be attached"),
    later("keep large files elsewhere and attach a link"),
    later("no answer of the form names the file `{name}`"),
    later("give a file field the file's `hash`"),
    later("`{person}` cannot name a person: printable text without `:`, and not `engine`"),
    later("`{person}` is the last `admin`; name another one first"),
    later("`{person}` is the first to be named, so they must hold `admin`"),
    later("there is no `{person}` at this desk{near}"),
    later("`casewright actor list` shows who there is"),
    later("nothing with the hash `{hash}` is attached to `{case}`"),
    later("{what} holds the character NUL (U+0000), which cannot be stored; leave it out"),
    later("{what} holds half a character ({character}), which cannot be stored; leave it out"),
    later("a text holds half a character ({character}), which cannot be stored"),
    later("a number is too large to be stored; at most 2^63 - 1 is possible"),
    later("a value cannot be stored: {error}; only JSON values without NaN or infinity can"),
    # registers
    later("the desk keeps no register of `{party}`{near}"),
    later("declare one at the party in `desk.yaml`, and publish a process after that"),
    later("there is no {party} `{id}`{near}"),
    later("`casewright party` shows them"),
    later("`{actor}` does not keep the register of `{party}`"),
    later("it is kept by {roles}"),
    later("`{id}` cannot name one of a register: printable text without `:` and blanks"),
    later("the register keeps {names}"),
    later("`{id}` was changed meanwhile; look at it again"),
    later("`{field}` is not a field of the register of `{party}`"),
    later("`{id}` cannot stand on the register of `{party}`: {problem}"),
    # calendars
    later("the calendar cannot be used; {place}: {message}"),
    later(
        "calendar `{calendar}` knows its holidays until {date}; later dates count by weekly hours and estimates: "
        "update the `holidays` library and publish again"
    ),
    later("`{text}` can mean three things"),
    later(
        "write `{hours}` (elapsed time), `{days} calendar_days` (same time of day, {dates} dates later) or "
        "`{open} business_days` (counting dates that open)"
    ),
    later("`{text}` is no time"),
    later("a goal is a duration, an instant field `case.NAME`, `3 calendar_days`, `end_of_day`, `by 12:00` …"),
    later("calendar `{calendar}` has {lack} within a hundred years of {date}"),
    later("give it weekly hours or special dates there, or ask for less"),
    later("an interruption ends after it begins"),
    later("give the earlier instant to --from"),
    later("a reason must be given: it stands in the record of every case"),
    later("`{approver}` declares it and cannot approve it as well; somebody else must"),
    later("the time of a correction ends after it begins"),
    later("write the earlier instant as `from`"),
    later("a correction names the process and the promises that it is about"),
    later("a correction puts right a calendar, a goal, or both; this one says neither"),
    later("there is no interruption or correction `{name}`"),
    later("`casewright interrupt list` and `casewright correct list` show those there are"),
    later("`{name}` was reversed by `{person}` already; nothing is left of it"),
    later("there is no promise `{clock}`{near}"),
    later("there is no promise `{clock}` of `{process}`{near}"),
    later("`{case}`: {reason}"),
    # the process author
    later("`{process}` cannot be published, errors in it: {count}; the first: {first}"),
    later("`casewright check` shows them all"),
    later("`{process}` version {version} is not published"),
    later("`{process}` version {version} is published and behaves differently; a published version never changes"),
    later("raise `version:` to {version}; cases under way stay on their own version"),
    later("`{process}` stands at version {newest}; version {version} comes too late"),
    later("give it version {version}"),
    later(
        "`migrate` of `{process}` version {version} forgets something of version {since}, or names what that never had"
    ),
    later("`casewright plan {process}` says what, and what it means for every open case"),
    later("the newest is version {version}"),
    later("prefix `{prefix}` of `{process}` is the prefix of `{other}`"),
    later("give it one of its own, so that a case's id tells its process"),
    later(
        "`{process}` version {version} was published by another version of casewright and cannot be read by this one"
    ),
    later("use the version that published it, or publish it anew"),
    # how people are reached
    later("people are reached by `email` or `phone`, not by `{kind}`"),
    later("`{address}` is not one {kind} address"),
    later("`{actor}` ({roles}) may not read `{case}`"),
    # the deliverers of the project file
    later("`[deliver.{name}]`: `{key}` {why}"),
    later("it stands in casewright.toml"),
    later("`[deliver]`: `{name}` is not a table"),
    later("write `[deliver.{name}]`"),
    later("`[deliver]`: `digest_above` must be a whole number above zero"),
    # an import
    later("a line is a JSON object"),
    later("this is not JSON: {error}"),
    later("`{key}` is not a key of an import line; keys are {keys}"),
    later("a line says one of `open`, `do`, `tick` or `say`"),
    later("`as` must be `role:person`"),
    later("`{name}` must be an object of fields"),
    later("`at` must be an instant like `2026-03-02 09:00`: {given}"),
    later("`at` lies before the line above it; an import goes forward in time"),
    later("`at` lies in the future; an import tells what has happened"),
    later("`case` must be the file's own name for the case"),
    later("no line above opens case `{name}`"),
    later("case `{name}` was opened by a line above"),
    later("case `{case}` has opened no `{link}`"),
    later("the import `{name}` is finished; new lines need an import of their own"),
    later("the import `{name}` was begun with another file: it differs from that at line {line} or before"),
    later("bring the same file again, or give a new import a name of its own"),
    later("`{case}` belongs to the unfinished import `{name}`"),
    later("`{case}` does not belong to this import"),
    later("run the import again, it goes on where it stopped"),
    later("refused: {reasons}"),
    # the operator
    later("`{case}` is set aside: the engine failed on it"),
    later("`casewright fault show {fault}`"),
    later("`casewright fault show {fault}` says why"),
    later("`{case}` is set aside: {error}"),
    later("`casewright fault list`"),
    later("there is no message {message}"),
    later("message {message} is {status}; only a waiting or dead one can be sent again"),
    later("there is no message {message}; `casewright outbox list` shows those there are"),
    later("`casewright outbox list` shows them"),
    later("there is no fault `{fault}`"),
    later("`casewright fault list` shows them"),
    later("nothing delivers `{name}` here"),
    later("the family of `{case}` changes without end; look for states that decide in a circle"),
    later("`{case}` fires more than {count} times at one instant"),
    later("`{case}`: {failed}"),
    later("the machine's clock jumped by {seconds} s; nothing is carried forward"),
    later("set the clock right, or accept it with `casewright tick --accept-clock`"),
    later("the machine's clock stands {days} days after the last sign of life in this database"),
    later("if it is right, accept it with `casewright tick --accept-clock`"),
    # the database
    later("there is no database at `{path}`"),
    later("name another one with `--db`, or make it with `casewright init`"),
    later("cannot use `{scheme}` as a database; {expected}"),
    later("`{url}` has no path; {expected}"),
    later("`{url}` names no file; {expected}"),
    later("the database's options cannot be used as written; there are {options}"),
    later("the database `{path}` is locked by another program"),
    later("nothing was changed; close what holds it (a backup, a database browser, a long import) and try again"),
    later("the database `{path}` cannot be written to: the file, its folder or its disk is read-only"),
    later("nothing was changed; give yourself the right to write to the file and its folder, or name another database"),
    later("the disk of the database `{path}` is full"),
    later("nothing was changed; free some space and do it again"),
    later("the disk of the database `{path}` reports an error ({detail})"),
    later("check the disk; whether the last step was kept shows when it is done again with the same key"),
    later("the database `{path}` cannot be opened"),
    later("check that the file and its folder exist and that you may read and write both"),
    later("`{path}` is not a database"),
    later("name another file; `casewright init` makes a new database"),
    later("the database `{path}` is damaged ({detail})"),
    later("the texts of {what} are not those that were published ({which}): the database is damaged"),
    later("keep a copy of it, then go back to the last backup"),
    later("you may not use the database `{path}`"),
    later("check that you may read and write the file and its folder"),
    later("there is not enough memory to use the database `{path}`"),
    later("nothing was changed; close other programs and try again"),
    later("the database `{path}` could not do what was asked ({detail})"),
    later("`casewright doctor` looks for the cause"),
    later("the database `{path}` belongs to another application"),
    later("nothing was changed; name another file; `casewright init` makes a new database"),
    later("the database `{path}` is empty"),
    later("`casewright init` makes its tables"),
    later("the database `{path}` was made by an older casewright"),
    later("keep a copy of the file, then bring it up to date with `casewright db upgrade`"),
    later("the database `{path}` was opened for reading only"),
    later("leave `mode=ro` out of its address to change anything"),
    later("the database `{path}` lies where SQLite cannot share it (journal mode `{mode}`)"),
    later("move the file to a disk of this machine; network folders will not do"),
    later("the database `{path}` is being written to by another thread for more than {seconds} seconds"),
    later("nothing was changed; try again"),
    later("the case was changed, or its key taken, meanwhile; read it again and decide anew"),
    later(
        "the database `{path}` was made by a newer casewright "
        "(its tables are of revision {revision}, this program knows up to {head})"
    ),
    later("nothing was changed; install the newer casewright"),
    later("the database `{path}` has been closed"),
    later("open it again"),
    # a server's database
    later("the server refuses to let you into `{path}` ({detail})"),
    later("check user and password; PGPASSFILE or PGPASSWORD may hold the latter"),
    later("there is no database `{path}` ({detail})"),
    later("name another one with `--db`, or make it with `createdb`"),
    later("the database `{path}` only reads: it is a copy that follows another server"),
    later("name the server that leads"),
    later("the transaction on `{path}` has failed already"),
    later("roll it back, and do the whole of it again"),
    later("you may not use what is in the database `{path}` ({detail})"),
    later("let the owner of the tables grant it"),
    later("the server of `{path}` is out of memory"),
    later("the server of `{path}` has no connection left ({detail})"),
    later("nothing was changed; close other programs, or ask for fewer connections: `pool=` in the database's URL"),
    later("what is to be changed in `{path}` is being changed by somebody else for too long"),
    later("the server ended what was asked of `{path}` before it was done ({detail})"),
    later("the connection to the database `{path}` was lost ({detail})"),
    later("nothing of this was kept; try again when the server is back"),
    later("the connection to the database `{path}` was lost while the step was being kept ({detail})"),
    later("whether it was kept shows when it is done again with the same key"),
    later("the database `{path}` cannot be reached ({detail})"),
    later("check that the server runs, and that the address, the user and the password are right"),
    later("somebody else was faster on the same rows of `{path}`"),
    later("a value cannot be stored or looked for: {detail}"),
    later("the database `{path}` keeps text as {encoding}, in which not every name can be written"),
    later("nothing was changed; make one that keeps it as UTF8: `createdb -E UTF8 -T template0 …`"),
    later("the database `{path}` belongs to another application: it has tables of our names"),
    later("nothing was changed; name another database, or another schema: `?options=-csearch_path%3Dcasewright`"),
    later("all {count} connections to `{path}` have been in use for more than {seconds} seconds"),
    later("nothing was changed; try again, or allow more of them: `pool=` in the database's URL"),
    later("PostgreSQL's driver cannot be used ({detail})"),
    later("`pip install 'casewright[postgresql]'` brings it"),
    # what an exported chart does not say
    later("`previous`, to which `{action}` of `{state}` leads"),
    later("`{action}`, which opens a case again that ended in `{state}`"),
    later("`{action}`, after which a case stays where it is"),
    later("that `{state}`, when all inside has ended, waits until a condition of its `done` holds"),
    later("when the timer `{timer}` of `{state}` fires, and so where it leads"),
    later("that the timer `{timer}` of `{state}` counts open hours only"),
    later("{count} conditions on more than states, which stand as the process says them"),
    later("that ways open from many states stand once, as links that nothing leads to"),
    later("that a way out of one region leaves the others too"),
)


def said_again(message: str) -> str:
    """Say an engine's sentence in the reader's language; one that is not known stays as it is."""
    for pattern, sentence in _patterns():
        found = pattern.fullmatch(message)
        if found is not None:
            return _(sentence).format(**found.groupdict())
    return message


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Sentences as patterns, those with most words of their own first."""
    longest_first = sorted(SENTENCES, key=lambda sentence: -len(_own_words(sentence)))
    return tuple((_pattern(sentence), sentence) for sentence in longest_first)


def _own_words(sentence: str) -> str:
    return "".join(text for text, *_rest in Formatter().parse(sentence))


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = []
    for text, name, *_rest in Formatter().parse(sentence):
        parts.append(re.escape(text))
        if name is not None:
            parts.append(f"(?P<{name}>.*?)")
    return re.compile("".join(parts), re.DOTALL)
