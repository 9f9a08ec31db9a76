"""Sentences that people may be shown, kept so that they can be said in another language at the edge; and what reads.

A sentence is an ordinary English `str`, for logs and for code that knows no language; it remembers the template that
it was made of, which is what the catalogs in `translations/` are keyed by.
"""

import re
from typing import Any, Self

# Nobody sees these, so they are no words by themselves: controls that are no white space, soft hyphens, marks of
# direction, joiners, fillers (Unicode's default ignorable code points), and the Braille pattern without a dot.
UNSEEN = (
    "\\x80-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e"
    "\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb"
)
_UNSEEN_BEYOND = "\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff"
_SEEN = re.compile(f"[^\\s\\x00-\\x1f\\x7f{UNSEEN}{_UNSEEN_BEYOND}]")


def has_words(text: str) -> bool:
    """Tell whether there is anything to read: white space and what nobody sees are no name and no words."""
    return _SEEN.search(text) is not None


class Sentence(str):
    """An English sentence with `{named}` values: `Sentence("Try again in {seconds} s.", seconds=3)`."""

    __slots__ = ("many", "template", "values")
    template: str
    many: str | None
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Self:
        """Say it in English."""
        return cls._make(template, template, None, values)

    @classmethod
    def counted(cls, one: str, many: str, n: int, **values: Any) -> Self:
        """Choose between two templates by a number, which both may name as `{n}`."""
        return cls._make(one if n == 1 else many, one, many, {**values, "n": n})

    @classmethod
    def _make(cls, shown: str, template: str, many: str | None, values: dict[str, Any]) -> Self:
        made = super().__new__(cls, shown.format(**values) if values else shown)
        made.template, made.many, made.values = template, many, values
        return made
