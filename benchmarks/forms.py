"""What a form makes somebody wait for: from a click to the first row, and from a key to what it leaves, in Chromium.

    python benchmarks/forms.py

A tenant of 2,000 drives with 10,000 restore points, a session on nearly each. Times are the page's own, from the event
to the frame that shows what came of it. Beside each form stands, in the same page and in turn, the same client's call
with what ipywidgets has for a list (`SelectMultiple`), or with the frame as HTML.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timing import TIMES, Measure

import odb_nb as odb
from odb_nb.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from notebook_servers import CHROMIUM_OPTIONS, PATIENCE_S, Lab, chromium, serving_lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

DRIVES = 2_000
WINDOW = {"start": "2026-11-16", "end": "2026-11-20"}  # a point a day: 10,000 in all
LEFT = 10  # points without a session, the first of the table, so that each refresh has one more to show
WORD = "han"  # each letter leaves fewer rows
KEYS_APART_MS = 100
SETTLES_MS = 500
FELT_MS = 100  # a longer answer is felt as one: Nielsen, Usability Engineering, 1993, chapter 5

# a task that is posted in an animation frame runs when that frame is on its way to the screen
_JS = """
window.painted = () => new Promise(resolve => requestAnimationFrame(() => {
    const after = new MessageChannel();
    after.port1.onmessage = () => resolve(performance.now());
    after.port2.postMessage(0);
}));
window.when = holds => new Promise(resolve => {
    const look = () => { if (holds()) { end(); painted().then(resolve) } };
    const observer = new MutationObserver(look);
    const end = () => { observer.disconnect(); removeEventListener('input', look) };
    observer.observe(document.body, {subtree: true, childList: true, characterData: true});
    addEventListener('input', look);
});
"""
_TAKEN = """() => Promise.race([
    window.taken, new Promise((_, reject) => setTimeout(() => reject(new Error("nothing came of it")), 60000))])"""
_CLICKED = """() => { window.taken = new Promise(resolve =>
    addEventListener('click', click => when(() => %s).then(end => resolve(end - click.timeStamp)),
                     {capture: true, once: true})) }"""
_TYPED = """count => {
    const lags = [];
    let pressed = 0, typed = 0;
    const down = event => { pressed = event.timeStamp };
    const input = () => { const start = pressed; typed += 1; lags.push(painted().then(end => end - start)) };
    addEventListener('keydown', down, true);
    addEventListener('input', input, true);
    window.taken = when(() => typed === count && %s).then(async end => {
        removeEventListener('keydown', down, true);
        removeEventListener('input', input, true);
        return [Math.max(...await Promise.all(lags)), end - pressed];
    });
}"""

_START = """
import ipywidgets
import odb_nb as odb
from odb_nb.widgets import CreateSessionsForm, StatusBoard
client = odb.connect("sandbox", base_url={url!r})
drives, window, asking = client.list_drives(), {window!r}, {{}}
"""
_DRIVES = """
form = CreateSessionsForm(client, drives=drives, which="window", **window)
frame, get = drives, lambda: client.list_restore_points(drives, progress=False, **asking)
form
"""
_BOARD = """
points = client.list_restore_points(drives, progress=False, **window)
form = StatusBoard(client, points)
get = lambda: client.tabulate_status(points)
frame = get()
form
"""
# what a notebook without forms has for the same: a field, buttons, a list; and a frame as a page
_PLAIN = """
columns = ["display_name", "email", "protection_date_time", "status", "session_expiration_date_time"]
def seen(rows):
    return rows[[name for name in columns if name in rows]]
def lines(rows):
    return list(map(", ".join, seen(rows).astype("string").fillna("").itertuples(index=False)))
options = lines(frame)
text, bare = ipywidgets.Text(), ipywidgets.Text()
to_list, to_page = ipywidgets.Button(description="List"), ipywidgets.Button(description="Page")
listed, page = ipywidgets.SelectMultiple(options=options, rows=10), ipywidgets.HTML()
def fill(_):
    listed.options = lines(get())
def draw(_):
    page.value = seen(get()).to_html()
def narrow(change):
    listed.options = [line for line in options if change["new"].casefold() in line.casefold()]
