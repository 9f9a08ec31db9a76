"""What clinicians said of mentions, turned into labelled sentences that `evaluate` reads and training can use."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from spacy.language import Language

from nlp.findings import DocumentKind
from nlp.tagger import load_pipeline
from nlp.words import tokenizable


@dataclass(frozen=True, slots=True)
class Judgement:
    """A mention in a document, and what a clinician made of it: True, False, or None where nobody has looked."""

    theme: str
    start: int
    end: int
    assertion: str
    is_right: bool | None


def review_examples(name: str, kind: DocumentKind, text: str, judgements: Iterable[Judgement]) -> Iterator[str]:
    """Give a JSON line for each sentence in which every mention has been judged, and at least one.

    The form is that of labelled documents, one sentence each: `themes` are those that were confirmed or put right,
    `rejected` those that were not there. Sentences with a mention that nobody has judged say too little to learn from.
    """
    judged = list(judgements)
    for number, (start, end) in enumerate(_sentences(text)):
        within = [each for each in judged if start <= (each.start + each.end - 1) // 2 < end]
        if not within or any(each.is_right is None for each in within):
            continue
        themes = {each.theme: each.assertion for each in within if each.is_right}
        rejected = sorted({each.theme for each in within} - themes.keys())
        sentence = {"start": 0, "end": end - start, "themes": themes, "rejected": rejected}
        example = {"id": f"{name}-{number}", "kind": kind, "text": text[start:end], "sentences": [sentence]}
        yield json.dumps(example, ensure_ascii=False)


@cache
def _pipeline() -> Language:
    return load_pipeline()


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    nlp = _pipeline()
    doc = nlp.make_doc(tokenizable(text))
    for sentence in nlp.get_pipe("sentences")(doc).sents:
        words = text[sentence.start_char : sentence.end_char]
        if words.strip():
            start = sentence.start_char + len(words) - len(words.lstrip())
            yield start, start + len(words.strip())
