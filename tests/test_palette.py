"""Looks: readable by anybody, on any page, and one for each word that we know."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from odb_nb.palette import NO_SESSION, SOON, look_of, look_of_change

WORDS = ["created", "creating", "failed", NO_SESSION, "unknown"]
CHANGES = ["added", "removed", "renamed", "resized", "same"]
LOOKS = [pytest.param(look, id=look.mark) for look in [*map(look_of, WORDS), SOON]]
LOOKS_OF_CHANGES = [pytest.param(look, id=look.mark) for look in map(look_of_change, CHANGES)]
PAIRS = [
    pytest.param(one.values[0], other.values[0], id=f"{one.id} and {other.id}")
    for looks in (LOOKS, LOOKS_OF_CHANGES)
    for one, other in itertools.combinations(looks, 2)
]

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB
EYES = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def linear(colour):
    channels = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """The ratio of WCAG 2, from 1 to 21."""
    dark, light = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb):
    x, y, z = (
        np.cbrt(part) if part > 0.008856 else 7.787 * part + 16 / 116 for part in TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("look", [*LOOKS, *LOOKS_OF_CHANGES])
def test_ink_reads_on_its_fill(look):
    assert contrast(look.ink, look.fill) >= 7  # WCAG's AAA


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_lines_are_told_apart(one, other, eyes):
    seen = [lab(EYES[eyes] @ linear(look.line)) for look in (one, other)]
    assert np.linalg.norm(seen[0] - seen[1]) > 15  # CIE 1976; about 2 is just seen when side by side


def test_marks_are_told_apart_without_any_colour():
    marks = [look.values[0].mark for look in [*LOOKS, *LOOKS_OF_CHANGES]]
    assert len(set(marks)) == len(marks)


KNOWN = ["creating", "created", "failed", NO_SESSION, "reused", "timed_out", "cancelled", "planned"]
KNOWN += ["draft", "added", "scheduling", "scheduled", "activating", "active", "inProgress"]
KNOWN += ["succeeded", "completed", "completedWithError"]


@pytest.mark.parametrize("word", KNOWN)
def test_every_word_that_we_know_has_a_look_of_what_it_means(word):
    assert look_of(word) != look_of("a word of tomorrow")


@pytest.mark.parametrize("word", ["unknown", "a word of tomorrow", "", "no  session"])
def test_words_that_we_do_not_know_look_strange(word):
    assert look_of(word).mark == "?"


def test_capitals_do_not_matter():
    assert look_of("Failed") == look_of("failed")


def test_added_is_one_thing_in_a_restore_and_another_in_a_comparison():
    assert look_of("added").mark != look_of_change("added").mark


@pytest.mark.parametrize("word", ["last good", "", "Added"])
def test_what_is_no_change_of_an_item_has_no_look(word):
    assert look_of_change(word) is None
