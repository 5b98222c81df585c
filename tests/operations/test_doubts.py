"""Creates whose answer was lost: found where it is beyond doubt, absent where that is certain, else ambiguous."""

from __future__ import annotations

import dataclasses
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import odb_nb as odb
from odb_nb.arguments import RestorePoint
from odb_nb.auth import comparable
from odb_nb.errors import OutcomeUnknownError
from odb_nb.journal import Intent, Ties
from odb_nb.operations.doubts import CLOCK_SLACK, LONGEST_CALL, Doubt, Evidence
from odb_nb.sandbox import Fault, Sandbox

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOTHING_KNOWN = Ties({}, {}, 0)
LOST = OutcomeUnknownError("the reply was lost")


def point(id_="p1", *, drive="drive-1", user="user-1", taken=NOON):
    return RestorePoint(id_, drive_id=drive, directory_object_id=user, protection_date_time=taken)


def intent(of, *, id_=None, sent=SENT):
    taken = of.protection_date_time
    return Intent(
        id_ or f"intent of {of.id}", sent.isoformat(), of.id, taken.isoformat() if taken else None, of.drive_key, "r"
    )


def doubt(of, *, own=True, sent=SENT):
    return Doubt(of, (intent(of, sent=sent),), LOST if own else None)


def session(id_="s1", *, of=None, user=None, taken=NOON, created=SENT):
    return {
        "id": id_,
        "restorePointId": of,
        "directoryObjectId": user,
        "restorePointDateTime": taken.isoformat() if taken else None,
        "createdDateTime": created.isoformat() if created else None,
        "status": "created",
    }


def judged(sessions, *doubts, ties=NOTHING_KNOWN, seen_before=(), open_intents=()):
    everything = [*(one for each in doubts for one in each.intents), *open_intents]
    verdicts = Evidence(sessions, ties, frozenset(seen_before), everything).judge(doubts)
    found = {id_: verdict if isinstance(verdict, str) else verdict["id"] for id_, verdict in verdicts.items()}
    return found["p1"] if len(doubts) == 1 else found


def learned(**objects):
    """What sessions of each drive have carried, by the drive's key."""
    return Ties({}, {key.replace("_", "-"): {value} for key, value in objects.items()}, 1)


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        pytest.param(session(of="p1", taken=None), "s1", id="names our point"),
        pytest.param(session(of="p2"), "absent", id="names another point"),
        pytest.param(session(user="user-1"), "s1", id="our drive and time"),
        pytest.param(session(user="user-1", taken=NOON + timedelta(milliseconds=400)), "s1", id="to the second"),
        pytest.param(session(user="user-1", taken=NOON + timedelta(seconds=1)), "absent", id="our drive, another time"),
        pytest.param(session(user="site-1"), "s1", id="a site's object: the only one with our time"),
        pytest.param(session(), "s1", id="no object: the only one with our time"),
        pytest.param(session(taken=None), "s1", id="neither object nor time: the only one there is"),
        pytest.param(session(taken=NOON + timedelta(days=1)), "absent", id="another time"),
        pytest.param(session(created=None), "s1", id="not said when it was made"),
        pytest.param(session(created=SENT - CLOCK_SLACK), "s1", id="made as early as clocks may differ"),
        pytest.param(session(created=SENT - CLOCK_SLACK - timedelta(seconds=1)), "absent", id="made before"),
        pytest.param(session(of="p1", created=SENT - timedelta(days=1)), "absent", id="names our point, made before"),
    ],
)
def test_one_session_and_one_doubt(one, verdict):
    assert judged([one], doubt(point())) == verdict
    assert judged([one, session("s2", taken=NOON + timedelta(days=9))], doubt(point())) == verdict
    assert judged([one, dict(one)], doubt(point())) == verdict, "listed on two pages"


def test_without_sessions_it_is_absent():
    assert judged([], doubt(point())) == "absent"


def test_what_the_journal_accounts_for_is_set_aside():
    ties = Ties({"s1": "p9"}, {}, 1)

    assert judged([session()], doubt(point()), ties=ties) == "absent"
    assert judged([session(), session("s2")], doubt(point()), ties=ties) == "s2"


def test_what_stood_before_this_call_is_not_its_own():
    assert judged([session(of="p1")], doubt(point()), seen_before=["s1"]) == "absent"
    assert judged([session(of="p1")], doubt(point(), own=False), seen_before=["s1"]) == "s1"


def test_two_sessions_that_could_be_it_are_ambiguous():
    assert judged([session("s1"), session("s2", user="site-2")], doubt(point())) == "ambiguous"


