"""What is known: status across points, the journal, the rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odb_nb import arguments, frames, tables
from odb_nb.client.connection import ConnectedClient
from odb_nb.operations import matching
from odb_nb.permissions import permission_rows

if TYPE_CHECKING:
    import pandas as pd


class RecordMethods(ConnectedClient):
    """`tabulate_status`, `history`, `check_permissions`."""

    def tabulate_status(self, restore_points: object, *, refresh: bool = True) -> pd.DataFrame:
        """Each restore point with its browse session, if it has one; one list request serves the whole table.

        Parameters
        ----------
        restore_points : DataFrame, Series, list or str
            Restore points of ours, or their ids.
        refresh : bool
            False takes the sessions as this client listed them last, without a request.

        Returns
        -------
        pandas.DataFrame
            One row per point given, in that order: the point's columns with ``id`` as ``restore_point_id``, then
            ``session_id``, ``status``, ``matched_by`` (string), ``session_created_date_time``,
            ``session_expiration_date_time`` (datetime64[us, UTC]), ``expires_in`` (timedelta64[us], by the service's
            clock; null for a session that failed), ``backup_size_in_bytes`` (Int64), ``error_code``,
            ``error_message`` (string). The session's columns are null where there is none. Of several sessions on a
            point the newest usable one is shown. ``frame.attrs["as_of"]`` is the service's time at which the table
            was made, as text such as ``2026-11-20T12:00:00+00:00``; missing where no answer has told the time.

            ``matched_by`` says what ties them: ``service`` (it named the point), ``journal`` (opened from here),
            ``drive_and_time`` (same directory object and time). Sessions that nothing ties are not guessed.

        Raises
        ------
        InputError, AuthError, GraphError
        """
        points = self._points(restore_points)
        if refresh or self._listed is None:
            listed, point_of_session = self._run(self._look)
        else:
            listed, point_of_session = self._listed, self._run(self._point_of_session)
        matches = matching.match(points, listed, point_of_session)
        return frames.of_status(points, matches, self._transport.now)

    def history(self, *, since: object = None) -> pd.DataFrame:
        """The journal: one row per write that was tried, oldest first.

        Parameters
        ----------
        since : str, date or aware datetime, optional
            Only writes from then on.

        Returns
        -------
        pandas.DataFrame
            ``date_time`` (datetime64[us, UTC], the service's clock), ``tenant_id``, ``account``, ``operation``,
            ``restore_point_id``, ``item_hash``, ``session_id``, ``outcome``, ``error_code``, ``request_id``,
            ``client_request_id`` (string). ``outcome`` is ``created``, ``failed``, ``absent`` (the reply was lost,
            and looking proved that nothing had happened) or ``unknown``.

        Raises
        ------
        InputError, JournalError
        """
        moment = arguments.moment(since, "since")
        return tables.HISTORY.frame(self._opened_journal().history(since=moment))

    def check_permissions(self) -> pd.DataFrame:
        """What the toolkit needs and whether the token has it; read from the token's own claims, nothing is sent.

        Returns
        -------
        pandas.DataFrame
            One row per permission, and for delegated sign-in one for the directory role: ``permission``,
            ``needed_for``, ``state`` (``granted``, ``missing``, ``unknown``), ``granted_by`` (string).

        Raises
        ------
        AuthError
            No token can be had.
        """
        self.sign_in()
        claims = self._connection.credential.claims()
        return tables.PERMISSIONS.frame(permission_rows(claims, api_version=self._connection.api_version))
