"""The trained part of the tagger: what a sentence speaks of where no line of the lexicon says so."""
