"""What clinicians said of mentions, turned into labelled sentences that `evaluate` reads and training can use."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nlp.findings import DocumentKind
from nlp.sentences import sentences_in


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
    for number, (start, end) in enumerate(sentences_in(text)):
        within = [each for each in judged if start <= (each.start + each.end - 1) // 2 < end]
        if not within or any(each.is_right is None for each in within):
            continue
        themes = {each.theme: each.assertion for each in within if each.is_right}
        rejected = sorted({each.theme for each in within} - themes.keys())
        sentence = {"start": 0, "end": end - start, "themes": themes, "rejected": rejected}
        example = {"id": f"{name}-{number}", "kind": kind, "text": text[start:end], "sentences": [sentence]}
        yield json.dumps(example, ensure_ascii=False)
