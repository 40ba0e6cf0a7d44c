"""Help as it is laid out: where characters take two columns, lines and columns are measured by what they take."""

from __future__ import annotations

from collections.abc import Iterable

import click

from engine.cli.translate import _, is_english


class HelpFormatter(click.HelpFormatter):
    """Click's own layout for English; another language is wrapped and aligned by the columns of its characters."""

    def write_heading(self, heading: str) -> None:
        """Write a heading, with the colon of the reader's language."""
        self.write(" " * self.current_indent + _("{heading}:").format(heading=heading) + "\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        if is_english():
            super().write_text(text)
            return
        indent = " " * self.current_indent
        paragraphs = (_lines(paragraph, self.width - len(indent)) for paragraph in text.split("\n\n"))
        self.write("\n\n".join("\n".join(indent + line for line in lines) for lines in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms, each with its meaning beside it."""
        if is_english():
            super().write_dl(list(rows), col_max, col_spacing)
            return
        from rich.cells import cell_len

        rows, indent = list(rows), " " * self.current_indent
        column = min(max((cell_len(term) for term, _meaning in rows), default=0), col_max) + col_spacing
        for term, meaning in rows:
            lines = _lines(meaning, max(self.width - column - 2, 10))
            if cell_len(term) > column - col_spacing:
                self.write(f"{indent}{term}\n")
                term = ""
            self.write(f"{indent}{term}{' ' * (column - cell_len(term))}{lines[0]}".rstrip() + "\n")
            self.write("".join(f"{indent}{' ' * column}{line}\n" for line in lines[1:]))


def _lines(text: str, room: int) -> list[str]:
    from engine.cli.tables import wrapped

    return wrapped(" ".join(text.split()), room)


class HelpContext(click.Context):
    """The context of all our commands: it lays their help out."""

    formatter_class = HelpFormatter