def test_what_is_sure_comes_before_what_is_possible():
    assert judged([session("s1"), session("s2", user="user-1")], doubt(point())) == "s2"


def test_of_several_that_are_sure_the_newest_is_taken():
    older, newer = session("s1", of="p1"), session("s2", of="p1", created=SENT + timedelta(seconds=2))

    assert judged([older, newer], doubt(point())) == judged([newer, older], doubt(point())) == "s2"


def test_a_point_of_which_only_the_id_is_known_needs_its_name():
    bare = doubt(RestorePoint("p1"))

    assert judged([session()], bare) == "ambiguous"
    assert judged([session(user="user-1")], bare) == "ambiguous"
    assert judged([session(of="p1")], bare) == "s1"
    assert judged([session(of="p2")], bare) == "absent"


def test_a_point_without_its_drive_goes_by_its_time():
    assert judged([session(user="site-1")], doubt(point(drive=None, user=None))) == "s1"
    assert judged([session(user="site-1")], doubt(point(drive=None, user=None)), ties=learned(drive_2="site-1")) == "s1"


@pytest.mark.parametrize("key", ["drive_1", "user_1"])
def test_what_a_drives_sessions_have_carried_makes_sure(key):
    sessions = [session("s1", user="site-1"), session("s2", user="site-2")]

    assert judged(sessions, doubt(point()), ties=learned(**{key: "site-1"})) == "s1"


def test_what_other_drives_sessions_have_carried_is_not_ours():
    ties = learned(user_1="site-1", user_2="site-2")

    assert judged([session(user="site-2")], doubt(point()), ties=ties) == "absent"
    assert judged([session(user="site-2", taken=None)], doubt(point()), ties=ties) == "absent"
    assert judged([session("s1", user="site-2"), session("s2", user="site-9")], doubt(point()), ties=ties) == "s2"


def test_another_key_may_be_our_own_drives_and_is_never_sent_again():
    # the journal learned of this drive when only its unit's id was known, or only its directory object's
    ties = learned(user_1="site-1")

    assert judged([session(user="site-1")], doubt(point(user=None)), ties=ties) == "ambiguous"
    assert judged([session(user="site-1")], doubt(point()), ties=ties) == "s1"


def test_an_object_that_several_drives_carried_proves_nothing():
    ties = learned(user_1="hub", user_2="hub")

    assert judged([session(user="hub")], doubt(point()), ties=ties) == "s1"
    assert judged([session(user="hub", taken=None)], doubt(point()), ties=ties) == "s1"
    assert judged(
        [session(user="hub")], doubt(point()), doubt(point("p2", drive="drive-2", user="user-2")), ties=ties
    ) == {"p1": "ambiguous", "p2": "ambiguous"}


@pytest.mark.parametrize(
    ("other", "one", "verdicts"),
    [
        pytest.param(
            point("p2", user="user-2"), session(), {"p1": "ambiguous", "p2": "ambiguous"}, id="two doubts of one time"
        ),
        pytest.param(
            point("p2", user="user-2", taken=NOON + timedelta(days=1)),
            session(),
            {"p1": "s1", "p2": "absent"},
            id="two doubts, two times",
        ),
        pytest.param(
            point("p2", user="user-2", taken=NOON + timedelta(days=1)),
            session(taken=None),
            {"p1": "ambiguous", "p2": "ambiguous"},
            id="two times, a session without one",
        ),
        pytest.param(
            RestorePoint("p2"), session(), {"p1": "ambiguous", "p2": "ambiguous"}, id="the other's time is not known"
        ),
        pytest.param(
            point("p2", user="user-2"), session(of="p2"), {"p1": "absent", "p2": "s1"}, id="named for the other"
        ),
        pytest.param(
            point("p2", user="user-1"),
            session(user="user-1"),
            {"p1": "ambiguous", "p2": "ambiguous"},
            id="two points of one drive and second",
        ),
        pytest.param(
            point("p2", user="user-1"),
            session(user="user-1", of="p1"),
            {"p1": "s1", "p2": "absent"},
            id="two points of one drive and second, named",
        ),
    ],
)
def test_one_session_is_never_given_to_two(other, one, verdicts):
    assert judged([one], doubt(point()), doubt(other)) == verdicts
    assert judged([one], doubt(other), doubt(point())) == verdicts


ELSEWHERE = point("p9", drive="drive-9", user="user-9")


