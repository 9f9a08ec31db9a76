"""The pipeline's last component: what was found, as spaCy's own span group with plain attributes.

`doc.spans["themes"]` holds a span a mention, labelled with its theme; each span has the extensions `assertion`,
`score`, `source`, `severity` and `because`. Group and attributes survive `to_bytes`, `DocBin` and several processes.
"""

from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from nlp.context import DECIDED, Decided
from nlp.findings import Source
from nlp.learned.second_reading import TOLD
from nlp.learned.theme_model import SCORES
from nlp.severity import GRADES, Grade
from nlp.theme_finder import BARRED, FOUND, SPANS, STREAM, Found

ATTRIBUTES = ("assertion", "score", "source", "severity", "because")


def attribute(name: str) -> Any:
    """Make the getter of a span's extension: its entry in the group's list, None for spans of no mention."""

    def get(span: Span) -> Any:
        group = span.doc.spans.get(SPANS)
        place = (span.start, span.end, span.label)
        if group is not None:
            for n, other in enumerate(group):
                if (other.start, other.end, other.label) == place:
                    return group.attrs[name][n]
        return None

    return get


for _name in ATTRIBUTES:
    Span.set_extension(_name, getter=attribute(_name), force=True)


def _because(found: Found, decided: Decided, grade: Grade | None) -> str:
    graded = f"; {grade.level} by {grade.written!r}" if grade else ""
    return f"{found.strength}: {found.written}{decided.because}{graded}"


@Language.component("mentions")
def set_mentions(doc: Doc) -> Doc:
    """Write the span group, and clear away what the components before left for one another."""
    stream = doc.user_data.pop(STREAM)
    found, decided = doc.user_data.pop(FOUND), doc.user_data.pop(DECIDED)
    grades = doc.user_data.pop(GRADES)
    for left in (SCORES, TOLD, BARRED):
        doc.user_data.pop(left, None)
    doc.spans[SPANS] = [
        Span(doc, stream.tokens[one.start], stream.tokens[one.end - 1] + 1, label=one.theme) for one in found
    ]
    doc.spans[SPANS].attrs.update(
        {
            "assertion": [each.assertion.value for each in decided],
            "score": [round(one.score, 4) for one in found],
            "source": [(Source.LEXICON if one.line else Source.MODEL).value for one in found],
            "severity": [grade.level if grade else None for grade in grades],
            "because": [_because(*each) for each in zip(found, decided, grades, strict=True)],
        }
    )
    return doc
