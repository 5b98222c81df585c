"""What `code()` shows is data, whatever was typed, passed by papermill or said by the service."""

from __future__ import annotations

import ast
import contextlib

import pytest
import walks
from hostile import NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

import odb_nb as odb
from odb_nb.sandbox import Sandbox
from odb_nb.widgets import CompareView, CreateSessionsForm, FileBrowser, RestoreForm, SignInForm, StatusBoard
from odb_nb.widgets.change_filter import ChangeFilter
from odb_nb.widgets.places import Place, code_of
from odb_nb.widgets.snippets import call, isin, rows_of
from odb_nb.widgets.status_filter import StatusFilter

INJECTIONS = [
    "'", '"', "\\", "\\'", "''')\nimport os\n('''", '"""\nimport os\n"""', "#", "\n", "\r", "\x0b", "\x0c", "\x1c",
    "\x85",
    "\u2028", "\u2029", "\0", "{", "}", "{__import__('os')}", "%s", "x')\nimport os #", "x'); import os #", "x\\\n",
    "\ud800",
    "# -*- coding: utf-7 -*-\n+AG8-", "\N{RIGHT-TO-LEFT OVERRIDE}", *NAMES,
]  # fmt: skip
texts = st.one_of(st.sampled_from(INJECTIONS), st.text(), st.lists(st.sampled_from(INJECTIONS)).map("".join))
many = settings(max_examples=300, deadline=None)


def constants(source):
    """All texts in the code; it must be Python, on lines of its own, and name nothing but what forms use."""
    tree = ast.parse(source)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert names <= {"odb", "pd", "client", "drives", "points", "sessions", "session", "items", "basket", "plan",
                     "status",
                     "restores", "comparison", "before", "after", "wanted", "is_chosen", "chosen", "is_found", "ids",
                     "sandbox"}  # fmt: skip
    imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imports <= {"odb_nb", "pandas"}
    kinds = (
        ast.ImportFrom,
        ast.FunctionDef,
        ast.ClassDef,
        ast.JoinedStr,
        ast.With,
        ast.Try,
        ast.For,
        ast.While,
        ast.If,
    )
    assert not [node for node in ast.walk(tree) if isinstance(node, kinds)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr.startswith("_")]
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in sorted(found, key=lambda node: (node.lineno, node.col_offset))]


@many
@given(st.dictionaries(st.sampled_from(["start", "end", "limit", "contains"]), st.none() | texts | st.integers()))
def test_arguments_of_a_call_come_back_as_they_were(arguments):
    found = ast.parse(f"f(x{call(**arguments)})").body[0].value
    assert {one.arg: ast.literal_eval(one.value) for one in found.keywords} == {
        name: value for name, value in arguments.items() if value is not None
    }


@many
@given(texts, st.lists(texts))
def test_rows_come_back_as_they_were(column, values):
    assert constants(rows_of("status", column, values)) == [column, *values]
    assert constants(isin("status", column, values)) == [column, *values]


@many
@given(texts, st.lists(texts, max_size=3))
def test_filters_come_back_as_they_were(text, statuses):
    status = constants("\n".join(StatusFilter(drive=text, statuses=tuple(statuses)).code) or "''")
    assert text in status or not text
    assert set(statuses) <= set(status)
    assert text in constants("\n".join(ChangeFilter(changes=("added",), text=text).code)) or not text


@many
@given(texts, texts, texts)
def test_places_come_back_as_they_were(key, path, text):
    lines = code_of([Place(), Place(key, path, path)], set(), text)
    assert "\n".join(lines).splitlines() == lines
    assert set(constants("\n".join(["session = 'x'", *lines]))) == {"x", key, *([text] if text else [])}


@many
@given(
    st.sampled_from(["browser", "device-code", "azure-cli", "environment", "managed-identity", "default"]), texts, texts
)
def test_a_sign_in_shows_ids_and_nothing_else_that_was_typed(auth, tenant, client):
    with SignInForm(auth) as form:
        form.tenant_id.value, form.client_id.value = tenant, client
        assert constants(form.code()) == [auth]


@pytest.fixture(scope="module")
def service():
    with Sandbox(drives=3, creating_s=0) as sandbox, odb.connect(sandbox=sandbox) as client:
        points = client.list_restore_points(client.list_drives().head(1), limit=1)
        yield client, points, client.create_session(points, wait=True)["id"][0]


def walk_of(text):
    return walks.walk(("k1", text, 1), ("k2" + text, "Documents/" + text, 2))


FORMS = [
    pytest.param(lambda client, points, session, text: StatusBoard(client, points, drive=text), id="board"),
    pytest.param(
        lambda client, points, session, text: CompareView(client, walk_of(text), walk_of("b")), id="comparison"
    ),
    pytest.param(lambda client, points, session, text: RestoreForm(client, walk_of(text)), id="restore"),
    pytest.param(lambda client, points, session, text: _found(FileBrowser(client, session), text), id="browser"),
    pytest.param(lambda client, points, session, text: CreateSessionsForm(client, drives=[text]), id="sessions"),
]


def _found(browser, text):
    browser.wait(30)
    browser.text.value = text
    return browser


@pytest.mark.parametrize("make", FORMS)
@pytest.mark.parametrize("text", INJECTIONS)
def test_a_form_shows_code_that_is_data(service, make, text):
    try:
        form = make(*service, text)
    except odb.OdbError:  # what cannot be meant is refused
        return
    with form:
        with contextlib.suppress(odb.OdbError):
            form.wait(30)
        constants(form.code())


def test_the_check_finds_what_is_injected():
    for source in ("import os", "x = 1\nopen('x')", "f'{client}'", "client.__class__", "from os import path"):
        with pytest.raises(AssertionError):
            constants(source)
    assert constants("status[status['a'].isin(['b'])]") == ["a", "b"]