to_list.on_click(fill)
to_page.on_click(draw)
text.observe(narrow, names="value")
for name in ("text", "bare", "to_list", "to_page", "listed", "page"):
    _ = globals()[name].add_class(f"plain-{name}")
ipywidgets.VBox([text, bare, ipywidgets.HBox([to_list, to_page]), listed, page])
"""
_FORM = ".odb-nb-live"
_BUTTON = f"{_FORM} button:has-text('%s')"
_OPTIONS = "document.querySelectorAll('.plain-listed option').length"
_PAGE_ROWS = "document.querySelector('.plain-page tbody tr') !== null"
_INFO = f"[...document.querySelectorAll('{_FORM} .dt-info')].at(%d)?.textContent"
_ROWS = f"document.querySelector('{_FORM} table.dataTable tbody')?.textContent"


class Notebook:
    """A notebook of these cells on a page, its kernel, and what its page takes."""

    def __init__(self, lab: Lab, page: Any, name: str, *cells: str) -> None:
        self._lab, self.page = lab, page
        lab.show(page, *cells, name=name)
        page.evaluate(f"() => {{{_JS}}}")

    def python(self, expression: str) -> str:
        """What an expression is in the kernel, in words."""
        return str(self._lab.python(self.page, expression))

    def click(self, selector: str, holds: str) -> float:
        """Milliseconds from the click until it holds and is on the screen."""
        self.page.evaluate(_CLICKED % holds)
        self.page.locator(selector).last.click()
        return float(self.page.evaluate(_TAKEN))

    def type(self, selector: str, word: str, holds: str = "true") -> tuple[float, float]:
        """The most milliseconds from a key to a frame, and from the last key until it holds and is on the screen."""
        field = self.page.locator(selector).first
        field.focus()
        self.page.evaluate(_TYPED % holds, len(word))
        self.page.keyboard.type(word, delay=KEYS_APART_MS)
        longest, last = self.page.evaluate(_TAKEN)
        return float(longest), float(last)

    def settle(self, then: str = "None") -> None:
        """Until nothing is under way in the kernel; then this expression; then until the page has followed."""
        self.python(f"(form.wait(), {then})[:0]")
        self.page.evaluate("painted().then(painted)")
        self.page.wait_for_timeout(SETTLES_MS)

    def close(self) -> None:
        """End its kernel."""
        self.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def in_turn(works: Mapping[str, Callable[[], Any]], between: Callable[[], object]) -> dict[str, list[Any]]:
    """What each gives, run in turn; the first round only warms up."""
    given: dict[str, list[Any]] = {name: [] for name in works}
    for turn in range(TIMES + 1):
        for name, work in works.items():
            between()
            result = work()
            if turn:
                given[name].append(result)
    return given


def beside(what: str, taken: Mapping[str, Sequence[float]], words: Mapping[str, str]) -> Iterator[Measure]:
    """Ours beside each peer."""
    medians = {name: statistics.median(of_one) for name, of_one in taken.items()}
    for name, peer in words.items():
        ours = medians["ours"]
        yield Measure(
            f"{what}: ours / {peer}", ours / medians[name], context=f"{ours:,.0f} ms / {medians[name]:,.0f} ms"
        )


def clicking(book: Notebook, what: str, ours: Callable[[], float], reset: str) -> Iterator[Measure]:
    """From a click to what it brings: the form, and the same call with a plain list, and with a frame as HTML."""
    clear = f"({reset}, setattr(listed, 'options', ()), setattr(page, 'value', ''))"
    taken = in_turn(
        {
            "ours": ours,
            "list": lambda: book.click(".plain-to_list", f"{_OPTIONS} > 0"),
            "page": lambda: book.click(".plain-to_page", _PAGE_ROWS),
        },
        lambda: book.settle(clear),
    )
    words = {"list": "the same call and `SelectMultiple`", "page": "the same call and `display(df)`"}
    yield from beside(what, taken, words)


def typing(book: Notebook, what: str, field: str, info: str, reset: Callable[[], object]) -> Iterator[Measure]:
    """A word typed: the longest from a key to its frame, and from the last key to the rows that it leaves."""
    book.settle("(setattr(listed, 'options', options), setattr(page, 'value', ''))")
    left = int(book.python(f"sum({WORD!r} in line.casefold() for line in options)"))

    def clear() -> None:
        reset()
        book.settle("(setattr(text, 'value', ''), setattr(bare, 'value', ''))")

    taken = in_turn(
        {
            "ours": lambda: book.type(field, WORD, f"{info}.includes('of {left:,} entr')"),
            "list": lambda: book.type(".plain-text input", WORD, f"{_OPTIONS} === {left}"),
            "bare": lambda: book.type(".plain-bare input", WORD),
        },
        clear,
    )
    longest = {name: [lags[0] for lags in of_one] for name, of_one in taken.items()}
    rows = {name: [lags[1] for lags in of_one] for name, of_one in taken.items()}
    felt = statistics.median(longest["ours"])
    yield Measure(f"{what}, longest from a key to its frame: share of what is felt", felt / FELT_MS, 1,
                  context=f"{felt:.0f} ms of {FELT_MS} ms")  # fmt: skip
    yield from beside(f"{what}, longest from a key to its frame", longest, {"bare": "a field that does nothing"})
    yield from beside(f"{what}, from the last key to the rows", rows, {"list": "`Text` and `SelectMultiple`"})


def finding(book: Notebook) -> Iterator[Measure]:
    """Restore points of all drives, found and shown."""
    for what, choice, asking in (("latest points", "latest", {"limit": 1}), ("points of 5 days", "window", WINDOW)):
        book.settle(f"(setattr(form.choice.which, 'value', {choice!r}), asking.clear(), asking.update({asking!r}))")
        yield from clicking(
            book,
            f"`CreateSessionsForm`, {what} of {DRIVES:,} drives, click to first row",
            lambda: book.click(_BUTTON % "Find restore points", f"/of [1-9]/.test({_INFO % -1})"),
            "form.points.show(form.points.frame.head(0))",
        )


def refreshing(book: Notebook, sandbox: Sandbox, ids: list[str]) -> Iterator[Measure]:
    """A board refreshed, with one more session each time."""
    left = iter(ids)

    def ours() -> float:
        sandbox.open_session(next(left))
        book.page.evaluate(f"() => {{ window.before = {_ROWS} }}")
        return book.click(_BUTTON % "Refresh", f"{_ROWS} !== before")

    what = f"`StatusBoard`, {book.python('len(points)')} points, click to the table changed"
    yield from clicking(book, what, ours, "None")


@contextlib.contextmanager
def opened() -> Iterator[Any]:
    """A page in the Chromium of the browser tests."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        raise SystemExit("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_OPTIONS))
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(1000 * PATIENCE_S)
        yield page
        browser.close()


