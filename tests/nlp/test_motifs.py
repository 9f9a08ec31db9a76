"""Motifs of invented patients: planted in changing wording among other people's sentences, and found or not."""

from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import pytest

from nlp.corpus_files import FOLDER, read_corpus
from nlp.motifs import Motif, MotifDocument, Passage, find_motifs, load_background
from nlp.motifs.background import corpus_texts, count_background
from nlp.motifs.keyness import keyness
from nlp.motifs.lemmas import lemma
from nlp.recurrence import Window, windows_of
from tests.support.work import calls

pytestmark = pytest.mark.database_free

START = datetime(2026, 1, 1, tzinfo=UTC)
SESSION = timedelta(days=14)
PATIENTS, SESSIONS, ENTRIES, SENTENCES = 100, 4, 4, 12
# Each in at least four wordings, with the words in brackets that ought to be found.
PLANTED = [
    [each.strip() for each in line.split("|")]
    for line in """
There was a [blue door] at the end. | The [blue doors] again. | A [door that was blue]. | That [blue door].
The [committee] met in my head. | My [committee] says no. | [Committees] all night. | One [committee] less.
An [old lighthouse] on the rocks. | The [lighthouse was old]. | Two [old lighthouses]. | My [lighthouse], so old.
I saw the [glass staircase]. | A [staircase made of glass]. | [Glass staircases] go up. | That [glass staircase].
The [fox] looked at me. | A small [fox] by the road. | [Foxes] in the yard. | It was that [fox] again.
I held the [copper key]. | The [key was copper]. | [Copper keys] in a bowl. | My [copper key] is warm.
The [orchestra] went silent. | An [orchestra] tuning up. | My [orchestra] has no conductor. | That [orchestra].
A [paper boat] on the stream. | The [boat of paper] sank. | [Paper boats] everywhere. | My [paper boat] floats.
The [tunnel] is long. | In a [tunnel] with lamps. | [Tunnels] under the hill. | I left my [tunnel].
I was in the [empty theater]. | The [theater was empty]. | [Empty theaters]. | An [empty theatre] and me.
The [beekeeper] waved. | A [beekeeper] with no veil. | My [beekeeper] came back. | Two [beekeepers] by the wall.
A [red thread] led me out. | The [thread is red]. | [Red threads] in my hands. | I follow the [red thread].
The [drawbridge] is up. | My [drawbridge] went down. | [Drawbridges] creak. | I sat by the [drawbridge].
A [stone garden] with one tree. | The [garden of stone]. | [Stone gardens] at dusk. | My [stone garden] again.
The [lift] has no buttons. | A [lift] that goes sideways. | [Lifts] full of sand. | I am back in the [lift].
There is a [wolf] at the edge. | The [wolves] lay down. | My [wolf] is tired. | A [wolf] with grey ears.
The [white horse] stood there. | A [horse, quite white]. | [White horses] in fog. | That [white horse].
I put it in the [tin box]. | A [box made of tin]. | [Tin boxes] on a shelf. | My [tin box] is shut.
The [ferryman] asks nothing. | A [ferryman] without a face. | My [ferryman] waits. | [Ferrymen] never hurry.
A [broken piano] played. | The [piano was broken]. | [Broken pianos] in a field. | That [broken piano].
""".strip().splitlines()
]


@cache
def sentences() -> tuple[str, ...]:
    """What 36 other writers wrote, none of them in the background table."""
    paths = [*FOLDER.glob("writers_*.txt"), *FOLDER.glob("independent_*.txt")]
    documents = [document for path in sorted(paths) for document in read_corpus(path)]
    journals = (document for document in documents if document.kind == "journal")
    return tuple(each.text[one.start : one.end] for each in journals for one in each.sentences)


def windows(number: int = SESSIONS) -> tuple[Window, ...]:
    return windows_of((f"s{n}", START + n * SESSION) for n in range(number))


