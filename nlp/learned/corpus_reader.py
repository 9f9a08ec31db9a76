"""Labelled documents as spaCy's training wants them."""

from collections.abc import Callable, Iterator, Sequence

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry

from nlp.corpus_files import FOLDER, read_corpus, writer_of
from nlp.documents import Document
from nlp.findings import Assertion
from nlp.learned.labels import LABELS, SOFT_LABELS, TAUGHT
from nlp.learned.soft_labels import SoftLabels, load_soft_labels
from nlp.theme_finder import STREAM
from nlp.words import tokenizable

BEFORE_LEARNING = ("normaliser", "languages", "sentences", "theme_finder")


@registry.readers("integration_journal.Corpus.v1")
def corpus(
    files: Sequence[str],
    leave_out: Sequence[str] = (),
    is_taught: bool = True,  # noqa: FBT001, FBT002 -- a setting
) -> Callable[[Language], Iterator[Example]]:
    """Read the documents of corpus files (patterns of names in nlp/corpus/), but for those of some writers.

    is_taught: lay beside their labels what the teacher makes of them.
    """
    kept: list[Example] = []

    def read(nlp: Language) -> Iterator[Example]:
        if not kept:
            found = [each for pattern in files for path in sorted(FOLDER.glob(pattern)) for each in read_corpus(path)]
            kept.extend(example(nlp, each) for each in found if writer_of(each) not in leave_out)
            if is_taught:
                teach_examples(kept, load_soft_labels())
        yield from kept

    return read


def teach_examples(examples: Sequence[Example], soft_labels: SoftLabels) -> None:
    """Lay beside labels what the teacher makes of the same sentences, where it knows these."""
    if soft_labels.columns != TAUGHT:
        raise ValueError("the soft labels are of other themes: python -m nlp teach")
    for known in (each.predicted for each in examples):
        known.user_data[SOFT_LABELS] = soft_labels.of(list(sentence_texts(known)))


def sentence_texts(doc: Doc) -> Iterator[str]:
    """Give the sentences of a document that the theme finder has seen, as they are written."""
    stream = doc.user_data[STREAM]
    for start, end in stream.sentences:
        yield doc[stream.tokens[start] : stream.tokens[end - 1] + 1].text


def example(nlp: Language, document: Document) -> Example:
    """Let the untrained components read a document, and lay its labels on the sentences that they see."""
    doc = nlp.make_doc(tokenizable(document.text))
    for name in BEFORE_LEARNING:
        doc = nlp.get_pipe(name)(doc)
    doc.user_data[LABELS] = list(labels_of(doc, document))
    return Example(doc, nlp.make_doc(doc.text))


def labels_of(doc: Doc, document: Document) -> Iterator[dict[str, Assertion]]:
    """Give the themes of each sentence of the stream: those of the labelled sentence that holds its middle."""
    stream = doc.user_data[STREAM]
    for start, end in stream.sentences:
        first, last = doc[stream.tokens[start]], doc[stream.tokens[end - 1]]
        middle = (first.idx + last.idx + len(last) - 1) // 2
        yield next((each.themes for each in document.sentences if each.start <= middle < each.end), {})
