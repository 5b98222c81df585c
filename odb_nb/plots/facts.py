"""What a status frame says that a picture shows: checked, with one kind of look per restore point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from odb_nb.analysis import drive_labels, refuse_twice
from odb_nb.columns import COUNT, SPAN, TEXT, TIME, parsed
from odb_nb.errors import InputError
from odb_nb.palette import NO_SESSION
from odb_nb.styles import EXPIRES_SOON

if TYPE_CHECKING:
    from datetime import datetime

MOST_DRIVES = 60
EXPIRED = "expired"
OTHER = "other"
KINDS = ("created", "creating", "failed", OTHER, EXPIRED, NO_SESSION)

_TIMES = ("protection_date_time", "session_created_date_time", "session_expiration_date_time")
_NEEDED = ("restore_point_id", "drive_id", "display_name", "status", *_TIMES, "expires_in")
_TABLE = {
    "drive": TEXT,
    "restore_point_id": TEXT,
    "protection_date_time": TIME,
    "status": TEXT,
    "session_created_date_time": TIME,
    "session_expiration_date_time": TIME,
    "expires_in": SPAN,
}
# the year 1 stands for "never" in some services; a picture that reached that far would show nothing
_FIRST, _LAST = pd.Timestamp("1970-01-02", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC")


@dataclass(frozen=True, eq=False)
class Facts:
    """One row per restore point: the table's columns, ``drive_id``, ``kind``, ``is_live``, ``is_soon``."""

    rows: pd.DataFrame
    now: datetime | None

    @cached_property
    def table(self) -> pd.DataFrame:
        """What `plot_timeline` shows."""
        return self.rows[list(_TABLE)].astype(_TABLE)

    @cached_property
    def counts(self) -> pd.DataFrame:
        """What `plot_summary` shows: the words in the order of their kinds, then the most frequent first."""
        of_word = self.rows.assign(is_expired=self.rows["kind"] == EXPIRED).groupby("status", sort=True)
        counts = of_word.agg(
            count=("status", "size"), expiring_soon=("is_soon", "sum"), expired=("is_expired", "sum")
        ).reset_index()
        place = counts["status"].map(lambda word: KINDS.index(kind_of(word))).astype("int64")
        order = np.lexsort((-counts["count"].to_numpy(dtype="int64"), place.to_numpy()))
        dtypes = {"status": TEXT, "count": COUNT, "expiring_soon": COUNT, "expired": COUNT}
        return counts.iloc[order].reset_index(drop=True).astype(dtypes)

    @cached_property
    def drives(self) -> list[str]:
        """In the order of the status frame."""
        return self.rows["drive"].unique().tolist()

    @property
    def now_on_axis(self) -> datetime | None:
        """None too where a picture that reached that far would show nothing."""
        return self.now if self.now and _FIRST <= self.now < _LAST else None

    @cached_property
    def has_place(self) -> pd.Series[bool]:
        """Points whose time a picture can show."""
        return _can_be_drawn(self.rows["protection_date_time"])

    @cached_property
    def has_bar(self) -> pd.Series[bool]:
        """Live sessions whose times a picture can show."""
        start, end = (self.rows[f"session_{name}_date_time"] for name in ("created", "expiration"))
        return self.rows["is_live"] & _can_be_drawn(start) & _can_be_drawn(end) & (start <= end)

    def most_urgent(self, most: int) -> list[str]:
        """No more drives than `most`, in the order of the status frame."""
        if len(self.drives) <= most:
            return self.drives
        rows = self.rows.assign(
            is_failed=self.rows["kind"] == "failed",
            expiry=self.rows["session_expiration_date_time"].where(self.rows["is_live"]),
            is_unsettled=self.rows["kind"].isin(["creating", OTHER, EXPIRED]),
        )
        of_drive = rows.groupby("drive", sort=False).agg({"is_failed": "max", "expiry": "min", "is_unsettled": "max"})
        urgent = of_drive.sort_values(["is_failed", "expiry", "is_unsettled"], ascending=[False, True, False])
        kept = set(urgent.index[:most])
        return [drive for drive in self.drives if drive in kept]


def kind_of(word: str) -> str:
    """The kind of look of a status; words that we do not know share one."""
    folded = word.casefold()
    return folded if folded in ("created", "creating", "failed", NO_SESSION) else OTHER


def read(status: pd.DataFrame, who: str, now: datetime | None) -> Facts:
    """The facts of a status frame; `now` is the frame's own unless given."""
    _check(status, who)
    now = now or _now_of(status)
    rows = status[list(_NEEDED)].reset_index(drop=True).astype(dict.fromkeys(_TIMES, TIME))
    rows = rows.assign(drive=drive_labels(rows), status=rows["status"].fillna(NO_SESSION))
    kind = rows["status"].map(kind_of)
    is_session = ~kind.isin([NO_SESSION, "failed"])
    expiry = rows["session_expiration_date_time"]
    if now is not None:
        rows["expires_in"] = (expiry - pd.Timestamp(now).as_unit("us")).where(kind != "failed")
    is_expired = is_session & (rows["expires_in"] <= pd.Timedelta(0)).fillna(False)
    is_soon = is_session & ~is_expired & (rows["expires_in"] < EXPIRES_SOON).fillna(False)
    rows = rows.assign(kind=kind.mask(is_expired, EXPIRED), is_live=is_session & ~is_expired, is_soon=is_soon)
    rows.attrs = {} if now is None else {"as_of": now.isoformat()}
    return Facts(rows, now)


def _check(status: Any, who: str) -> None:
    columns = list(status.columns) if isinstance(status, pd.DataFrame) else []
    if missing := [name for name in _NEEDED if columns.count(name) != 1]:
        raise InputError(f"{who} takes a frame from tabulate_status; missing columns: {', '.join(missing)}")
    wrong = [name for name in _TIMES if not isinstance(status[name].dtype, pd.DatetimeTZDtype)]
    wrong += ["expires_in"] if status["expires_in"].dtype.kind != "m" else []
    if wrong:
        raise InputError(f"{who} takes a frame from tabulate_status; these hold no times any more: {', '.join(wrong)}")
    refuse_twice(status["restore_point_id"].dropna())


def _now_of(status: pd.DataFrame) -> datetime | None:
    """When the frame was made: it says so, or its countdowns do; the latest, should it be of several makings."""
    if as_of := parsed(status.attrs.get("as_of")):
        return as_of
    told = (status["session_expiration_date_time"] - status["expires_in"]).dropna()
    return None if told.empty else told.max().to_pydatetime(warn=False)


def _can_be_drawn(times: pd.Series[Any]) -> pd.Series[bool]:
    return (times >= _FIRST) & (times < _LAST)
