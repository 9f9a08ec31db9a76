"""What the pipeline made of a text, told line by line for whoever tends the lexicon."""

from collections.abc import Iterator

from spacy import displacy

from nlp.findings import DocumentKind
from nlp.languages import ENGLISH
from nlp.tagger import LexiconTagger
from nlp.taxonomy import load_taxonomy
from nlp.theme_finder import SPANS
from nlp.words import stream_of

COLORS = ("#8ecae6", "#ffb703", "#f4978e", "#b5e48c", "#cdb4db", "#e9c46a", "#ff6b6b")


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


def explain_html(tagger: LexiconTagger, text: str, kind: DocumentKind) -> str:
    """Give a page with the text and its themes marked, by displaCy; colours by facet."""
    taxonomy = load_taxonomy()
    facets = list(taxonomy.facets)
    colors = {name: COLORS[facets.index(theme.facet) % len(COLORS)] for name, theme in taxonomy.themes.items()}
    doc = tagger.read(text, kind)
    return str(displacy.render(doc, style="span", page=True, options={"spans_key": SPANS, "colors": colors}))
