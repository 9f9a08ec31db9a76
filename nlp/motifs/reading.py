"""A text into its content words: each with its base form, its place, and whether it stands as a noun or as a name."""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from spacy.lang.en.stop_words import STOP_WORDS
from spacy.language import Language

from nlp.lexicon_files import load_lexicon
from nlp.motifs.lemmas import is_verbal, lemma
from nlp.norms import Norms
from nlp.spelling import load_spelling
from nlp.words import blank_pipeline, tokenizable

SHORTEST = 3
REMEMBERED = 50_000
REACH, FAR = 2, 9  # how many tokens a determiner looks ahead; further than that
STOPS = frozenset(".!?;:…()[]{}\u2014\u2013")  # no phrase runs across them
DETERMINERS = frozenset(
    ("the", "a", "an", "my", "your", "his", "its", "our", "their", "these", "those", "each", "every", "another")
)
# Words that carry no image. Most are verbs and adverbs of everyday use that spaCy's list of stop words has not.
LIGHT = frozenset(
    """
    able actually afternoon ago ask away bad bit change close come day different difficult end especially even evening
    fact feel feeling felt few find fine finally friday get give gonna good great guess happen hard hear help high hope
    hour idea instead just keep kind know last lately later left less let like little long look lot low maybe mean
    minute moment monday month morning near need new nice night ok okay old people person place point probably put quite
    real really right saturday say second sense set short small somebody someone something sometimes somewhere sort
    start stay still stop stuff sunday suddenly sure talk tell thank thing think thought thursday time today tomorrow
    tonight tuesday try turn use usual wait want way wednesday week weekend wish word work write year yes yesterday
    yeah young big best better whole able half away today well thank ones nothing anything everything nobody everybody
    speak report deny describe mention note discuss agree plan remember notice seem
    session sessions ketamine dose dosing journal entry therapist therapy clinic treatment patient client medicine
    pt mg bpm min mins
    """.split()  # noqa: SIM905 -- a list would have two hundred lines
)
EMPTY = STOP_WORDS | LIGHT


class Word(NamedTuple):
    """A content word where it stands. `stretch` counts the stretches between full stops; offsets are code points."""

    lemma: str
    place: int
    stretch: int
    start: int
    end: int
    is_noun: bool
    is_name: bool


@cache
def _tokens() -> Language:
    return blank_pipeline()


@cache
def _norms() -> Norms:
    return Norms(load_spelling(load_lexicon().vocabulary()))


@lru_cache(REMEMBERED)
def _content(norm: str) -> str | None:
    """Give the base form of a word that carries meaning; None for any other."""
    if not norm.isalpha() or len(norm) < SHORTEST or norm in EMPTY:
        return None
    base = lemma(norm)
    return None if base in EMPTY else base


def read_words(text: str) -> Iterator[Word]:
    """Read the content words off a text in their order; raise ValueError where it holds a lone surrogate.

    A word is taken for a noun where a determiner leads up to it, with at most one content word between, and it is the
    last before a verb or before a word without content. It is taken for a name where it has a capital letter with
    neither a full stop nor a determiner before it. There is no parser here: both are counted over a whole text, where
    a few errors do no harm.
    """
    doc = _tokens()(tokenizable(text))
    waiting: Word | None = None
    stretch, since, is_first = 0, FAR, True
    for token, norm in zip(doc, _norms().of(doc), strict=True):
        typed, base = token.text, _content(norm)
        is_end = typed[0] in STOPS or "\n" in typed
        if waiting is not None:
            goes_on = base is not None and not is_verbal(norm)
            yield waiting._replace(is_noun=False) if goes_on else waiting
            waiting = None
        since = FAR if is_end else 0 if norm in DETERMINERS else since + 1
        if base is not None:
            is_name = typed[0].isupper() and not is_first and since > REACH and not typed.isupper()
            is_noun = since <= REACH and not (is_verbal(norm) and since > 1)
            waiting = Word(base, token.i, stretch, token.idx, token.idx + len(typed), is_noun, is_name)
        stretch += is_end
        is_first = is_end or (is_first and not typed[0].isalnum())
    if waiting is not None:
        yield waiting
