"""What the pipeline made of a text, told line by line for whoever tends the lexicon."""

from collections.abc import Iterator

from nlp.findings import DocumentKind
from nlp.tagger import LexiconTagger
from nlp.theme_finder import SPANS, STREAM


def explain_text(tagger: LexiconTagger, text: str, kind: DocumentKind) -> Iterator[str]:
    """Give the sentences as words, then each mention with its line, score and the context rule that decided."""
    doc = tagger.read(text, kind)
    stream = doc.user_data[STREAM]
    for start, end in stream.sentences:
        yield "words   " + " ".join(stream.words[start:end])
    group = doc.spans[SPANS]
    for span, found, decided in zip(group, group.attrs["found"], group.attrs["decided"], strict=True):
        yield (
            f"{found.line.theme:22} {decided.assertion.value:13} {found.score:.2f}"
            f" [{span.start_char}:{span.end_char}] {span.text!r}"
            f"  <- {found.line.strength}: {found.line.written}{decided.because}"
        )
    if not group:
        yield "nothing found"
