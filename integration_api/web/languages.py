"""The languages that people are spoken to in, and which of them a request asks for."""

from flask import request

LANGUAGES = ("en", "es")
DEFAULT = "en"


def language() -> str:
    """Give the language to answer in: the best of ours after `Accept-Language`, English where none of them is asked."""
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT
