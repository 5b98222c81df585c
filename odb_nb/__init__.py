"""odb_nb: OneDrive backups of Microsoft 365 in Jupyter.

Browse sessions on restore points, as pandas rows. Start with `connect`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odb_nb.analysis import status_matrix
from odb_nb.checks import has_items, no_suffix, path_exists
from odb_nb.comparing import compare, summarize_changes
from odb_nb.connect import connect
from odb_nb.errors import (
    AuthError,
    GraphError,
    InputError,
    JournalError,
    NoReplyError,
    OdbError,
    OutcomeUnknownError,
    ReplyShapeError,
    ThrottledError,
)
from odb_nb.export import export
from odb_nb.histories import file_history
from odb_nb.journals import read_history
from odb_nb.listings import load_listing, save_listing
from odb_nb.masking import Mask
from odb_nb.plots import plot_summary, plot_timeline
from odb_nb.report import write_report
from odb_nb.styles import styled

if TYPE_CHECKING:
    from odb_nb.client import BackupClient

__version__ = "0.1.0"

__all__ = [
    "AuthError",
    "BackupClient",
    "GraphError",
    "InputError",
    "JournalError",
    "Mask",
    "NoReplyError",
    "OdbError",
    "OutcomeUnknownError",
    "ReplyShapeError",
    "ThrottledError",
    "compare",
    "connect",
    "export",
    "file_history",
    "has_items",
    "load_listing",
    "no_suffix",
    "path_exists",
    "plot_summary",
    "plot_timeline",
    "read_history",
    "save_listing",
    "status_matrix",
    "styled",
    "summarize_changes",
    "write_report",
]


def __getattr__(name: str) -> Any:
    # the client brings msgraph and azure-identity along, which nobody should wait for before connect()
    if name == "BackupClient":
        from odb_nb.client import BackupClient

        return BackupClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
