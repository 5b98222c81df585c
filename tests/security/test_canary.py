"""A token and a client secret with unmistakable texts, and all the places where they must not be.

One run does everything once: it signs in as an app and by device code at a fake Entra ID, calls every method of the
client, lets the service repeat the token in every kind of answer that carries a body, opens every form, and writes
every kind of file. The table `PLACES` says what is then searched.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import io
import json
import logging
import os
import pickle
import subprocess
import sys
import traceback
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import entra
import ipywidgets
import nbformat
import pytest
from nbclient import NotebookClient

import odb_nb as odb
from odb_nb import runbook
from odb_nb.auth import make_credential
from odb_nb.client import BackupClient
from odb_nb.connect import _open, _SkippedTime
from odb_nb.errors import AuthError, OdbError
from odb_nb.permissions import BACKUP_ADMINISTRATOR_ID, DELEGATED
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.sandbox.tokens import ALL_PERMISSIONS
from odb_nb.widgets import CompareView, CreateSessionsForm, FileBrowser, RestoreForm, SignInForm, StatusBoard

from .canary import frames_of, leaks, leaks_on, needles

if TYPE_CHECKING:
    from pathlib import Path

LOGGERS = ("httpx", "httpcore", "hpack", "azure", "azure.identity", "azure.core", "msal", "kiota_http", "asyncio",
           "urllib3", "requests", "tornado", "filelock", "matplotlib", "odb_nb")  # fmt: skip


@dataclass
class Run:
    """What a run has left behind."""

    folder: Path
    minted: list[str]
    frames: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, BaseException] = field(default_factory=dict)
    records: list[logging.LogRecord] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    banner: Any = None
    pickled: dict[str, bytes] = field(default_factory=dict)
    on_client: list[str] = field(default_factory=list)
    widgets: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    printed: str = ""

    @property
    def needles(self):
        return needles(self.minted)


class _Keep(logging.Handler):
    def __init__(self, records):
        super().__init__(level=1)
        self.records = records

    def emit(self, record):
        self.records.append(record)


@contextlib.contextmanager
def _everything_logged(records):
    handler, loggers = _Keep(records), [logging.getLogger(name) for name in LOGGERS]
    before = [(logger, logger.level) for logger in (logging.getLogger(), *loggers)]
    logging.getLogger().addHandler(handler)
    try:
        for logger, _ in before:
            logger.setLevel(1)
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        for logger, level in before:
            logger.setLevel(level)


def _calls(client, state):
    """One call per method; a new method of the client wants a line here."""
    return {
        "sign_in": client.sign_in,
        "check_permissions": client.check_permissions,
        "list_drives": client.list_drives,
        "list_restore_points": lambda: client.list_restore_points(state["drive"], start="2026-11-17", limit=2),
        "create_session": lambda: client.create_session(state["points"].head(1), wait=True),
        "create_sessions": lambda: client.create_sessions(state["points"], wait=True, if_exists="create"),
        "get_session": lambda: client.get_session(state["session"]),
        "list_sessions": client.list_sessions,
        "wait_for_sessions": lambda: client.wait_for_sessions(state["session"]),
        "tabulate_status": lambda: client.tabulate_status(state["points"]),
        "browse": lambda: client.browse(state["session"]),
        "walk": lambda: client.walk(state["session"]),
        "find_change": lambda: client.find_change(state["points"], odb.path_exists("Documents")),
        "plan_restore": lambda: client.plan_restore(state["files"]),
        "restore_items": lambda: client.restore_items(state["plan"], wait=True),
        "list_restores": client.list_restores,
        "wait_for_restore": lambda: client.wait_for_restore(state["restores"]),
        "history": client.history,
    }


NOT_CALLS = {"banner", "close", "now", "sandbox"}


def _use(client, drive, frames):
    """Every method on its good path, each with what the ones before it gave."""
    state: dict[str, Any] = {"drive": drive}
    for name in _calls(client, state):
        frames[name] = frame = _calls(client, state)[name]()
        match name:
            case "list_restore_points":
                state["points"] = frame
            case "create_session":
                state["session"] = frame["id"][0]
            case "walk":
                state["files"] = frame[frame["type"] == "file"].head(2)
            case "plan_restore":
                state["plan"] = frame
            case "restore_items":
                state["restores"] = frame
    frames["last_result"] = client.last_result
    return state


def _echoes(token):
    """Answers that repeat what was sent, as debugging proxies and some services do."""
    header = f"Bearer {token}"
    told = {"error": {"code": token, "message": f"cannot read {header}", "innerError": {"request-id": token}}}
    row = {"id": token, "status": token, "displayName": token, "error": {"code": token, "message": token}}
    return {
        "status 400": {"status": 400, "message": f"cannot read {header}", "code": token},
        "status 401": {"status": 401, "message": header},
        "status 403": {"status": 403, "message": header},
        "status 500": {"status": 500, "message": header, "times": None},
        "status 429": {"status": 429, "message": header, "retry_after": "99999", "times": None},
        "challenge": {"claims": json.dumps({"access_token": {"nbf": {"value": token}}})},
        "an error as a success": {"kind": "body", "body": json.dumps(told).encode(), "times": None},
        "a row": {"kind": "body", "body": json.dumps({"value": [row], **row}).encode(), "times": None},
        "plain text": {"kind": "body", "body": header.encode(), "times": None},
    }


SEEN_IN_EACH_WAY = ("list_drives", "create_session", "browse")
SEEN_BY_EACH_METHOD = ("status 400", "a row")


def _without_ours(error):
    """The error without the frame of this file that called: it holds what is looked for."""
    tb = error.__traceback__
    while tb is not None and tb.tb_frame.f_code.co_filename == __file__:
        tb = tb.tb_next
    return error.with_traceback(tb)


def _fail(client, sandbox, state, token, run):
    """Each method with the service repeating the token in two ways, and three methods with every way that it has."""
    for way, fault in _echoes(token).items():
        for name, call in _calls(client, state).items():
            if name not in SEEN_IN_EACH_WAY and way not in SEEN_BY_EACH_METHOD:
                continue
            sandbox.faults.add(Fault("any", **fault))
            try:
                run.frames[f"{name}, {way}"] = call()
            except OdbError as exc:
                run.errors[f"{name}, {way}"] = _without_ours(exc)
            finally:
                sandbox.faults.clear()


def _sign_in_badly(directory, run, **arguments):
    for way, change in {
        "refused": {"refuse_with": entra.refused(7000215, f"Invalid client secret {entra.SECRET}")},
        "cut short": {"cut_short": True},
        "unknown tenant": {"unknown_tenant": True},
    }.items():
        before = {name: getattr(directory, name) for name in change}
        for name, value in change.items():
            setattr(directory, name, value)
        try:
            odb.connect("environment", **arguments)
        except AuthError as exc:
            run.errors[f"sign-in, {way}"] = _without_ours(exc)
        finally:
            for name, value in before.items():
                setattr(directory, name, value)


def _show(client, state, run):
    """Every form on this client, at work, closed, and in the state that a saved notebook would keep."""
    forms = [
        SignInForm("environment", tenant_id=entra.TENANT, client_id=entra.CLIENT),
        CreateSessionsForm(client, which="window", start="2026-11-18"),
        StatusBoard(client, state["points"]),
        FileBrowser(client, state["session"]),
        CompareView(client, state["session"], state["session"]),
        RestoreForm(client, state["files"]),
    ]
    try:
        for form in forms:
            with contextlib.suppress(OdbError):
                form.wait(30)
            run.shown += [repr(form), *form.still(), form.code()]
        run.widgets = json.dumps(ipywidgets.Widget.get_manager_state(), default=repr)
    finally:
        for form in forms:
            form.close()


def _write(run, frames):
    """Every kind of file, of every frame that fits in it."""
    for number, (name, frame) in enumerate(frames.items()):
        if hasattr(frame, "columns"):
            for suffix in ("csv", "html", "parquet"):
                odb.export(frame, run.folder / f"{number}.{suffix}")
            run.shown += [repr(frame), frame._repr_html_() or "", repr(frame.attrs), name]
    walk, status = frames["walk"], frames["tabulate_status"]
    odb.save_listing(walk, run.folder / runbook.listing_name(walk))
    odb.write_report(
        run.folder / "report.html",
        "Report",
        {"History": frames["history"], "Status": odb.styled(status), "Picture": odb.plot_timeline(status)},
    )


def _pickle(run, client, error):
    """What can be pickled or copied, is; what is refused must say so without a secret."""
    connection = vars(client)["_connection"]
    whole = {"banner": client.banner, "error": error, "frames": run.frames, "client": client,
             "credential": connection.credential, "connection": connection}  # fmt: skip
    for name, thing in whole.items():
        for way, copied in (("pickle", pickle.dumps), ("copy", lambda one: repr(copy.deepcopy(one)).encode())):
            try:
                run.pickled[f"{name}, {way}"] = copied(thing)
            except Exception as exc:  # noqa: BLE001  # whatever it is, the user sees it
                run.pickled[f"{name}, {way}"] = "".join(traceback.format_exception(exc)).encode()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("canary")
    done = Run(folder, [])
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        entra.serve(folder) as directory,
        Sandbox() as sandbox,
        _everything_logged(done.records),
        warnings.catch_warnings(record=True) as warned,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        warnings.simplefilter("always")
        for name in [name for name in os.environ if name.startswith(("ODB_NB_", "AZURE_"))]:
            patch.delenv(name)
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        patch.setenv("AZURE_AUTHORITY_HOST", directory.url)
        patch.setenv("REQUESTS_CA_BUNDLE", str(directory.ca_file))
        patch.setenv("AZURE_TENANT_ID", entra.TENANT)
        patch.setenv("AZURE_CLIENT_ID", entra.CLIENT)
        patch.setenv("AZURE_CLIENT_SECRET", entra.SECRET)
        _do_everything(directory, sandbox, done)
        done.minted = list(directory.minted)
        done.environment = {name: value for name, value in os.environ.items() if name != "AZURE_CLIENT_SECRET"}
    done.warned = [f"{one.message} {one.source!r}" for one in warned]
    done.printed = out.getvalue() + err.getvalue()
    return done


def _connected_as_app(sandbox):
    """As `connect("environment", base_url=...)` does, but its waits are skipped: it fails hundreds of times."""
    credential = make_credential("environment", tenant_id=None, client_id=None, show_code=print)
    time = _SkippedTime(sandbox)
    return _open(
        "environment", f"{sandbox.url}/v1.0", "v1.0", credential, time=time, journal=None, owns_credential=True
    )


def _do_everything(directory, sandbox, done):
    url = f"{sandbox.url}/v1.0"
    drive = next(drive.id for drive in sandbox.drives if drive.display_name == "Adele Vance")
    directory.claims = {"roles": list(ALL_PERMISSIONS)}
    with _connected_as_app(sandbox) as client:
        state = _use(client, drive, done.frames)
        _write(done, dict(done.frames))
        done.shown += [repr(client), client._repr_html_(), str(client.banner), repr(vars(client))]
        done.banner = client.banner
        _show(client, state, done)
        # what is imported warns but once in a process; this warns whatever ran before
        sandbox.faults.add(Fault("list_drives", "malformed-date"))
        client.list_drives()
        _fail(client, sandbox, state, directory.minted[-1], done)
        _write_journal_copy(done)
        _pickle(done, client, next(iter(done.errors.values())))
        done.on_client = leaks_on(client, needles(directory.minted))
    _sign_in_badly(directory, done, base_url=url)
    directory.claims = {"scp": " ".join(DELEGATED), "wids": [BACKUP_ADMINISTRATOR_ID]}
    with odb.connect("device-code", tenant_id=entra.TENANT, client_id=entra.CLIENT, base_url=url) as client:
        done.frames["list_drives, device code"] = client.list_drives()
        done.on_client += leaks_on(client, needles(directory.minted))


def _write_journal_copy(done):
    """The journal with its WAL as it is while the client works: closing folds one into the other."""
    for file in (done.folder / "data" / "odb_nb").iterdir():
        (done.folder / f"while-open-{file.name}").write_bytes(file.read_bytes())


def _of_errors(run, told):
    return "\n".join(told(error) for error in run.errors.values())


def _rendered(run):
    return "\n".join(f"{one.name} {one.getMessage()} {one.exc_text or ''} {one.args!r}" for one in run.records)


def _files(run, *patterns):
    return b"\n".join(file.read_bytes() for pattern in patterns for file in sorted(run.folder.rglob(pattern)))


PLACES = [
    pytest.param(lambda run: "\n".join(run.shown), id="reprs, HTML, stills and code of client, frames and forms"),
    pytest.param(lambda run: repr(list(run.frames.values())), id="frames"),
    pytest.param(lambda run: repr([getattr(frame, "attrs", None) for frame in run.frames.values()]), id="attrs"),
    pytest.param(lambda run: "\n".join(frame.to_csv() for frame in run.frames.values() if hasattr(frame, "to_csv")),
                 id="frames, every cell"),
    pytest.param(_rendered, id="log at DEBUG of every logger"),
    pytest.param(lambda run: repr([vars(one) for one in run.records]), id="attributes of log records"),
    pytest.param(lambda run: "\n".join(run.warned), id="warnings"),
    pytest.param(lambda run: run.printed, id="standard output and error"),
    pytest.param(lambda run: _of_errors(run, str), id="texts of exceptions"),
    pytest.param(lambda run: _of_errors(run, lambda error: repr((error, error.args, vars(error)))), id="exceptions"),
    pytest.param(lambda run: _of_errors(run, entra.everything_in), id="chains and tracebacks with locals, printed"),
    pytest.param(lambda run: repr(run.pickled), id="pickles and copies, or their refusals"),
    pytest.param(lambda run: run.widgets, id="widget state"),
    pytest.param(lambda run: _files(run, "*.sqlite*"), id="journal, WAL, SHM and lock files"),
    pytest.param(lambda run: _files(run, "*.parquet"), id="Parquet exports and listings"),
    pytest.param(lambda run: _files(run, "*.csv", "*.html"), id="CSV and HTML exports, report"),
    pytest.param(lambda run: repr(run.environment), id="environment, but the variable that holds the secret"),
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_in(run, place):
    data = place(run)
    assert len(data) > (0 if place is PLACES[6].values[0] else 20)
    assert leaks(data, run.needles) == []


def test_no_secret_hangs_on_an_error(run):
    assert len(run.errors) > 25
    assert any("odb_nb.transport.read" in frames_of(error) for error in run.errors.values())
    wanted = run.needles
    assert {name: found for name, error in run.errors.items() if (found := leaks_on(error, wanted))} == {}


def test_the_client_holds_the_token_in_its_credential_alone(run):
    assert run.on_client == []


def test_the_run_called_every_method(run):
    members = {name for name in dir(BackupClient) if not name.startswith("_")} | {"sandbox"}
    assert members == {name for name in run.frames if "," not in name} | NOT_CALLS


def test_the_run_logged_what_it_is_searched_for(run):
    names = {record.name.partition(".")[0] for record in run.records}
    assert {"httpx", "httpcore", "azure", "msal", "urllib3", "asyncio"} <= names
    assert "hpack" not in names  # HTTP/2's headers can be decoded from its log; it is not used
    assert len(run.minted) >= 2


def test_the_search_finds_what_is_there(run):
    token = run.minted[0]
    assert leaks(f"xx{token}", run.needles)
    assert leaks(json.dumps({"blob": base64.b64encode(f"Bearer {token}".encode()).decode()}), run.needles)

    def hide():
        hidden = {"deep": [token]}
        raise ValueError(len(hidden))

    with pytest.raises(ValueError, match="1") as caught:
        hide()
    caught.value.held = {"deep": ({token},)}
    assert leaks_on(caught.value, run.needles)


CRASH = """
import os, sys
import odb_nb as odb
from odb_nb.sandbox import Fault, Sandbox
sandbox = Sandbox().start()
client = odb.connect("environment", base_url=f"{sandbox.url}/v1.0")
client.list_drives()
try:
    client.get_session("gone")
