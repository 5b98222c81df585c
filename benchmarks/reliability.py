"""What happens when things go wrong: every operation of the client with every fault of the sandbox.

    python benchmarks/reliability.py

Writes docs/reliability.md from the cells of tests/matrix, whose promises hold or it ends with the first that does not.
Some minutes; the same on every run, and a test compares the committed file.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from matrix.cells import NO_DATE, NOT_MET, STAGES, everything  # noqa: E402
from matrix.troubles import GROUPS  # noqa: E402

if TYPE_CHECKING:
    from matrix.operations import Operation
    from matrix.troubles import Trouble

TARGET = ROOT / "docs" / "reliability.md"

_TEXT = """# When things go wrong

Each method of the client was called while one thing went wrong, against the sandbox, over a real socket. Made by
`python benchmarks/reliability.py` from the cells that `tests/test_fault_matrix.py` checks.

{figures}

In each cell, by the sandbox's own books:

- what is told is right: rows in the right number, and ids that exist, of the right points and items
- no point has a second session, and no item was restored twice
- the deadline was kept, within a tenth, in the time that the sandbox's clock passed
- an error is an `OdbError` that says what to do, in the row where there is one
- the sandbox has nothing to complain of: no request before a `Retry-After` was over, no next link of our own making,
  no write repeated without a look
- the client works afterwards: drives can be listed, and the very same call, made once more, gives everything

What the words mean:

| in a cell | what happened |
|---|---|
| `rows` | everything, as if nothing had gone wrong |
| `rows: failed` and the like | a row for each thing given; `outcome`, or `verdict`, says which did not work |
| `rows, one date null` | everything but a date that cannot be read, which a warning tells |
| `rows, one missing` and the like | the service left a row out of a page, and nothing in its answers can tell |
| `error: …` | nothing but the error |
| `–` | all rows: what goes wrong is nothing that this method asks for |

`after` means that the answer was lost after the write took effect. `one in ten` strikes by chance: the call was made
until one of its requests was struck. `too slow` means an answer later than the client waits for, which is a minute, in
these cells 0.6 s.
"""


def table(cells: dict[Operation, dict[Trouble, str]], troubles: tuple[Trouble, ...]) -> str:
    """Operations down, troubles across."""
    lines = [["", *(trouble.name for trouble in troubles)], ["---"] * (len(troubles) + 1)]
    lines += [[f"`{one.name}`", *(_shown(row[trouble]) for trouble in troubles)] for one, row in cells.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(word: str) -> str:
    return "–" if word.endswith(NOT_MET) else word


def document(cells: dict[Operation, dict[Trouble, str]]) -> str:
    """The whole page."""
    words = Counter(word for row in cells.values() for word in row.values())
    met = {word: count for word, count in words.items() if not word.endswith(NOT_MET)}
    dates = met.pop(NO_DATE, 0)
    errors, told, untold = (_sum(met, start) for start in ("error: ", "rows: ", "rows, "))
    occasions = sum(met.values()) + dates
    figures = (
        f"**{words.total()} cells**: {len(cells)} methods, {words.total() // len(cells)} faults. In "
        f"{words.total() - occasions} of them the fault had no occasion. Of the other {occasions},\n"
        f"{met['rows']} gave all rows, {dates} all rows with one date null, {told} rows of which some say what did not "
        f"work, {errors} an error that\nsays what to do, and {untold} rows of which one was missing, since the service "
        "had left it out."
    )
    parts = [f"## {name}\n\n{table(cells, troubles)}\n" for name, troubles in GROUPS.items()]
    return "\n".join([_TEXT.format(figures=figures), *parts])


def _sum(counts: dict[str, int], start: str) -> int:
    return sum(count for word, count in counts.items() if word.startswith(start))


def main() -> int:
    """Write the page."""
    try:
        TARGET.write_text(document(everything()), encoding="utf-8")
    finally:
        STAGES.close()
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
