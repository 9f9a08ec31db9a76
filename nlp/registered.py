"""Everything that spaCy must know of before it can read this package's pipelines: importing it is enough.

An installed project is found through its entry points; `spacy train` takes this file as `--code`.
"""

from nlp import combiner, context, languages, mentions, normaliser, sentences, severity, theme_finder, words
from nlp.learned import architecture, corpus_reader, fine_tuned, second_reading, theme_model

__all__ = [
    "architecture",
    "combiner",
    "context",
    "corpus_reader",
    "fine_tuned",
    "languages",
    "mentions",
    "normaliser",
    "second_reading",
    "sentences",
    "severity",
    "theme_finder",
    "theme_model",
    "words",
]
