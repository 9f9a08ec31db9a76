"""What the pipeline made of a text, told line by line for whoever tends the lexicon."""

from collections.abc import Iterator

from nlp.findings import DocumentKind
from nlp.languages import ENGLISH
from nlp.tagger import LexiconTagger
from nlp.theme_finder import SPANS
from nlp.words import stream_of


def explain_text(tagger: LexiconTagger, text: str, kind: DocumentKind) -> Iterator[str]:
    """Give the sentences as words, then each mention with its line, score and the context rule that decided."""
    doc = tagger.read(text, kind)
    if doc._.language != ENGLISH:
        yield f"language {doc._.language}: not tagged"
        return
    stream = stream_of(doc)
    for start, end in stream.sentences:
        yield "words   " + " ".join(stream.words[start:end])
    group = doc.spans[SPANS]
    for span in group:
        found = span._
        yield (
            f"{span.label_:22} {found.assertion:13} {found.score:.2f} {found.source:8}{found.severity or ''}"
            f" [{span.start_char}:{span.end_char}] {span.text!r}  <- {found.because}"
        )
    if not group:
        yield "nothing found"
