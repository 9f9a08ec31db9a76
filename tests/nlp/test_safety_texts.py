"""Single texts about safety, in contrasting pairs: what is live is found, what is not does not alarm.

Floors a little under what was measured (docs/model_card.md). The lines were mended by one file; by the other nothing.
"""

import json
from collections.abc import Iterator

import pytest

from nlp import Analysis, DocumentKind, load_tagger, load_taxonomy
from nlp.corpus_files import FOLDER, read_corpus

pytestmark = pytest.mark.database_free

LIVE = {"affirmed", "hypothetical"}


def told(file: str) -> Iterator[tuple[dict[str, str | None], Analysis]]:
    """Give each text with what is found in it, all read at once, which is far quicker than one by one."""
    texts = [json.loads(line) for line in (FOLDER / file).read_text("utf-8").splitlines()]
    return zip(texts, load_tagger().tag_many((each["text"], each["kind"]) for each in texts), strict=True)


def alarms(theme: str | None, read: Analysis) -> bool:
    return any(mention.theme == theme and mention.assertion.value in LIVE for mention in read.mentions)


@pytest.mark.parametrize(
    ("file", "found", "quiet", "absent"),
    [("safety_reviewed.jsonl", 0.89, 0.87, 0.78), ("safety_fresh.jsonl", 0.91, 0.65, 0.76)],
)
def test_what_is_live_is_found_and_the_rest_does_not_alarm(
    file: str, found: float, quiet: float, absent: float
) -> None:
    right: dict[str, list[bool]] = {"live": [], "quiet": [], "absent": []}
    for each, read in told(file):
        assert each["theme"] in load_taxonomy().safety
        kind = "absent" if each["assertion"] is None else "live" if each["assertion"] in LIVE else "quiet"
        right[kind].append(alarms(each["theme"], read) is (kind == "live"))
    for kind, floor in (("live", found), ("quiet", quiet), ("absent", absent)):
        assert sum(right[kind]) >= floor * len(right[kind]), kind


@pytest.mark.parametrize(("file", "least"), [("safety_reviewed.jsonl", 0.89), ("safety_fresh.jsonl", 0.74)])
def test_how_far_it_goes_is_right_in_most_that_are_found(file: str, least: float) -> None:
    right: list[bool] = []
    for each, read in told(file):
        levels = {mention.severity for mention in read.mentions if mention.theme == each["theme"]}
        if each["severity"] and alarms(each["theme"], read):
            right.append(each["severity"] in levels)
    assert sum(right) >= least * len(right)


@pytest.mark.parametrize("file", ["kept_apart.txt", "kept_apart_2.txt"])
def test_short_texts_that_were_kept_apart(file: str) -> None:
    """By authors whose other texts were learned from: those of the first file nearly all said sideways, those of the
    second chiefly not live. Of five that are live three are found, and little alarms beside them.
    """
    documents = list(read_corpus(FOLDER / file))
    live: list[bool] = []
    absent: list[bool] = []
    for document, read in zip(documents, load_tagger().tag_many((d.text, d.kind) for d in documents), strict=True):
        for theme in load_taxonomy().safety:
            said = {each.themes[theme].value for each in document.sentences if theme in each.themes}
            if said <= LIVE:
                (live if said else absent).append(alarms(theme, read) is bool(said))
    assert sum(live) >= 0.6 * len(live)
    assert sum(absent) >= 0.95 * len(absent)


@pytest.mark.parametrize("kind", ["journal", "note"])
@pytest.mark.parametrize(
    ("text", "assertion"),
    [
        ("I'm not safe at home.", "affirmed"),
        ("No longer safe at home with her husband.", "affirmed"),
        ("Never safe in that house.", "affirmed"),
        ("She does not feel safe at home.", "affirmed"),
        ("I feel safe at home.", "negated"),
        ("Safe at home, no concerns.", "negated"),
    ],
)
def test_not_safe_is_no_denial(text: str, assertion: str, kind: DocumentKind) -> None:
    found = {each.assertion.value for each in load_tagger().tag(text, kind).mentions if each.theme == "harm_by_others"}
    assert found == {assertion}


@pytest.mark.parametrize(
    ("text", "kind", "assertion", "severity"),
    [
        ("Everyone would be better off without me.", "journal", "affirmed", "wish_to_be_dead"),
        ("I can't keep myself safe.", "journal", "affirmed", "intent"),
        ("No psychosis, no mania, +SI.", "note", "affirmed", "thoughts"),
        ("Chronic SI at baseline.", "note", "affirmed", "thoughts"),
        ("Found by wife with rope in the garage.", "note", "affirmed", "method"),
        ("SI remitted after dose 3.", "note", "negated", None),
        ("Monitoring for emergence of suicidal thoughts.", "note", "hypothetical", "thoughts"),
        ("Exam: no SI", "note", "negated", None),
        ("Risk: denies SI or HI", "note", "negated", None),
        ("Neg for SI/HI.", "note", "negated", None),
        ("Negative: SI, HI", "note", "negated", None),
        ("Sleep: no, SI: yes", "note", "affirmed", "thoughts"),
        ("HI no, SI yes.", "note", "affirmed", "thoughts"),
        ("Appetite: none, SI present since Monday", "note", "affirmed", "thoughts"),
        ("Neg UDS, SI endorsed today.", "note", "affirmed", "thoughts"),
        ("Negative thoughts about dying.", "note", "affirmed", "thoughts"),
        ("I haven't told anyone I'm suicidal.", "journal", "affirmed", "thoughts"),
        ("Denied HI, disclosed SI.", "note", "affirmed", "thoughts"),
        ("Pt declined to answer questions about SI.", "note", "affirmed", "thoughts"),
        ("I cut myself again last night.", "journal", "affirmed", "act"),
        ("SI/HI: neg", "note", "negated", None),
        ("C-SSRS: 0", "note", "negated", None),
        ("I would never hurt myself.", "journal", "negated", None),
        ("I took an overdose in 2015.", "journal", "historical", None),
        ("SI? No.", "note", "negated", None),
        ("Am I suicidal? No.", "journal", "negated", None),
        ("SI? Yes, daily.", "note", "affirmed", "thoughts"),
        ("Do I want to die? No idea.", "journal", "hypothetical", "wish_to_be_dead"),
    ],
)
def test_what_a_careful_clinician_would_trip_over(text: str, kind: str, assertion: str, severity: str | None) -> None:
    mentions = load_tagger().tag(text, "note" if kind == "note" else "journal").mentions
    found = [(each.assertion.value, each.severity) for each in mentions if each.theme == "suicidality"]
    assert found[0] == (assertion, severity)
    for said, level in found[1:]:  # an answer may be a mention of its own, without a level
        assert level in (None, severity)
        assert said not in LIVE or assertion in LIVE
