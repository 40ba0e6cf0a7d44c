"""What a case lets out to other systems is compared by its values, not by its name alone."""

from __future__ import annotations

import pytest

from engine.core.plan import Library
from engine.scenarios import play_all, read_script
from tests.unit.worlds import library

PROCESS = """
initial: open
fields: {fee: {type: money}, kind: {type: choice, choices: {a: {en: A}, b: {en: B}}}}
opening: {by: [agent], form: {require: [note, kind], allow: [visit_at, fee]}}
states:
  open:
    actions:
      order:
        by: [agent]
        then:
          - emit: ordered
            with:
              case: =case.id
              note: =case.note
              twice: "=has(case.fee) ? case.fee * 2 : money('0.00')"
              until: "=has(case.visit_at) ? add(case.visit_at, '24h') : now"
              of: =case.kind
              fixed: 7
        to: stay
      both: {by: [agent], then: [{emit: first}, {emit: second, with: {many: 1}}], to: stay}
      again: {by: [agent], then: [{emit: first}, {emit: first}], to: stay}
      quiet: {by: [agent], to: stay}
      child: {by: [agent], then: [{open: child, as: kid}], to: stay}
"""

CHILD = """
initial: made
opening: {by: [agent]}
states: {made: {on_enter: [{emit: made, with: {who: =case.id}}]}}
"""

GIVEN = """
process: thing
given: {at: 2026-03-02 09:00, open: {note: x, fee: 6.00, visit_at: 2026-03-03 10:00, kind: b}, as: agent:lin}
scenarios:
  one:
"""

LIBRARY: Library = library({"thing": PROCESS, "child": CHILD})


def failure(step: str) -> str | None:
    script, findings = read_script(f"{GIVEN}    - {step}\n", "thing.scenarios.yaml")
    assert script is not None, [finding.message for finding in findings]
    [outcome] = play_all(script, LIBRARY)
    return None if outcome.failure is None else outcome.failure.message


@pytest.mark.parametrize(
    "step",
    [
        "{do: order, expect: {emitted: {ordered: {}}}}",
        "{do: order, expect: {emitted: {ordered: {twice: 12.00}}}}",
        "{do: order, expect: {emitted: {ordered: {case: T-1, note: x, until: 2026-03-04 10:00, of: b, fixed: 7}}}}",
        "{do: order, expect: {emitted: {ordered: {until: 2026-03-04T10:00:00+08:00}}}}",
        "{do: both, expect: {emitted: {second: {many: 1}, first: {}}}}",
        "{do: quiet, expect: {emitted: {}}}",
        "{do: child, expect: {emitted: {made: {who: T-1.1}}, kid.emitted: {made: {who: T-1.1}}}}",
    ],
)
def test_what_was_emitted_is_as_expected(step: str) -> None:
    assert failure(step) is None


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{do: order, expect: {emitted: {ordered: {twice: 12.01}}}}", "`twice` of `ordered` was to be `12.01`, but is"),
        ("{do: order, expect: {emitted: {ordered: {until: 2026-03-04 10:01}}}}", "`until` of `ordered` was to be"),
        ("{do: order, expect: {emitted: {ordered: {of: a}}}}", "`of` of `ordered` was to be `a`, but is `b`"),
        ("{do: order, expect: {emitted: {ordered: {fixed: 8}}}}", "`fixed` of `ordered` was to be `8`, but is `7`"),
        ("{do: order, expect: {emitted: {ordered: {twise: 1}}}}", "carries no `twise`; did you mean `twice`?"),
        ("{do: order, expect: {emitted: {ordered: {xxxxxx: 1}}}}", "it carries case, note, twice, until, of, fixed"),
        ("{do: order, expect: {emitted: {ordered: {until: soon}}}}", "`until` of `ordered`: "),
        ("{do: order, expect: {emitted: {}}}", "exactly nothing was to be emitted, but `ordered` was"),
        ("{do: quiet, expect: {emitted: {ordered: {}}}}", "exactly `ordered` was to be emitted, but nothing was"),
        ("{do: both, expect: {emitted: {first: {}}}}", "but `first`, `second` was"),
        ("{do: again, expect: {emitted: {first: {}}}}", "but `first` 2 times was"),
        ("{do: child, expect: {kid.emitted: {}}}", "exactly nothing was to be emitted, but `made` was"),
    ],
)
def test_what_differs_is_named_with_both_values(step: str, message: str) -> None:
    assert message in (failure(step) or "nothing failed")


def test_a_value_that_cannot_be_given_by_this_shape_is_a_finding() -> None:
    script, findings = read_script(f"{GIVEN}    - {{do: order, expect: {{emitted: [ordered]}}}}\n", "t.scenarios.yaml")
    assert script is None
    assert [finding.id for finding in findings] == ["wrong-type"]
