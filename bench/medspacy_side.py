"""The other side of the comparison: medSpaCy with as many target rules and ConText, on the same texts.

Runs in a virtual environment of its own (medSpaCy 1.3 wants spaCy 3.7 and numpy 1.26), reads a JSON object with `texts`
and `phrases` from standard input and prints one with `seconds` and `words`. Its debug log is switched off.
"""

import json
import sys
import time

from loguru import logger

logger.remove()

import medspacy  # noqa: E402 -- the log is to be off before it is set up
from medspacy.target_matcher import TargetRule  # noqa: E402

given = json.load(sys.stdin)
nlp = medspacy.load()
logger.remove()
nlp.get_pipe("medspacy_target_matcher").add([TargetRule(phrase, "THEME") for phrase in given["phrases"]])
for text in given["texts"][:3]:
    nlp(text)
start = time.perf_counter()
words = sum(sum(any(c.isalnum() for c in token.text) for token in nlp(text)) for text in given["texts"])
print(json.dumps({"seconds": time.perf_counter() - start, "words": words, "pipes": nlp.pipe_names}))