def measures() -> Iterator[Measure]:
    """All of them, on a sandbox, a JupyterLab and a Chromium of their own."""
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(drives=DRIVES, echo_restore_point_id=True, creating_s=0))
        lab = stack.enter_context(serving_lab(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        page = stack.enter_context(opened())
        with odb.connect(sandbox=sandbox) as client:
            ids = client.list_restore_points(client.list_drives(), progress=False, **WINDOW)["id"].tolist()
        for id_ in ids[LEFT:]:
            sandbox.open_session(id_)
        start = _START.format(url=f"{sandbox.url}/v1.0", window=WINDOW)

        book = Notebook(lab, page, "drives.ipynb", start + _DRIVES, _PLAIN)
        yield from finding(book)
        search = f"{_FORM} input[type=search]"
        what = f"filter of {DRIVES:,} drives"
        yield from typing(book, what, search, _INFO % 0, lambda: page.locator(search).first.fill(""))
        book.close()

        book = Notebook(lab, page, "board.ipynb", start + _BOARD, _PLAIN)
        yield from refreshing(book, sandbox, ids[:LEFT])
        what = f"filter of a board of {len(ids):,} points"
        yield from typing(
            book, what, f"{_FORM} input[type=text]", _INFO % 0, lambda: book.settle("setattr(form.drive, 'value', '')")
        )
        book.close()


def main() -> int:
    """The exit status."""
    for measure in measures():
        sys.stdout.write(f"{' · '.join(measure.row)}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
