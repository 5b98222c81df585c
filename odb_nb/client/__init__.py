"""The sync face: every method works in a cell, a form's callback and a script, and returns a DataFrame."""

from __future__ import annotations

from odb_nb.client.changes import ChangeMethods
from odb_nb.client.connection import Connection
from odb_nb.client.points import PointMethods
from odb_nb.client.records import RecordMethods
from odb_nb.client.restores import RestoreMethods

__all__ = ["BackupClient", "Connection"]


class BackupClient(PointMethods, ChangeMethods, RestoreMethods, RecordMethods):
    """A connection to the backup service of one tenant, or to the sandbox; made by `odb_nb.connect`.

    Methods block until they are done, can be interrupted, and may be called from any thread. As a context manager,
    or by `close`, it gives back its thread, its sockets and the sandbox that it started.

    Attributes
    ----------
    last_result : pandas.DataFrame or None
        The frame of the last bulk call as far as it came, also after an interrupt or a time-out.
    sandbox : Sandbox or None
        The local service, where that is what this client talks to.
    """
