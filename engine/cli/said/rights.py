"""What only administrators may do, as it stands in the sentence that refuses it to others."""

from __future__ import annotations

from engine.cli.translate import later

RIGHTS = (
    later("archive"),
    later("declare corrections"),
    later("declare interruptions"),
    later("erase private values"),
    later("export"),
    later("export evidence"),
    later("import"),
    later("list the archive"),
    later("migrate"),
    later("name people"),
    later("plan"),
    later("publish"),
    later("reverse corrections"),
    later("reverse interruptions"),
    later("see or change how others are reached"),
    later("see what the engine failed on"),
    later("send messages again"),
    later("sign checkpoints"),
    later("try faults again"),
    later("wrap keys"),
)
