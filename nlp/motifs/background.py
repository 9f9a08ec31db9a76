"""How often others write a word or a pair of words: the table beside this file, counted in the project's own corpus.

`python -m nlp motif-background` writes it anew. The demo clinic and the writers who are kept for measuring
(`writers_*`, `independent_*`) are left out of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nlp.corpus_files import FOLDER, read_corpus
from nlp.motifs.candidates import Key, count

TABLE = Path(__file__).with_name("background.tsv")
COUNTED = ("train_*.txt", "single_sentences*.txt")
KEPT_PAIR = 2  # pairs met once are nearly all the pairs there are, and say next to nothing


@dataclass(frozen=True, slots=True)
class Background:
    """Counts of forms and pairs in other people's text of `words` content words, and how often forms were nouns."""

    words: int
    counts: Mapping[Key, int]
    nouns: Mapping[str, int]

    def often(self, key: Key) -> int:
        """Tell how often others write it."""
        return self.counts.get(key, 0)


def count_background(texts: Iterable[str]) -> Background:
    """Count a background in texts. What it keeps is counts, no text."""
    counted = count(texts)
    counts = {key: counted.often(key) for key in counted.places}
    kept = {key: number for key, number in counts.items() if len(key) == 1 or number >= KEPT_PAIR}
    return Background(counted.words, kept, {form: number for form, number in counted.nouns.items() if number})


def corpus_texts() -> list[str]:
    """Give the texts of the project's corpus that the table is counted in."""
    paths = sorted(path for pattern in COUNTED for path in FOLDER.glob(pattern))
    return [document.text for path in paths for document in read_corpus(path)]


def write_background(background: Background, path: Path = TABLE) -> None:
    """Write a table: its size, then a form or pair, its count, and how often it stood as a noun, a line."""
    lines = [f"\t{background.words}\t0"]
    for key, number in sorted(background.counts.items()):
        nouns = background.nouns.get(key[0], 0) if len(key) == 1 else 0
        lines.append(f"{' '.join(key)}\t{number}\t{nouns}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_background(path: Path = TABLE) -> Background:
    """Read a table."""
    words, counts, nouns = 0, {}, {}
    for line in path.read_text(encoding="utf-8").splitlines():
        written, number, as_noun = line.split("\t")
        key = tuple(written.split())
        if not key:
            words = int(number)
            continue
        counts[key] = int(number)
        if int(as_noun):
            nouns[key[0]] = int(as_noun)
    return Background(words, counts, nouns)


@cache
def load_background() -> Background:
    """Give the table that comes with the project, read once per interpreter."""
    return read_background()
