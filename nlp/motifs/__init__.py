"""Motifs: a patient's own recurring images and phrases, without any taxonomy, each with its passages.

Pure functions over plain values; docs/motifs.md tells rules, formulas and limits. Keyness after Monroe, Colaresi and
Quinn (Political Analysis 16, 2008, 372).
"""

from nlp.motifs.background import Background, load_background
from nlp.motifs.finding import (
    Motif,
    MotifDocument,
    Passage,
    ReadDocument,
    Standing,
    find_motifs,
    may_have_motifs,
    motifs_in,
    standing_motifs,
)
from nlp.motifs.tables import Reading, Vocabulary, read_document

__all__ = [
    "Background",
    "Motif",
    "MotifDocument",
    "Passage",
    "ReadDocument",
    "Reading",
    "Standing",
    "Vocabulary",
    "find_motifs",
    "load_background",
    "may_have_motifs",
    "motifs_in",
    "read_document",
    "standing_motifs",
]
