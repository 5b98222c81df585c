"""The journals of many runs as one history, without a client."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from odb_nb import arguments
from odb_nb.errors import InputError
from odb_nb.tables import HISTORY
from odb_nb.whole_file import as_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

_SUFFIX = ".sqlite"


def read_history(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, since: object = None
) -> pd.DataFrame:
    """What journals hold, as `BackupClient.history` gives it: one row per write that was tried, oldest first.

    The files are only read, also while their runs go on. A write of which several files tell, as copies do, has one
    row, with the outcome that was recorded last. Which file a row is from is not told, since `BackupClient.history`
    has no such column; where it matters, read them one by one.

    Parameters
    ----------
    paths : str, os.PathLike or list of them
        Journals, or folders; of a folder all files that end in ``.sqlite``, without those of its own folders.
    since : str, date or aware datetime, optional
        Only writes from then on.

    Returns
    -------
    pandas.DataFrame
        The columns of `BackupClient.history`.

    Raises
    ------
    InputError
        No such file; a folder without journals, or that may not be looked into; not a time.
    JournalError
        A file that is no journal, is damaged, may not be read, or was written by a newer version of this package.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import odb_nb as odb
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for user in ("vance", "miriamg"):
    ...         with odb.connect(journal=Path(folder) / f"{user}.sqlite") as client:
    ...             points = client.list_restore_points(client.list_drives(search=user), limit=1)
    ...             sessions = client.create_sessions(points)
    ...     odb.read_history(folder)["outcome"].tolist()
    ['created', 'created']
    """
    from odb_nb.journal import history_of  # sqlite3 is not for everybody who imports the package

    try:
        given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    except TypeError:
        raise InputError(f"paths={paths!r:.200} is neither a path nor a list of them") from None
    files = [file for one in given for file in _files(as_path(one, "paths"))]
    return HISTORY.frame(history_of(files, since=arguments.moment(since, "since")))


def _files(path: Path) -> list[Path]:
    try:
        if path.is_file():
            return [path]
        files = sorted(one for one in path.iterdir() if one.suffix == _SUFFIX)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{str(path)!r} is not there; give the file of a journal, or a folder of them") from None
    except OSError as exc:
        raise InputError(
            f"{str(path)!r:.300} cannot be looked into ({exc.strerror}); mend its permissions, or give another"
        ) from None
    if not files:
        raise InputError(f"the folder {str(path)!r} holds no journal: no file in it ends in {_SUFFIX}")
    return files
