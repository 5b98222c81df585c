"""Any sequence of creating, expiring, failing and listing, with a model of the service beside it."""

from __future__ import annotations

import pandas as pd
import pytest
from extent import examples
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import odb_nb as odb
from odb_nb.sandbox import Fault, Sandbox

LIFETIME_H, STEP_H = 72, 30  # three steps are far over a session's life, two far within it
places = st.integers(0, 4)
some_points = st.lists(places, min_size=1, max_size=6)
LOST = {
    "refused": {"status": 503},
    "lost before": {"kind": "drop"},
    "lost after": {"kind": "drop", "after_effect": True},
    "fails after": {"status": 504, "after_effect": True},
    "throttled": {"status": 429, "retry_after": "3"},
    "half a body": {"kind": "cut"},
    "no JSON": {"kind": "html", "after_effect": True},
}


class ServiceModel(RuleBasedStateMachine):
    """Five points, the last of a drive whose sessions all fail; which sessions each has, and how old they are."""

    def __init__(self):
        super().__init__()
        self.sandbox = Sandbox(echo_restore_point_id=True).start()
        self.client = odb.connect(sandbox=self.sandbox)
        drives = [drive.id for drive in self.sandbox.drives if drive.special is None][:4]
        drives += [drive.id for drive in self.sandbox.drives if drive.special == "sessions-fail"][:1]
        self.points = self.client.list_restore_points(drives, start="2026-11-20", limit=1)
        assert len(self.points) == 5
        self.ages = [{} for _ in range(5)]  # of each point: session id, and its age in steps

    def live(self, place):
        return {id_ for id_, age in self.ages[place].items() if age * STEP_H < LIFETIME_H and place != 4}

    @initialize()
    def settled(self):
        self.sandbox.clock.advance(10)

    @rule(chosen=some_points, lost=st.none() | st.sampled_from(sorted(LOST)), at_once=st.integers(1, 4))
    def create(self, chosen, lost, at_once):
        """Each point has a live session afterwards: the one that it had, or one that was opened; not two."""
        before = [self.live(place) for place in range(5)]
        if lost:
            self.sandbox.faults.add(Fault("create_session", **LOST[lost]))
        frame = self.client.create_sessions(
            self.points.iloc[chosen], wait=True, max_concurrency=at_once, progress=False
        )
        self.sandbox.faults.clear()
        assert frame["restore_point_id"].tolist() == self.points["id"].iloc[chosen].tolist()
        for place, (_, row) in zip(chosen, frame.iterrows(), strict=True):
            if before[place]:
                assert (row["outcome"], row["id"] in before[place]) == ("reused", True)
            else:
                assert row["outcome"] == "created", row["error_message"]
                assert row["status"] == ("failed" if place == 4 else "created")
                self.ages[place].setdefault(row["id"], 0)
        assert frame.groupby("restore_point_id")["id"].nunique(dropna=False).max() == 1

    @rule(place=places)
    def create_one_more(self, place):
        """Asked for, there is one more each time."""
        row = self.client.create_session(self.points.iloc[[place]], if_exists="create", wait=True).iloc[0]
        assert row["outcome"] == "created"
        assert row["id"] not in self.ages[place]
        self.ages[place][row["id"]] = 0

    @rule(place=places)
    def a_colleague_opens_one(self, place):
        """Elsewhere; ten seconds on it is ready."""
        self.ages[place][self.sandbox.open_session(self.points["id"].iloc[place]).id] = 0
        self.sandbox.clock.advance(10)

    @rule()
    def time_passes(self):
        """Which makes sessions expire."""
        self.sandbox.clock.advance(STEP_H * 3600)
        self.ages = [{id_: age + 1 for id_, age in of_point.items()} for of_point in self.ages]

    @rule()
    def list_them(self):
        """All that have not expired, those that failed too, each with its point."""
        listed = self.client.list_sessions()
        young = {
            id_: self.points["id"].iloc[place]
            for place, of_point in enumerate(self.ages)
            for id_, age in of_point.items()
            if age * STEP_H < LIFETIME_H
        }
        assert dict(zip(listed["id"], listed["restore_point_id"], strict=True)) == young

    @precondition(lambda self: any(self.ages))
    @rule(data=st.data())
    def get_one(self, data):
        """There while it lives; 404 after that."""
        id_, age = data.draw(
            st.sampled_from(sorted({key: age for one in self.ages for key, age in one.items()}.items()))
        )
        if age * STEP_H < LIFETIME_H:
            assert self.client.get_session(id_)["id"].item() == id_
        else:
            with pytest.raises(odb.GraphError) as caught:
                self.client.get_session(id_)
            assert caught.value.status_code == 404

    @rule(chosen=st.lists(places, min_size=1, max_size=5, unique=True))
    def tabulate(self, chosen):
        """A live session where there is one; nothing guessed where there is none."""
        status = self.client.tabulate_status(self.points.iloc[chosen])
        for place, shown, word in zip(chosen, status["session_id"], status["status"], strict=True):
            if self.live(place):
                assert shown in self.live(place)
                assert word == "created"
            else:
                assert shown is pd.NA or self.ages[place][shown] * STEP_H < LIFETIME_H or word == "failed"

    @invariant()
    def books_agree(self):
        """What the sandbox has in its books is what the model says."""
        for place, of_point in enumerate(self.ages):
            assert {session.id for session in self.sandbox.sessions_on(self.points["id"].iloc[place])} == set(of_point)

    def teardown(self):
        self.client.close()
        self.sandbox.close()


TestService = ServiceModel.TestCase
TestService.settings = settings(
    max_examples=examples(12),
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
