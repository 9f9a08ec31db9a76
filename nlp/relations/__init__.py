"""How themes stand to one another, to the dose and to who wrote: description, with its numbers and its words.

Pure functions over plain values; docs/patterns.md tells rules, minima and limits. Methods, all written anew:
- Fisher's exact test (1935) in strata, each place weighed by the odds that its length gives it: conditional Poisson
  sampling, Chen, Dempster and Liu (Biometrika 81, 1994). Half the chance of what was seen: Lancaster (JASA 56, 1961).
- A theme after another against all orders of the windows (permutation test: Fisher 1935), counted exactly by runs, as
  in Wald and Wolfowitz (Annals of Mathematical Statistics 11, 1940).
- Many questions at once: the false discovery rate, Benjamini and Hochberg (JRSS B 57, 1995).
- Rates and intervals as in `nlp.recurrence`.
"""

from nlp.relations.dosing import AroundDose, Band, ByDose, ByRoute, Dosing, Since, SinceDosing, around_dose, stretch_of
from nlp.relations.groups import Feeling, Group, Mood, MoodSummary, ShownTheme, ThemeRate
from nlp.relations.pairs import Pair, Together, together
from nlp.relations.turns import InTurn, Turn, in_turn
from nlp.relations.voices import AcrossVoices, NamedBy, Voice, VoicedTheme, across_voices

__all__ = [
    "AcrossVoices",
    "AroundDose",
    "Band",
    "ByDose",
    "ByRoute",
    "Dosing",
    "Feeling",
    "Group",
    "InTurn",
    "Mood",
    "MoodSummary",
    "NamedBy",
    "Pair",
    "ShownTheme",
    "Since",
    "SinceDosing",
    "ThemeRate",
    "Together",
    "Turn",
    "Voice",
    "VoicedTheme",
    "across_voices",
    "around_dose",
    "in_turn",
    "stretch_of",
    "together",
]
