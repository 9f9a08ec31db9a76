"""Sentences that people may be shown, kept so that they can be said in another language at the edge.

A sentence is an ordinary English `str`, for logs and for code that knows no language; it remembers the template that
it was made of, which is what the catalogs in `translations/` are keyed by.
"""

from typing import Any, Self


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