def entries(random: Random, number: int = SESSIONS * ENTRIES) -> list[list[str]]:
    """Deal sentences of many writers, so that no entry has a voice of its own."""
    dealt = random.sample(sentences(), number * SENTENCES)
    return [dealt[n * SENTENCES : (n + 1) * SENTENCES] for n in range(number)]


def written(texts: list[list[str]], *, every: timedelta = SESSION / ENTRIES) -> list[MotifDocument]:
    return [
        MotifDocument(f"d{n:04}", " ".join(text), START + n * every + timedelta(hours=1))
        for n, text in enumerate(texts)
    ]


def plant(random: Random, texts: list[list[str]], wordings: list[str]) -> None:
    """Put each wording into another entry, over at least two sessions; brackets are kept for now."""
    places = random.sample(range(len(texts)), len(wordings))
    while len({place // ENTRIES for place in places}) < 2:
        places = random.sample(range(len(texts)), len(wordings))
    for place, wording in zip(places, wordings, strict=True):
        texts[place].insert(random.randrange(len(texts[place]) + 1), wording)


def unbracketed(documents: list[MotifDocument]) -> tuple[list[MotifDocument], list[tuple[str, int, int]]]:
    """Take the brackets out, and tell where they were."""
    plain, truth = [], []
    for document in documents:
        text = document.text
        while "[" in text:
            start, end = text.index("["), text.index("]") - 1
            text = text.replace("[", "", 1).replace("]", "", 1)
            truth.append((document.document_id, start, end))
        plain.append(MotifDocument(document.document_id, text, document.written_at))
    return plain, truth


def is_planted(motif: Motif, truth: list[tuple[str, int, int]]) -> bool:
    """Tell whether at least half of what was planted is found, and at least half of what is found was planted."""
    there = {(p.document_id, t) for p in motif.passages for t in truth if _touch(p, t)}
    right = {passage for passage in motif.passages if any(_touch(passage, each) for each in truth)}
    return 2 * len({t for _, t in there}) >= len(truth) and 2 * len(right) >= len(motif.passages)


def _touch(passage: Passage, truth: tuple[str, int, int]) -> bool:
    document, start, end = truth
    return passage.document_id == document and passage.start < end and start < passage.end


def simulate(seed: int, times: int) -> tuple[list[Motif], list[tuple[str, int, int]]]:
    random = Random(seed)
    texts = entries(random)
    wordings = PLANTED[seed % len(PLANTED)]
    plant(random, texts, random.sample(wordings, times))
    documents, truth = unbracketed(written(texts))
    return find_motifs(documents, windows()), truth


def recall(times: int, top: int = 5) -> float:
    found = (simulate(seed, times) for seed in range(PATIENTS))
    return sum(any(is_planted(motif, truth) for motif in motifs[:top]) for motifs, truth in found) / PATIENTS


@pytest.mark.parametrize(("times", "least"), [(4, 0.95), (3, 0.85), (2, 0.5)])
def test_planted_motifs_in_changing_wording_are_among_the_first_five(times: int, least: float) -> None:
    """What stands there twice only is hard to tell from chance."""
    assert recall(times) >= least


def test_where_nothing_was_planted_little_is_found() -> None:
    """Sentences of many writers, dealt anew: no voice of its own, though some nouns return by chance."""
    found = [len(find_motifs(written(entries(Random(seed))), windows())) for seed in range(PATIENTS)]
    assert sum(found) / PATIENTS <= 3
    assert max(found) <= 10


def test_of_the_same_words_in_one_session_only_nothing_is_said() -> None:
    texts = [[PLANTED[2][n].replace("[", "").replace("]", "")] for n in range(4)]
    for every, number in ((timedelta(days=1), 0), (SESSION, 1)):
        labels = [each.label for each in find_motifs(written(texts, every=every), windows())]
        assert ("lighthouse" in labels) == bool(number)
    assert find_motifs(written(texts), windows(0)) == []
    assert find_motifs([], windows()) == []


def test_one_entry_however_often_it_says_a_thing_is_no_motif() -> None:
    texts = [["The blue door, the blue door, the blue door. My blue door."], ["We had soup."], ["It rained."]]
    assert find_motifs(written(texts, every=SESSION), windows()) == []


class TestMotifs:
    """What a motif says of itself."""

    @pytest.fixture
    def found(self) -> tuple[Motif, list[MotifDocument]]:
        texts = [["\U0001f40b I slept. The Blue  Door."], ["It rained."], ["A door that was blue, the blue door."]]
        documents = written(texts, every=SESSION)
        (motif,) = find_motifs(reversed(documents), windows())
        return motif, documents

    def test_the_label_is_the_most_frequent_wording(self, found: tuple[Motif, list[MotifDocument]]) -> None:
        motif, _ = found
        assert motif.label == "blue door"
        assert set(motif.wordings) >= {"blue door"}

    def test_passages_are_code_points_in_the_order_of_writing(self, found: tuple[Motif, list[MotifDocument]]) -> None:
        motif, documents = found
        texts = {each.document_id: each.text for each in documents}
        quotes = [texts[each.document_id][each.start : each.end] for each in motif.passages]
        assert quotes[0] == "Blue  Door"
        assert all("door" in each.lower() and "blue" in each.lower() for each in quotes)
        assert (motif.session_count, motif.document_count) == (2, 2)
        assert (motif.first_seen, motif.last_seen) == (documents[0].written_at, documents[2].written_at)


def labels(*texts: str) -> list[str]:
    return [each.label for each in find_motifs(written([[text] for text in texts], every=SESSION), windows())]


def test_everyday_words_and_the_clinics_own_do_not_win() -> None:
    text = "Today I feel the session was a good day. The ketamine made me think of the therapist for a long time."
    assert labels(text, text, text) == []


def test_names_of_people_are_no_images() -> None:
    assert labels("I met Jess there.", "It was with Jess again.", "Then Jess rang.") == []


def test_a_single_noun_and_its_pair_are_one_motif() -> None:
    (found,) = labels("An iron gate stood there.", "The iron gates were shut.", "That iron gate again.")
    assert found == "iron gate"


@pytest.mark.parametrize(
    ("form", "base"),
    [
        ("doors", "door"), ("committees", "committee"), ("kicking", "kick"), ("hoped", "hope"), ("hopped", "hop"),
        ("children", "child"), ("branches", "branch"), ("voices", "voice"), ("rose", "rose"), ("evening", "evening"),
        ("glass", "glass"), ("zorblats", "zorblat"),
    ],
)  # fmt: skip
def test_one_form_for_each_word(form: str, base: str) -> None:
    assert lemma(form) == base


def test_keyness_rises_with_ones_own_and_falls_with_the_others() -> None:
    assert keyness(5, 1000, 3, 20_000) > keyness(3, 1000, 3, 20_000) > keyness(3, 1000, 30, 20_000)
    assert abs(keyness(50, 10_000, 50, 10_000)) < 0.2
    assert keyness(3, 1000, 0, 20_000) > keyness(3, 100_000, 0, 20_000)


def test_the_table_of_others_is_what_the_command_makes() -> None:
    assert count_background(corpus_texts()) == load_background()


@pytest.mark.parametrize(
    "piece", ["a b c ", "blue door ", "The blue door. ", "\u0335", "(-", "\n", "x" * 999, "\U0001f40b "]
)
def test_four_times_the_text_is_at_most_five_times_the_work(piece: str) -> None:
    few, many = (written([[piece * (times * 1_000 // len(piece) + 1)]] * 2, every=SESSION) for times in (1, 4))
    find_motifs(many, windows())
    assert calls(lambda: find_motifs(many, windows())) < 5 * calls(lambda: find_motifs(few, windows()))


def test_a_chain_of_one_image_is_not_one_long_wording() -> None:
    chain = "the lighthouse keeper " * 100
    found = find_motifs(written([[chain]] * 4, every=SESSION), windows())
    assert max(len(wording) for motif in found for wording in motif.wordings) <= 120