@pytest.mark.parametrize(
    ("rival", "verdict"),
    [
        pytest.param(intent(ELSEWHERE), "ambiguous", id="same time"),
        pytest.param(intent(dataclasses.replace(ELSEWHERE, protection_date_time=None)), "ambiguous", id="no time"),
        pytest.param(
            intent(dataclasses.replace(ELSEWHERE, protection_date_time=NOON + timedelta(days=1))), "s1", id="other time"
        ),
        pytest.param(intent(ELSEWHERE, sent=SENT + CLOCK_SLACK), "ambiguous", id="sent when it was made"),
        pytest.param(intent(ELSEWHERE, sent=SENT + timedelta(hours=1)), "s1", id="sent after it was made"),
        pytest.param(intent(ELSEWHERE, sent=SENT - LONGEST_CALL), "ambiguous", id="sent a day before"),
        pytest.param(intent(ELSEWHERE, sent=SENT - timedelta(days=2)), "s1", id="sent long before"),
        pytest.param(dataclasses.replace(intent(ELSEWHERE), date_time="?"), "ambiguous", id="not known when sent"),
    ],
)
def test_an_open_intent_that_could_have_made_it_is_a_rival(rival, verdict):
    assert judged([session()], doubt(point()), open_intents=[rival]) == verdict
    assert judged([session(of="p1")], doubt(point()), open_intents=[rival]) == "s1"


def test_any_open_intent_is_a_rival_for_a_session_without_a_time():
    other_day = intent(dataclasses.replace(ELSEWHERE, protection_date_time=NOON + timedelta(days=1)))

    assert judged([session(taken=None)], doubt(point()), open_intents=[other_day]) == "ambiguous"
    assert judged([session(created=None)], doubt(point()), open_intents=[intent(ELSEWHERE)]) == "ambiguous"


def test_our_own_doubts_on_record_are_no_rivals():
    ours = doubt(point())

    assert judged([session()], ours, open_intents=ours.intents) == "s1"


@pytest.mark.parametrize(
    ("sent", "since"),
    [
        pytest.param([SENT], SENT - CLOCK_SLACK, id="one"),
        pytest.param([SENT, SENT - timedelta(days=1)], SENT - timedelta(days=1) - CLOCK_SLACK, id="the first"),
        pytest.param([], None, id="none"),
    ],
)
def test_no_session_made_before_the_first_intent_is_the_one(sent, since):
    intents = tuple(intent(point(), sent=moment) for moment in sent)

    assert Doubt(point(), intents).since == since


def test_an_intent_whose_time_cannot_be_read_sets_no_bound():
    unreadable = dataclasses.replace(intent(point()), date_time="soon")

    assert Doubt(point(), (unreadable,)).since is None
    assert not Doubt(point(), (unreadable,)).is_own
    assert doubt(point()).is_own


# A, absent; B, absent and the doubt is old; ?, ambiguous; S, a session
@pytest.mark.parametrize(
    ("looks", "settled_at"),
    [
        pytest.param("S", 1, id="a session at once"),
        pytest.param("A?S", 3, id="a session after all"),
        pytest.param("BB", 2, id="absent twice, and old"),
        pytest.param("AAAA", None, id="absent, but young"),
        pytest.param("AAB", 3, id="absent, and old by now"),
        pytest.param("B?BB", 4, id="absent, but not running"),
        pytest.param("???", 3, id="ambiguous three times"),
        pytest.param("?A?A?", 5, id="ambiguous three times, not running"),
    ],
)
def test_when_looking_settles_a_doubt(looks, settled_at):
    ours = doubt(point())
    verdicts = {"A": "absent", "B": "absent", "?": "ambiguous", "S": session()}

    settled = [ours.weigh(verdicts[look], is_old=look == "B") for look in looks]

    assert settled == [number == settled_at for number in range(1, len(looks) + 1)]


# -- GUIDs come back in any letters

POINT, DRIVE, USER, SITE = (
    f"{number}{number}{number}{number}abcd-0000-4000-8000-00000000cafe" for number in range(1, 5)
)
ODD = "1111ABCD-0000-4000-8000-00000000cafe"  # the point's, as nobody else writes it


def of_guids(**changed):
    return dataclasses.replace(point(POINT, drive=DRIVE, user=USER), **changed)


def judged_of_guids(sessions, of, ties=NOTHING_KNOWN):
    [verdict] = Evidence(sessions, ties, frozenset(), doubt(of).intents).judge([doubt(of)]).values()
    return verdict if isinstance(verdict, str) else verdict["id"]


@pytest.mark.parametrize("spelled", [POINT, POINT.upper(), ODD])
@pytest.mark.parametrize("given", [POINT, POINT.upper()])
def test_a_session_that_names_our_point_in_other_letters_is_ours(given, spelled):
    named = session(of=spelled, taken=None)

    assert judged_of_guids([named, session("s2")], of_guids(id=given)) == "s1"


