"""Forms for notebooks: the same methods by clicking.

Each form takes a client, does its work off the kernel's main thread, shows what goes wrong, and gives its frame in
``.result`` and the Python that does the same by ``.code()``.
"""

from __future__ import annotations

from odb_nb.widgets.compare_view import CompareView
from odb_nb.widgets.create_sessions_form import CreateSessionsForm
from odb_nb.widgets.file_browser import FileBrowser
from odb_nb.widgets.restore_form import RestoreForm
from odb_nb.widgets.sign_in_form import SignInForm
from odb_nb.widgets.status_board import StatusBoard

__all__ = ["CompareView", "CreateSessionsForm", "FileBrowser", "RestoreForm", "SignInForm", "StatusBoard"]
