"""What the tests of one part at a time share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.unit.worlds import Play, library


@pytest.fixture
def play() -> Iterator[Callable[..., Play]]:
    """Make worlds of YAML; when the test is over each is proven from its records."""
    made: list[Play] = []

    def begin(
        thing: str = "", *, at: str = "2026-03-02 09:00", messages: str = "",
        calendars: Mapping[str, str] | None = None, **others: str,
    ) -> Play:  # fmt: skip
        processes = {**({"thing": thing} if thing else {}), **others}
        made.append(Play(library(processes, messages, calendars), at))
        return made[-1]

    yield begin
    for one in made:
        one.prove()
