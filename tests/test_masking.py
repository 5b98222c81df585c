"""Names replaced by stand-ins: everywhere, always by the same, and nothing else touched."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from walks import walk

import odb_nb as odb
from odb_nb import paths
from odb_nb.errors import InputError
from odb_nb.tables import CHANGES, DRIVES, HISTORY, ITEMS, PLAN, RESTORE_POINTS, RESTORES, SESSIONS, STATUS

HOST = "https://contoso-my.sharepoint.com"
GUID = "9a1f7b52-6c3d-4e8f-a0b1-c2d3e4f50617"


def drives(*people):
    return DRIVES.frame(
        [{"id": f"d{at}", "displayName": name, "email": mail} for at, (name, mail) in enumerate(people)]
    )


ADELE, ALEX = ("Adele Vance", "adelev@contoso.com"), ("Alex Wilber", "alexw@contoso.com")


# people


def test_people_are_numbered_as_they_come_and_name_and_address_have_one_number():
    masked = odb.Mask()(drives(ADELE, ALEX, ADELE))
    assert masked["display_name"].tolist() == ["Person 1", "Person 2", "Person 1"]
    assert masked["email"].tolist() == [f"person{number}@masked.invalid" for number in (1, 2, 1)]
    assert masked["id"].tolist() == ["d0", "d1", "d2"]


def test_people_of_one_name_keep_addresses_of_their_own():
    masked = odb.Mask()(drives(("Alex", "alex1@contoso.com"), ("Alex", "alex2@contoso.com")))
    assert masked["display_name"].nunique() == 1
    assert masked["email"].nunique() == 2


def test_addresses_that_share_a_mailbox_name_stay_apart():
    masked = odb.Mask()(drives(("A", "a.b@contoso.com"), ("B", "a_b@contoso.com")))
    assert masked["email"].nunique() == masked["display_name"].nunique() == 2


def test_capitals_make_no_other_person():
    mask = odb.Mask().learn("Adele Vance", "AdeleV@contoso.com")
    assert mask.text("ADELE VANCE <adelev@CONTOSO.com>") == mask.text("adele vance <ADELEV@contoso.com>")


def test_an_account_is_an_address_or_an_app_that_stays():
    frame = HISTORY.frame([{"account": "adelev@contoso.com"}, {"account": GUID}, {"account": None}])
    assert odb.Mask()(frame)["account"].fillna("null").tolist() == ["person1@masked.invalid", GUID, "null"]


def test_the_mailbox_in_a_web_address_is_the_person_of_the_address():
    mask = odb.Mask()
    mask(drives(ALEX, ADELE))
    frame = walk(("k", "Documents/a.docx", 1)).assign(web_url=f"{HOST}/personal/adelev_contoso_com/Documents/a.docx")
    assert mask(frame)["web_url"].tolist() == [f"{HOST}/personal/person2/Documents/File 1.docx"]


def test_a_site_is_called_after_its_owner():
    frame = walk(("s", "", None, "site"), ("l", "Documents", 5, "documentLibrary"), display_name="Adele Vance")
    frame = frame.assign(name=["Adele Vance", "Documents"], web_url=f"{HOST}/personal/adelev_contoso_com")
    mask = odb.Mask()
    masked = mask(frame)
    assert masked.attrs["display_name"] == "Person 1"
    assert masked["name"].tolist() == ["Person 1", "Documents"]
    assert masked["web_url"].tolist() == [f"{HOST}/personal/person1"] * 2
    assert masked["path"].tolist() == ["", "Documents"]
    assert mask.text("adelev@contoso.com") == "person1@masked.invalid"


# files and folders


def item_names(*names):
    """Stand-ins for files of these names."""
    return odb.Mask()(walk(*[(f"k{at}", f"Documents/{name}", 1) for at, name in enumerate(names)]))["name"].tolist()


EXTENSIONS = [
    pytest.param("Budget.xlsx", "File 1.xlsx", id="usual"),
    pytest.param("a.docx.locked", "File 1.docx.locked", id="stacked"),
    pytest.param("a.tar.gz.locked", "File 1.tar.gz.locked", id="thrice"),
    pytest.param("Review.Vance.docx", "File 1.docx", id="a name before it"),
    pytest.param("Minutes", "File 1", id="none"),
    pytest.param(".gitignore", "File 1", id="nothing before it"),
    pytest.param("a.Überstunden", "File 1", id="not ASCII"),
    pytest.param("a.confidential", "File 1", id="long"),
    pytest.param("a.b c", "File 1", id="with a blank"),
    pytest.param("a.docx\n", "File 1", id="with a line break"),
    pytest.param("a.", "File 1", id="a dot alone"),
]


@pytest.mark.parametrize(("name", "stand_in"), EXTENSIONS)
def test_extensions_are_kept_where_they_tell_no_name(name, stand_in):
    assert item_names(name) == [stand_in]


def test_an_extension_that_is_the_name_of_a_person_is_not_kept():
    mask = odb.Mask().learn("Adele Vance")
    assert mask(walk(("k", "Documents/Review.vance", 1)))["name"].tolist() == ["File 1"]


def test_a_file_and_what_it_was_renamed_to_have_one_number():
    assert item_names("b.docx", "a.docx", "a.docx.locked", "a.pdf") == [
        "File 1.docx",
        "File 2.docx",
        "File 2.docx.locked",
        "File 2.pdf",
    ]


def test_paths_are_masked_part_by_part_and_the_library_stays():
    frame = walk(
        ("l", "Documents", 1, "documentLibrary"),
        ("f", "Documents/Budget 2026", 1, "folder"),
        ("k", "Documents/Budget 2026/Old/Q1.xlsx", 1),
    )
    masked = odb.Mask()(frame)
    assert masked["path"].tolist() == ["Documents", "Documents/Folder 1", "Documents/Folder 1/Folder 2/File 1.xlsx"]
    assert masked["name"].tolist() == ["Documents", "Folder 1", "File 1.xlsx"]


def test_a_name_with_a_slash_is_the_same_in_its_path():
    frame = walk(("k", "Documents/x", 1)).assign(name="AC/DC.mp3", path="Documents/" + paths.segment("AC/DC.mp3", "k"))
    mask = odb.Mask()
    masked = mask(frame)
    assert (masked["name"][0], masked["path"][0]) == ("File 1.mp3", "Documents/File 1.mp3")
    assert mask.text("lost: AC/DC.mp3") == "lost: File 1.mp3"


def test_a_folder_and_a_file_of_one_name_stay_what_they_are():
    masked = odb.Mask()(walk(("f", "Documents/v1.2", 1, "folder"), ("k", "Documents/x/v1.2", 1)))
    assert masked["name"].tolist() == ["Folder 1", "File 1.2"]


def test_names_without_a_type_are_what_they_are_known_to_be():
    mask = odb.Mask()
    mask(walk(("f", "Documents/v1.2", 1, "folder"), ("k", "Documents/Minutes", 1)))
    restores = RESTORES.frame([{}] * 3, name=["v1.2", "Minutes", "new.docx"])
    assert mask(restores)["name"].tolist() == ["Folder 1", "File 1", "File 2.docx"]


def test_what_a_restore_made_is_masked_and_its_folder_stays():
    folder = "/personal/adelev_contoso_com/Documents/Restored 2026-08-14 09-44-10"
    item = {"restoredItemPath": folder, "restoredItemWebUrl": f"{HOST}{folder}/budget-draft.xlsx"}
    masked = odb.Mask()(RESTORES.frame([item], name=["budget-draft.xlsx"]))
    below = "/personal/person1/Documents/Restored 2026-08-14 09-44-10"
    assert masked["restored_item_path"].tolist() == [below]
    assert masked["restored_item_web_url"].tolist() == [f"{HOST}{below}/File 1.xlsx"]


ADDRESSES = [
    pytest.param(
        "/personal/a_b_c/Documents/Bud%20get/x.docx?web=1", "/personal/person1/Documents/Folder 1/File 1.docx"
    ),
    pytest.param("/sites/Secret/Shared Documents/x.docx", "/sites/Folder 1/Shared Documents/File 1.docx"),
    pytest.param("/Secret/x.docx", "/Folder 1/File 1.docx"),
    pytest.param("/", "/"),
]


@pytest.mark.parametrize(("rest", "masked"), ADDRESSES)
def test_web_addresses_keep_their_host_and_library_alone(rest, masked):
    frame = walk(("k", "Documents/x.docx", 1)).assign(web_url=HOST + rest)
    assert odb.Mask()(frame[["web_url", "type"]])["web_url"].tolist() == [HOST + masked]


def test_an_escaped_address_and_a_plain_one_are_of_one_file():
    frame = walk(("k", "Documents/100% done.docx", 1), ("k", "Documents/100% done.docx", 1))
    urls = [f"{HOST}/personal/p/Documents/100% done.docx", f"{HOST}/personal/p/Documents/100%25%20done.docx"]
    masked = odb.Mask()(frame.assign(web_url=urls))
    assert masked["web_url"].nunique() == 1


# whole tables of ours


SECRETS = ["Adele", "Vance", "adelev", "Budget", "Plan", "Wilber"]
PATH = "Documents/Budget/Plan Vance.docx"
URL = f"{HOST}/personal/adelev_contoso_com/{PATH}"
WALK = walk(("f", "Documents/Budget", 3, "folder"), ("k", PATH, 3), beta=True).assign(
    web_url=[URL.rpartition("/")[0], URL], created_by="Adele Vance", last_modified_by="Alex Wilber"
)
TABLES = [
    pytest.param(drives(ADELE), id="drives"),
    pytest.param(RESTORE_POINTS.frame([{"protectionUnit": {"displayName": "Adele Vance"}}]), id="restore points"),
    pytest.param(SESSIONS.frame([{"error": {"message": f"Adele Vance has no {PATH}"}}]), id="sessions"),
    pytest.param(STATUS.frame([{"error": {"message": "to adelev@contoso.com"}}], display_name=["Vance"]), id="status"),
    pytest.param(WALK, id="items"),
    pytest.param(odb.compare(WALK, WALK), id="comparison"),
    pytest.param(odb.file_history([WALK]), id="history of files"),
    pytest.param(odb.summarize_changes(odb.compare(WALK, WALK)), id="summary"),
    pytest.param(CHANGES.frame([{}], display_name=["Adele Vance"], error_message=[f"no {PATH}"]), id="changes"),
    pytest.param(PLAN.frame([{}], name=["Plan Vance.docx"], path=[PATH], type=["file"]), id="plan"),
    pytest.param(
        RESTORES.frame([{"restoredItemPath": f"/{PATH}", "restoredItemWebUrl": URL}], name=["Plan Vance.docx"]),
        id="restores",
    ),
    pytest.param(HISTORY.frame([{"account": "adelev@contoso.com"}]), id="history"),
    pytest.param(WALK.assign(note=f"see {PATH}", lists=[["Adele Vance"], ["Budget"]]), id="columns of the user"),
    pytest.param(WALK.astype({"name": object, "path": "category"}), id="other dtypes"),
    pytest.param(WALK.set_index("path"), id="paths as index"),
    pytest.param(WALK.set_index(["type", "path"]), id="index of two levels"),
]


@pytest.mark.parametrize("frame", TABLES)
def test_no_name_is_left_in_any_table_of_ours(frame):
    before = frame.copy()
    mask = odb.Mask().learn(drives(ADELE, ALEX), WALK)
    masked = mask(frame)
    text = f"{masked.reset_index().to_csv()} {masked.attrs}"
    assert [word for word in SECRETS if word.casefold() in text.casefold()] == []
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == before.attrs
    assert masked.columns.tolist() == frame.columns.tolist()
    kept = [name for name in frame.columns if frame[name].dtype not in ("string", "object", "category")]
    pd.testing.assert_frame_equal(masked[kept].reset_index(drop=True), frame[kept].reset_index(drop=True))


@pytest.mark.parametrize("table", [DRIVES, STATUS, ITEMS, RESTORES], ids=lambda table: table.name)
def test_dtypes_and_nulls_stay(table):
    masked = odb.Mask()(table.frame([{}, {}]))
    pd.testing.assert_frame_equal(masked, table.frame([{}, {}]))
    pd.testing.assert_frame_equal(odb.Mask()(table.frame([])), table.frame([]))


def test_ids_words_and_times_stay_even_where_a_folder_is_called_so():
    frame = SESSIONS.frame([{"id": "created", "status": "created"}], outcome=["created"])
    mask = odb.Mask().learn("Documents/created/x.docx")
    pd.testing.assert_frame_equal(mask(frame), frame)


def status(*rows):
    return STATUS.frame(
        [{"status": "created"}] * len(rows),
        restore_point_id=[f"p{at}" for at in range(len(rows))],
        drive_id=[drive for drive, _ in rows],
        display_name=[name for _, name in rows],
        protection_date_time=["2026-11-20T03:02:55Z"] * len(rows),
    )


def test_drives_of_a_matrix_are_masked_and_stay_apart():
    matrix = odb.status_matrix(
        status(("aaaaaaaa-1", "Alex"), ("bbbbbbbb-2", "Alex"), (GUID, None), ("c", "Vance (HR)"))
    )
    mask = odb.Mask().learn("Alex")
    masked = mask(matrix)
    assert masked.index.tolist() == ["Person 1 (aaaaaaaa)", "Person 1 (bbbbbbbb)", GUID, "Person 2 (HR)"]
    assert masked["2026-11-20"].tolist() == ["created"] * 4
    assert (masked.index.name, masked.columns.name) == ("drive", "day")
    assert mask(matrix.T).columns.tolist() == masked.index.tolist()


def test_attrs_are_masked_however_deep():
    compared = odb.compare(WALK, WALK)
    compared.attrs["in_words"] = f"in all points {PATH} exists"
    attrs = odb.Mask().learn(WALK)(compared).attrs
    assert attrs["before"] == {**WALK.attrs, "display_name": "Person 1"}
    assert attrs["in_words"] == "in all points Documents/Folder 1/File 1.docx exists"


# text


TEXTS = [
    pytest.param("Adele Vance", "Person 1", id="alone"),
    pytest.param("Adele Vance's", "Person 1's", id="with an ending"),
    pytest.param("MAdele Vance", "MAdele Vance", id="inside a word"),
    pytest.param("Adele Vances", "Adele Vances", id="as part of a word"),
    pytest.param("(Adele Vance)", "(Person 1)", id="in brackets"),
    pytest.param("Adele Vance Smith", "Person 2", id="the longest wins"),
    pytest.param("山田太郎さん", "Person 3さん", id="no blanks between words"),
    pytest.param("someone.else@fabrikam.com!", "person4@masked.invalid!", id="address not known"),
    pytest.param(f"{HOST}/personal/me_b_com/x", f"{HOST}/personal/person4/x", id="mailbox not known"),
    pytest.param("Documents/Budget 2026/a b.xlsx", "Documents/Folder 1/File 1.xlsx", id="path"),
    pytest.param("Documents/Budget%202026/a%20b.xlsx", "Documents/Folder 1/File 1.xlsx", id="escaped path"),
    pytest.param("at 2026-11-20 03:02:55", "at 2026-11-20 03:02:55", id="digits alone are no name"),
    pytest.param("person1@masked.invalid", "person1@masked.invalid", id="a stand-in"),
    pytest.param("", "", id="empty"),
]


@pytest.mark.parametrize(("text", "masked"), TEXTS)
def test_text_is_masked_by_what_is_known(text, masked):
    mask = odb.Mask().learn(["Adele Vance", "Adele Vance Smith"], "山田太郎", None, pd.NA)
    mask.learn("Documents/Budget 2026/a b.xlsx", "Documents/2026/x.docx")
    assert mask.text(text) == masked


def test_text_before_its_names_are_known_stays():
    mask = odb.Mask()
    assert mask.text("Adele Vance lost it") == "Adele Vance lost it"
    assert mask.learn(drives(ADELE)).text("Adele Vance lost it") == "Person 1 lost it"


def test_running_text_is_masked_after_the_names_beside_it():
    frame = pd.DataFrame(
        {"error_message": ["no a.docx for Adele Vance"], "name": ["a.docx"], "display_name": "Adele Vance"}
    )
    assert odb.Mask()(frame.astype("string"))["error_message"].tolist() == ["no File 1.docx for Person 1"]


NAMES = st.text(min_size=2, max_size=12).filter(
    lambda text: any(map(str.isalpha, text)) and "/" not in text and "@" not in text
)


@given(name=NAMES, around=st.text(alphabet=" .,;:()\n", max_size=3))
def test_a_known_name_is_never_left_in_a_text(name, around):
    mask = odb.Mask().learn(name)
    assert mask.text(f"{around}{name}{around}") == f"{around}Person 1{around}"


@given(names=st.lists(NAMES, min_size=1, max_size=8))
def test_names_of_files_have_stand_ins_of_their_own(names):
    frame = walk(*[(f"k{at}", f"Documents/{paths.segment(name, None)}", 1) for at, name in enumerate(names)])
    masked = odb.Mask()(frame.assign(name=pd.array(names, dtype="string")))
    assert masked["name"].nunique() == len(set(names))
    assert ("Documents/" + masked["name"]).tolist() == masked["path"].tolist()


def test_two_runs_give_the_same():
    frames = [drives(ADELE, ALEX), WALK, odb.compare(WALK, WALK)]
    one, again = odb.Mask(), odb.Mask()
    for frame in frames:
        pd.testing.assert_frame_equal(one(frame), again(frame))


def test_fifty_thousand_files_are_masked():
    frame = walk(*[(f"k{at}", f"Documents/Folder {at % 100}/file {at}.docx", at) for at in range(50_000)])
    mask = odb.Mask()
    assert mask(frame)["path"].nunique() == 50_000
    assert mask.text("lost: file 49999.docx") == "lost: File 50000.docx"


# the rest


def test_a_mask_that_is_off_leaves_all_as_it_is():
    mask = odb.Mask(active=False).learn(drives(ADELE))
    frame = drives(ADELE)
    assert mask(frame) is frame
    assert mask.text("Adele Vance") == "Adele Vance"


def test_a_mask_prints_without_a_name():
    mask = odb.Mask().learn(drives(ADELE), WALK)
    assert repr(mask) == "<Mask active=True: 2 people, 1 folders, 1 files>"


@pytest.mark.parametrize("wrong", [None, [], "text", WALK["name"]], ids=["None", "list", "text", "series"])
def test_a_mask_takes_frames(wrong):
    with pytest.raises(InputError, match="a mask takes a DataFrame"):
        odb.Mask()(wrong)


@pytest.mark.parametrize("wrong", [None, 3, b"text"], ids=repr)
def test_the_text_of_a_mask_is_text(wrong):
    with pytest.raises(InputError, match=r"mask\.text takes text"):
        odb.Mask().text(wrong)


def test_what_teaches_nothing_is_refused():
    with pytest.raises(InputError, match="learns from frames and text, not from a int"):
        odb.Mask().learn("Adele", 3)
