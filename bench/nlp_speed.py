"""How fast the tagger is, beside spaCy's bare tokenizer on the same text in the same run: ratios, not promises."""

import json
import resource
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tomllib import loads

import spacy

from nlp.lexicon_files import load_lexicon
from nlp.patterns import OneOf
from nlp.tagger import LexiconTagger, load_pipeline, pipeline_version

CLINIC = Path(__file__).parent.parent / "integration_api" / "demo" / "clinic"
MEDSPACY = Path(__file__).parent / ".medspacy" / "bin" / "python"
REPEATS = 5


def texts() -> list[str]:
    """Give the demo clinic's entries and notes, several times over."""
    stories = (loads(path.read_text("utf-8")) for path in sorted(CLINIC.glob("*.toml")))
    return [each["text"] for story in stories for kind in ("entries", "notes") for each in story.get(kind, ())] * 5


def best(work: Callable[[], object]) -> float:
    """Time the fastest of a few runs, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def drain(found: Iterable[object]) -> int:
    """Use everything up."""
    return sum(1 for _ in found)


def phrases() -> list[str]:
    """Give each lexicon line as one plain phrase: the first word of every place."""
    lines = (line for line in load_lexicon().lines if line.strength != "never")
    places = ([min(each.alternatives) for each in line.elements if isinstance(each, OneOf)] for line in lines)
    return [" ".join(word for words in place for word in words) for place in places]


def medspacy_seconds(given: list[str]) -> dict[str, float] | None:
    """Time medSpaCy on the same texts, in its own virtual environment; None where there is none (see the Makefile)."""
    if not MEDSPACY.exists():
        return None
    side = Path(__file__).with_name("medspacy_side.py")
    asked = json.dumps({"texts": given, "phrases": phrases()})
    done = subprocess.run([MEDSPACY, side], input=asked, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print words a second, and how they compare."""
    start = time.perf_counter()
    tagger = LexiconTagger(load_pipeline(), pipeline_version())
    tagger.tag("Warm.", "journal")
    loaded = time.perf_counter() - start
    given = texts()
    words = sum(analysis.words for analysis in tagger.tag_many((text, "journal") for text in given))
    entry = " ".join(" ".join(given).split()[:200])
    whole = best(lambda: drain(tagger.tag_many((text, "journal") for text in given)))
    tokenizer = spacy.blank("en")
    bare = best(lambda: drain(tokenizer.pipe(given)))
    one = best(lambda: [tagger.tag(entry, "journal") for _ in range(20)]) / 20
    print(f"{len(given)} documents, {words} words, one process")
    print(f"whole pipeline         {words / whole:10,.0f} words a second")
    print(f"bare tokenizer         {words / bare:10,.0f} words a second: {whole / bare:.1f} times as fast")
    if other := medspacy_seconds(given[: len(given) // 5]):
        ours = words / whole * other["seconds"] / other["words"]
        theirs = other["words"] / other["seconds"]
        print(f"medSpaCy with ConText  {theirs:10,.0f} words a second: we are {ours:.0f} times as fast")
    else:
        print("medSpaCy               not set up here; `make bench` does it")
    print(f"an entry of 200 words  {one * 1000:10.2f} ms")
    print(f"load                   {loaded:10.2f} s")
    print(f"largest resident size  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:10.0f} MB")


if __name__ == "__main__":
    main()
