"""Rows of a create run, growing while other cells use the same client."""

from __future__ import annotations

from odb_nb.widgets.session_rows import SessionRows


def test_what_another_call_has_left_is_not_taken_for_a_row_of_the_run(client, points):
    mine, others = points.head(2), points.tail(2)
    rows = SessionRows()
    rows.begin(mine)
    rows.take(client.list_restore_points(mine["drive_id"].iloc[0], limit=1))
    rows.take(client.create_sessions(others))
    assert rows.sessions is None

    opened = client.create_sessions(mine)
    rows.take(opened)

    assert rows.sessions["id"].tolist() == opened["id"].tolist()
