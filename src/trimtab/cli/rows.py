"""Tables that never break a figure: what does not fit beside the rest stands beneath its row.

A market, an amount, an instant or an id that is cut in two is misread or cannot be copied, and
what it says is money. So no cell is broken but words in the last column, and where a terminal is
too narrow for all columns the last ones follow their row on a line of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

GAP: Final = 2
"""Cells between columns, and before what stands beneath a row."""
WORDS_MIN: Final = 24
"""Cells that words need beside other columns; with fewer they stand beneath their row."""


class Rows:
    """A table for a terminal of any width.

    A column that starts with ``>`` is right-aligned. One that starts with ``~`` holds words, which
    may wrap; it must be the last. Text is shown as it is: brackets in it are no markup.
    """

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
        """Take the columns with their marks, and cells in their order."""
        self._names = tuple(column.lstrip(">~") for column in columns)
        self._right = tuple(column.startswith(">") for column in columns)
        self._wraps = columns[-1].startswith("~")
        self._rows = tuple(
            tuple(Text(cell) if isinstance(cell, str) else cell for cell in row) for row in rows
        )
        self._widths = tuple(
            max(Text(name).cell_len, *(row[at].cell_len for row in self._rows), 0)
            for at, name in enumerate(self._names)
        )

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the header and every row, as wide as the terminal allows."""
        beside, room = self._beside(options.max_width)
        head = self._line([Text(name) for name in self._names[:beside]])
        head.stylize("dim")
        yield head
        for row in self._rows:
            cells = list(row[:beside])
            if beside == len(row) and room < self._widths[-1]:
                lines = list(cells[-1].wrap(console, room))
                line = self._line([*cells[:-1], lines[0]])
                hang = " " * (sum(self._widths[:-1]) + GAP * (beside - 1))
                yield line
                yield from (_bare(Text(hang).append_text(more)) for more in lines[1:])
                continue
            yield self._line(cells)
            yield from self._beneath(console, row[beside:], options.max_width)

    def _beside(self, width: int) -> tuple[int, int]:
        """Return how many columns stand beside each other, and the cells left for the last."""
        ends = [sum(self._widths[: n + 1]) + GAP * n for n in range(len(self._widths))]
        if ends[-1] <= width:
            return len(ends), self._widths[-1]
        room = width - (ends[-1] - self._widths[-1])
        if self._wraps and room >= WORDS_MIN:
            return len(ends), room
        return max(1, sum(end <= width for end in ends)), 0

    def _line(self, cells: Sequence[Text]) -> Text:
        """Return cells side by side, without spaces at the end."""
        line = Text()
        for at, cell in enumerate(cells):
            space = " " * max(0, self._widths[at] - cell.cell_len)
            line.append(" " * GAP if at else "")
            if self._right[at]:
                line.append(space)
            line.append_text(cell)
            if not self._right[at]:
                line.append(space)
        return _bare(line)

    def _is_words(self, name: str) -> bool:
        """Return whether a column holds words, which are told after a colon."""
        return self._wraps and name == self._names[-1]

    def _beneath(self, console: Console, cells: Sequence[Text], width: int) -> Iterator[Text]:
        """Yield what did not fit into a row, each with its column's name."""
        told = Text()
        for name, cell in zip(self._names[len(self._names) - len(cells) :], cells, strict=True):
            if cell.plain:
                told.append(", " if told else "")
                told.append(f"{name}{':' if self._is_words(name) else ''} " if name else "", "dim")
                told.append_text(cell)
        for line in told.wrap(console, max(1, width - 2 * GAP)) if told else ():
            yield _bare(Text(" " * 2 * GAP).append_text(line))


class Point:
    """One point of a list, whose words stand under its first ones where they go on."""

    def __init__(self, told: Text) -> None:
        """Take what it says."""
        self._told = told

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield its lines, none wider than the terminal."""
        mark = "  · "
        for line in self._told.wrap(console, max(1, options.max_width - len(mark))):
            yield _bare(Text(mark).append_text(line))
            mark = " " * len(mark)


def _bare(line: Text) -> Text:
    """Return a line without spaces at its end."""
    line.rstrip()
    return line
