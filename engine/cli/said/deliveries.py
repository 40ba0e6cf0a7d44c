"""Why a message could not be delivered, and what is wrong with how it should be."""

from __future__ import annotations

from engine.cli.translate import later

SENTENCES = (
    # the host's, a file, a receiver, a mail server, a broker
    later("nothing delivers `{name}` here"),
    later("the receiver hangs; others have their turn before it is tried again"),
    later("no safe connection to the receiver: {why}"),
    later("the receiver did not answer within {seconds} s"),
    later("the receiver does not speak HTTP: {why}"),
    later("the receiver cannot be reached: {why}"),
    later("the receiver answered {code}"),
    later("the mail server answered {code}"),
    later("the mail server and we do not agree: {why}"),
    later("no safe connection to the mail server: {why}"),
    later("the mail server did not answer within {seconds} s"),
    later("the mail server cannot be reached: {why}"),
    later("the mail server refused {number} of {count} addresses ({codes})"),
    later("what is kept as the e-mail of `{who}` is not an address"),
    later("no e-mail address is known of `{receiver}`"),
    later("no stream of the broker keeps `{subject}`"),
    later("the broker does not let us in"),
    later("the broker does not keep it: {why}"),
    later("no safe connection to the broker: {why}"),
    later("the broker did not answer within {seconds} s"),
    later("the broker cannot be reached"),
    later("the broker did not take it: {why}"),
)

SETTINGS = (
    # what is wrong with a key of `[deliver.NAME]`
    later("must be text in quotes, on one line"),
    later("must be one of {names}, not `{value}`"),
    later("must be a whole number above zero"),
    later("must be true or false"),
    later('must be a list of names, such as ["due", "late"], or ["*"] for all'),
    later('is a secret and must not stand here: say "env:NAME" or "file:PATH" where it does'),
    later("is empty: there is no variable `{name}` in the environment"),
    later("cannot be read from the file `{file}`"),
    later("is empty: nothing stands in the file `{file}`"),
    later("means nothing here; did you mean `{name}`?"),
    later("means nothing here; did you mean {names}?"),
    later("means nothing here; there is {names}"),
    later("is missing"),
    later('and `events` are both missing: say which it takes, `messages = ["*"]` for all'),
    later("go to programs, not by e-mail"),
    later("`{kind}` is not known; did you mean `{name}`?"),
    later("`{kind}` is not known; did you mean {names}?"),
    later("`{kind}` is not known; there is {names}"),
    later("needs a library that is not there: pip install 'casewright[nats]'"),
    later('is missing: say where the broker is, `servers = ["tls://broker.example.com:4222"]`'),
    later("is not `tls`: all on the way can read it; if so it must be, say `insecure = true`"),
    later("must be words parted by dots, without blanks, `*` and `>`"),
    later("must be addresses such as `tls://broker.example.com:4222`"),
    later('hold a password; say `user`, `password` or `token` with "env:NAME" or "file:PATH"'),
    later("is `none`: all on the way can read it; if so it must be, say `insecure = true`"),
    later("would be sent in clear with `tls` none"),
    later("must be an address, such as `Service desk <desk@example.com>`"),
    later("must be an address such as `https://example.com/hook`, in ASCII"),
    later("must not hold a blank or a `#`"),
    later('holds a password; say "env:NAME" or "file:PATH" where the whole of it stands'),
    later("is not `https`: all on the way can read it; if so it must be, say `insecure = true`"),
    later("is missing; a receiver that cannot check signatures needs `unsigned = true`"),
    later("must be base64, as `whsec_…` is"),
)
"""What stands in the blank of a sentence on a setting."""

WHY = (later("refused"), later("Connection refused"), later("Name or service not known"), later("No route to host"))