def test_what_is_said_of_a_point_is_said_under_the_id_that_was_given():
    ours = doubt(of_guids(id=POINT.upper()))

    assert Evidence([], NOTHING_KNOWN, frozenset(), ours.intents).judge([ours]) == {POINT.upper(): "absent"}


@pytest.mark.parametrize("shouted", [True, False], ids=["session", "point"])
@pytest.mark.parametrize(
    "ties",
    [
        pytest.param(NOTHING_KNOWN, id="nothing known"),
        pytest.param(Ties({}, {"user-9": {"user-9"}}, 1), id="users are shown"),
        pytest.param(Ties({}, {"user-9": {USER.upper()}, USER: {USER}}, 1), id="another carried it too"),
        pytest.param(Ties({}, {DRIVE.upper(): {USER}}, 1), id="ours carried it"),
    ],
)
def test_a_session_with_our_user_in_other_letters_and_our_time_is_ours(ties, shouted):
    one = session(user=USER.upper() if shouted else USER)
    of = of_guids(directory_object_id=USER if shouted else USER.upper())

    assert judged_of_guids([one, session("s2")], of, ties) == "s1"


@pytest.mark.parametrize("told", [SITE, SITE.upper()])
@pytest.mark.parametrize("key", [DRIVE, DRIVE.upper(), USER, USER.upper()])
def test_what_a_drives_sessions_have_carried_is_known_in_any_letters(key, told):
    sessions = [session("s1", user=SITE), session("s2", user="site-2")]

    assert judged_of_guids(sessions, of_guids(), Ties({}, {key: {told}}, 1)) == "s1"


def test_what_another_drive_has_carried_is_not_ours_in_any_letters():
    ties = Ties({}, {"user-9": {SITE}, USER: {"site-1"}}, 1)

    assert judged_of_guids([session(user=SITE.upper())], of_guids(), ties) == "absent"


def test_users_are_seen_to_be_shown_in_any_letters():
    ties = Ties({}, {SITE: {SITE.upper()}}, 1)

    assert judged_of_guids([session(user="user-2")], of_guids(), ties) == "absent"


def test_ids_that_are_no_guids_are_told_apart_by_their_letters():
    assert judged([session(of="P1")], doubt(point())) == "absent"
    assert judged([session("s1", user="USER-1"), session("s2", user="user-1")], doubt(point())) == "s2"
    assert judged([session(user="Site-1")], doubt(point()), ties=learned(user_2="site-1", user_1="mine")) == "s1"


def test_a_lost_create_whose_session_names_its_point_in_other_letters_is_not_sent_again(client, sandbox):
    """The sandbox's own points have no GUIDs: its lists are made up here, and no create comes to anything."""
    named = session(of=POINT.upper(), created=sandbox.clock.now())
    sandbox.faults.add(Fault("create_session", "drop", times=None))
    sandbox.faults.add(Fault("list_sessions", "body", body=json.dumps({"value": [named]}).encode(), skip=1, times=None))

    frame = client.create_sessions([POINT])

    assert frame[["restore_point_id", "id", "outcome"]].values.tolist() == [[POINT, "s1", "created"]]
    assert sandbox.count("create_session") == 1


def test_a_lost_create_whose_session_has_our_user_in_other_letters_is_not_sent_again():
    with Sandbox(directory_object="user") as sandbox, odb.connect(sandbox=sandbox) as client:
        plain = [drive.id for drive in sandbox.drives if drive.special is None][:2]
        client.list_drives()
        points = client.list_restore_points(plain, start="2026-11-20", limit=1)
        client.create_session(points.head(1))  # from here on it is known that sessions carry users
        shouted = points.tail(1).assign(directory_object_id=points["directory_object_id"].str.upper())
        sandbox.faults.add(Fault("create_session", "drop", after_effect=True))

        frame = client.create_session(shouted)

        assert frame["outcome"].tolist() == ["created"]
        assert [one.id for one in sandbox.sessions_on(shouted["id"].iloc[0])] == frame["id"].tolist()


# -- any world: what is said of a create is what became of it

DRIVES = range(3)
ECHOES = {
    "the point": lambda _: {"of": True},
    "the user": lambda drive: {"user": f"user-{drive}"},
    "a site": lambda drive: {"user": f"site-{drive}"},
    "nothing": lambda _: {},
}


