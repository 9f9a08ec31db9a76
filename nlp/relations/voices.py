"""Across voices: what journal and notes both speak of, and what one side names that the other has not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from nlp.findings import DocumentKind
from nlp.recurrence import Exposure, Sighting, Writing, bunching_of, exposure_of, strongest, windows_of

WORDS_NEEDED = 50  # of each voice; below, its silence says nothing
EVIDENCE = 3  # of each voice


class NamedBy(StrEnum):
    """Who speaks of a theme."""

    BOTH = "both"
    JOURNAL = "journal"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Voice:
    """A theme in one voice, or (as a whole) what a voice has written."""

    documents: int
    mentions: int
    words: int


@dataclass(frozen=True, slots=True)
class VoicedTheme:
    """A theme in both voices, or in one only.

    `chance_of_silence`, where one is silent: how probable that is if both spoke of the theme equally often, given how
    much each has written. None where both speak of it.
    """

    theme: str
    named_by: NamedBy
    journal: Voice
    note: Voice
    chance_of_silence: float | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AcrossVoices:
    """What each voice has written, and the themes: what both name first, then what only the journal, only notes do."""

    journal: Voice
    note: Voice
    themes: tuple[VoicedTheme, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Tell whether both voices have written enough to be set beside each other."""
        return min(self.journal.words, self.note.words) >= WORDS_NEEDED


def across_voices(writings: Iterable[Writing], sightings: Iterable[Sighting]) -> AcrossVoices:
    """Set the themes of journal and notes beside each other. No themes where one of them has hardly any words."""
    writings = list(writings)
    by_theme: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        by_theme[sighting.theme].append(sighting)
    everything = [sighting for seen in by_theme.values() for sighting in seen]
    whole = AcrossVoices(_whole("journal", writings, everything), _whole("note", writings, everything))
    if not whole.is_enough:
        return whole
    exposure = exposure_of(windows_of([]), writings)
    words: Mapping[DocumentKind, int] = {"journal": whole.journal.words, "note": whole.note.words}
    themes = [_voiced(theme, seen, exposure, words) for theme, seen in by_theme.items()]
    return AcrossVoices(whole.journal, whole.note, tuple(sorted(themes, key=_prominence)))


def _whole(voice: str, writings: Iterable[Writing], sightings: Iterable[Sighting]) -> Voice:
    written = [each for each in writings if each.source == voice]
    mentions = sum(each.source == voice for each in sightings)
    return Voice(len(written), mentions, sum(each.words for each in written))


def _voiced(theme: str, seen: list[Sighting], exposure: Exposure, words: Mapping[DocumentKind, int]) -> VoicedTheme:
    said: dict[DocumentKind, list[Sighting]] = {
        voice: [each for each in seen if each.source == voice] for voice in words
    }
    journal, note = (
        Voice(len({each.document_id for each in own}), len(own), words[voice]) for voice, own in said.items()
    )
    named_by = NamedBy.BOTH if journal.mentions and note.mentions else NamedBy(seen[0].source)
    chance = None
    if named_by is not NamedBy.BOTH:
        # Each independent occasion falls on the speaking side by its share of the words.
        share = (journal if journal.mentions else note).words / sum(words.values())
        chance = share ** (len(seen) / bunching_of(exposure, seen))
    evidence = tuple(each.mention_id for own in said.values() for each in strongest(own, EVIDENCE))
    return VoicedTheme(theme, named_by, journal, note, chance, evidence)


def _prominence(found: VoicedTheme) -> tuple[int, float, int, str]:
    order = list(NamedBy).index(found.named_by)
    chance = found.chance_of_silence if found.chance_of_silence is not None else 0.0
    return order, chance, -(found.journal.mentions + found.note.mentions), found.theme
