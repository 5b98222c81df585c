"""Which files an earlier listing has and a later one has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from odb_nb.errors import InputError
from odb_nb.paths import is_within, plain
from odb_nb.runbook.columns import checked
from odb_nb.tables import COMPARISON

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def lost_items(walk_before: pd.DataFrame, changes: pd.DataFrame, path: str | None = None) -> pd.DataFrame:
    """Files of the earlier walk that are gone in the later one, or have another size there.

    A plain difference, which says nothing about why: a file that somebody edited is among them. Moves and renames that
    leave the size as it was are not.

    Parameters
    ----------
    walk_before : DataFrame
        The earlier walk.
    changes : DataFrame
        From ``compare(walk_before, walk_after)``, or some of its rows.
    path : str, optional
        Only what was at this path or below it.

    Returns
    -------
    pandas.DataFrame
        Rows of `walk_before`, in its order; what `BackupClient.plan_restore` takes.

    Raises
    ------
    InputError
        Other frames, or changes against another walk; a path that cannot be used.

    Examples
    --------
    >>> import odb_nb as odb
    >>> import pandas as pd
    >>> from odb_nb import runbook
    >>> before = pd.DataFrame({"item_key": ["k1", "k2", "k3"], "path": ["Documents/a", "Documents/b", "Documents/c"]})
    >>> before = before.assign(type="file", size_in_bytes=[10, 20, 30])
    >>> after = before.tail(2).assign(path=["Documents/b.locked", "Documents/d"], size_in_bytes=[28, 30])
    >>> runbook.lost_items(before, odb.compare(before, after))["path"].tolist()
    ['Documents/a', 'Documents/b']
    """
    checked(walk_before, ("item_key", "path", "type"), "walk")
    checked(changes, COMPARISON.names, "compare")
    _check_origin(walk_before, changes)
    found = changes[(changes["type"] == "file") & _is_lost(changes)]
    if path is not None:
        folder = plain(path)
        found = found[found["path_before"].map(lambda one: is_within(one, folder)).astype(bool)]
    # a key may stand twice in a walk; with its path it is that row
    lost = pd.MultiIndex.from_frame(found[["item_key_before", "path_before"]].astype("string"))
    rows = pd.MultiIndex.from_frame(walk_before[["item_key", "path"]].astype("string"))
    return walk_before[rows.isin(lost)]


def _is_lost(changes: pd.DataFrame) -> NDArray[np.bool_]:
    sizes = changes[["size_before", "size_after"]]
    differs = sizes["size_before"].ne(sizes["size_after"]).fillna(value=False).to_numpy(dtype=bool)
    differs |= sizes["size_before"].isna().to_numpy() != sizes["size_after"].isna().to_numpy()
    stays = changes["change"].isin(["renamed", "resized"]).to_numpy(dtype=bool)
    gone: NDArray[np.bool_] = (changes["change"] == "removed").fillna(value=False).to_numpy(dtype=bool)
    return gone | (stays & differs)


def _check_origin(walk: pd.DataFrame, changes: pd.DataFrame) -> None:
    compared = changes.attrs.get("before")
    told = compared.get("session_id") if isinstance(compared, dict) else None
    own = walk.attrs.get("session_id")
    if told and own and told != own:
        raise InputError(f"the changes are against a walk of session {told}, not of {own}; hand in the earlier walk")