@st.composite
def worlds(draw):
    """Creates that were sent and whose answers were lost, and the sessions of those that happened."""
    echo = ECHOES[draw(st.sampled_from(sorted(ECHOES)))]
    knows_time = draw(st.booleans())
    places = draw(
        st.lists(st.tuples(st.sampled_from(DRIVES), st.integers(0, 1)), unique=True, min_size=1, max_size=6)
    )  # drive and day
    sessions, doubts, rivals, truth = [], [], [], {}
    for number, (drive, day) in enumerate(places):
        of = point(f"p{number}", drive=f"drive-{drive}", user=f"user-{drive}", taken=NOON + timedelta(days=day))
        has_happened = draw(st.booleans())
        if has_happened:
            said = echo(drive)
            taken = of.protection_date_time if knows_time else None
            sessions.append(
                session(f"s{number}", of=of.id if said.get("of") else None, user=said.get("user"), taken=taken)
            )
        known = draw(
            st.sampled_from(
                [
                    of,
                    dataclasses.replace(of, directory_object_id=None),
                    dataclasses.replace(of, drive_id=None),
                    dataclasses.replace(of, drive_id=None, directory_object_id=None),
                    RestorePoint(of.id),
                ]
            )
        )
        if draw(st.booleans()) or not doubts:
            doubts.append(doubt(known, own=draw(st.booleans())))
            truth[of.id] = f"s{number}" if has_happened else "absent"
        else:
            rivals.append(intent(known))
    seen = {}
    for drive in DRIVES:
        if draw(st.booleans()) and (object_id := echo(drive).get("user")):
            key = draw(st.sampled_from([f"drive-{drive}", f"user-{drive}"]))
            seen[key] = {object_id}
    return draw(st.permutations(sessions)), draw(st.permutations(doubts)), rivals, Ties({}, seen, 0), truth


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_what_is_said_of_any_lost_create_is_true(world):
    sessions, doubts, rivals, ties, truth = world
    everything = [*(one for each in doubts for one in each.intents), *rivals]

    verdicts = Evidence(sessions, ties, frozenset(), everything).judge(doubts)

    assert verdicts.keys() == truth.keys()
    for id_, verdict in verdicts.items():
        assert verdict == "ambiguous" or (verdict if verdict == "absent" else verdict["id"]) == truth[id_]


@settings(deadline=None)
@given(st.data(), worlds())
def test_the_order_of_sessions_and_doubts_changes_nothing(data, world):
    sessions, doubts, rivals, ties, _ = world
    everything = [*(one for each in doubts for one in each.intents), *rivals]

    def verdicts(some_sessions, some_doubts):
        return Evidence(some_sessions, ties, frozenset(), everything).judge(some_doubts)

    shuffled = data.draw(st.permutations(sessions)), data.draw(st.permutations(doubts))
    assert verdicts(*shuffled) == verdicts(sessions, doubts)


@settings(deadline=None)
@given(st.data(), worlds())
def test_the_letters_of_guids_change_nothing(data, world):
    sessions, doubts, rivals, ties, _ = world

    def verdicts(spell):
        def respelled(point_):
            ids = {name: spell(getattr(point_, name)) for name in ("id", "drive_id", "directory_object_id")}
            return dataclasses.replace(point_, **ids)

        told = [
            {**one, **{name: spell(one[name]) for name in ("restorePointId", "directoryObjectId")}} for one in sessions
        ]
        asked = [dataclasses.replace(each, point=respelled(each.point)) for each in doubts]
        seen = {
            spell(key): {spell(object_id) for object_id in objects} for key, objects in ties.directory_objects.items()
        }
        everything = [*(one for each in asked for one in each.intents), *rivals]
        found = Evidence(told, Ties({}, seen, 0), frozenset(), everything).judge(asked)
        return {
            comparable(id_): verdict if isinstance(verdict, str) else verdict["id"] for id_, verdict in found.items()
        }

    def plain(name):
        return name and str(uuid.uuid5(uuid.NAMESPACE_OID, name))

    def shouted(name):
        return name and data.draw(st.sampled_from([str.lower, str.upper, str.title]))(plain(name))

    assert verdicts(shouted) == verdicts(plain)


@settings(deadline=None)
@given(st.integers(2, 5), st.booleans(), st.booleans())
def test_doubts_that_share_a_time_and_one_nameless_session_are_ambiguous(how_many, knows_drive, own):
    doubts = [
        doubt(point(f"p{n}", drive=f"drive-{n}" if knows_drive else None, user=None), own=own) for n in range(how_many)
    ]

    assert set(judged([session()], *doubts).values()) == {"ambiguous"}
