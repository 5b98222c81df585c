"""What somebody typed into a runbook, checked before anything is sent: papermill passes on whatever it is given."""

from __future__ import annotations

import contextlib
import tempfile
import unicodedata
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odb_nb.errors import AuthError, InputError, OdbError
from odb_nb.notices import heard_by, notify
from odb_nb.runbook.columns import checked
from odb_nb.whole_file import as_path, free

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pandas as pd

    from odb_nb.masking import Mask

_MOST_CANDIDATES = 10


def yes_or_no(value: object, name: str) -> bool:
    """The value itself if it is True or False: ``"no"`` is neither, and would count as a yes.

    Raises
    ------
    InputError
        Anything else.

    Examples
    --------
    >>> from odb_nb import runbook
    >>> runbook.yes_or_no(True, "dry_run")
    True
    """
    if isinstance(value, bool):
        return value
    raise InputError(f"{name}={value!r:.40} must be True or False; to papermill: -p {name} True")


def report_file(path: str | os.PathLike[str] | None, name: str) -> Path:
    """Where the report goes: the path given, or a file of this name in a new temporary folder.

    Ask before anything is done, so that a path that cannot be written to costs no work.

    Raises
    ------
    InputError
        Not a path that ends in ``.html``, no such folder, or something is there.

    Examples
    --------
    >>> from odb_nb import runbook
    >>> runbook.report_file(None, "lost-files.html").name
    'lost-files.html'
    """
    if path is None:
        path = Path(tempfile.mkdtemp(prefix="odb-nb-")) / name
    return free(path, (".html", ".htm"), overwrite=False)


def listings_folder(folder: str | os.PathLike[str] | None) -> Path:
    """The folder of saved listings, or a new temporary one.

    Raises
    ------
    InputError
        Not a folder that exists.

    Examples
    --------
    >>> from odb_nb import runbook
    >>> runbook.listings_folder(None).is_dir()
    True
    """
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="odb-nb-"))
    target = as_path(folder)
    if not target.is_dir():
        raise InputError(f"listings={str(target)!r} is no folder; make it first")
    return target


@contextlib.contextmanager
def masked(mask: Mask) -> Iterator[None]:
    """Within, errors and warnings of this package hide names as the mask does; an inactive mask changes nothing.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> mask = odb.Mask().learn("Adele Vance")
    >>> try:
    ...     with runbook.masked(mask):
    ...         raise odb.InputError("Adele Vance has two drives")
    ... except odb.InputError as exc:
    ...     print(exc)
    Person 1 has two drives
    """
    if not mask.active:
        yield
        return
    try:
        with heard_by(lambda words: warnings.warn(mask.text(words), UserWarning, stacklevel=2)):
            yield
    except OdbError as exc:
        exc.args = tuple(_masked_text(mask, one) for one in exc.args)
        raise exc from None  # what lies behind it would be shown as it is


def _masked_text(mask: Mask, told: Any) -> Any:
    return mask.text(told) if isinstance(told, str) else told


def require(permissions: pd.DataFrame) -> pd.DataFrame:
    """The permissions themselves if none is missing; so that a runbook stops at its start and not half-way.

    Parameters
    ----------
    permissions : DataFrame
        From `BackupClient.check_permissions`.

    Raises
    ------
    AuthError
        Names each that is missing, and who can grant it.
    InputError
        Another frame.

    Warns
    -----
    UserWarning
        The token does not tell about some of them; the service will.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> with odb.connect() as client:
    ...     runbook.require(client.check_permissions())["state"].unique().tolist()
    ['granted']
    """
    needed = ("permission", "needed_for", "state", "granted_by")
    rows = checked(permissions, needed, "check_permissions")
    missing = rows[rows["state"] == "missing"]
    if len(missing):
        told = [f"{row.permission} ({row.needed_for}), granted by {row.granted_by}" for row in missing.itertuples()]
        raise AuthError(f"the sign-in lacks {'; '.join(told)}. Then sign in again")
    if len(unknown := rows.loc[rows["state"] != "granted", "permission"]):
        notify(f"whether the sign-in has {', '.join(unknown.astype(str))} cannot be read here; the service will tell")
    return permissions


def one_drive(drives: pd.DataFrame, user: str) -> pd.DataFrame:
    """The one drive of a user, as a frame of one row.

    Parameters
    ----------
    drives : DataFrame
        From `BackupClient.list_drives`.
    user : str
        E-mail address, name or drive id, in full; letters large or small.

    Raises
    ------
    InputError
        No drive or several; it lists those that it may be.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> with odb.connect() as client:
    ...     runbook.one_drive(client.list_drives(), "Adele Vance")["email"].tolist()
    ['adelev@contoso.com']
    """
    columns = ("id", "email", "display_name")
    rows = checked(drives, columns, "list_drives")
    if not isinstance(user, str) or not user.strip():
        raise InputError(f"user={user!r:.80} must be an e-mail address, a name or a drive id")
    wanted = _fold(user)
    folded = [rows[name].map(_fold, na_action="ignore") for name in columns]
    for column in folded:
        found = rows[column.eq(wanted).fillna(value=False).astype(bool)]
        if len(found) == 1:
            return found
        if len(found):
            raise InputError(f"{len(found)} drives are of {user!r:.80}; give the e-mail address or id: {_told(found)}")
    near = [column.str.contains(wanted, regex=False).fillna(value=False).astype(bool) for column in folded]
    candidates = rows[near[0] | near[1] | near[2]]
    hint = f"; did you mean: {_told(candidates)}" if len(candidates) else "; is it protected?"
    raise InputError(f"none of {len(rows):,} drives is of {user!r:.80}{hint}")


def _fold(text: object) -> str:
    return unicodedata.normalize("NFC", str(text)).casefold().strip()


def _told(drives: pd.DataFrame) -> str:
    rows = drives.head(_MOST_CANDIDATES)[["display_name", "email", "id"]].fillna("not known").itertuples(index=False)
    more = f"; and {len(drives) - _MOST_CANDIDATES:,} more" if len(drives) > _MOST_CANDIDATES else ""
    return "; ".join(", ".join(map(str, row)) for row in rows) + more