except odb.GraphError:
    print("signed in, and failed", flush=True)
    os.abort()
"""


@pytest.fixture
def app(directory, monkeypatch):
    """The variables of an app's sign-in at the fake Entra ID."""
    directory.claims = {"roles": list(ALL_PERMISSIONS)}
    monkeypatch.setenv("AZURE_TENANT_ID", entra.TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", entra.CLIENT)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", entra.SECRET)
    return directory


def test_no_secret_is_in_what_a_crashing_process_prints(app, tmp_path):
    # development mode turns on faulthandler, asyncio's debugging and all warnings; no core file: it is memory as it was
    command = ["/bin/sh", "-c", 'ulimit -c 0; exec "$0" "$@"', sys.executable, "-X", "dev", "-c", CRASH]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
    assert done.stdout.startswith(b"signed in, and failed")
    assert b"Fatal Python error: Aborted" in done.stderr
    assert leaks(done.stdout + done.stderr, needles(app.minted)) == []


NOTEBOOK = (
    "%xmode Verbose\nimport logging, sys\nlogging.basicConfig(level=1, stream=sys.stdout, force=True)",
    "import odb_nb as odb\nfrom odb_nb.sandbox import Fault, Sandbox\nsandbox = Sandbox().start()",
    "client = odb.connect('environment', base_url=f'{sandbox.url}/v1.0')\nclient",
    "drives = client.list_drives()\ndrives",
    "client.get_session('gone')",
    "sandbox.faults.add(Fault('list_drives', status=400))\nclient.list_drives()",
    "from odb_nb.widgets import CreateSessionsForm\nform = CreateSessionsForm(client)\nform",
    "import os\nos.environ['AZURE_CLIENT_SECRET'] += 'wrong'",
    "odb.connect('environment', base_url=f'{sandbox.url}/v1.0')",
)


def test_no_secret_is_in_a_saved_notebook(app, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in NOTEBOOK])
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True, store_widget_state=True,
                            resources={"metadata": {"path": str(tmp_path)}})  # fmt: skip
    client.execute()
    saved = nbformat.writes(notebook)
    kinds = [output["output_type"] for cell in notebook.cells for output in cell.outputs]
    assert kinds.count("error") == 3
    assert "widgets" in notebook.metadata
    assert leaks(saved, needles(app.minted)) == []
