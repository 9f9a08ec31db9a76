"""Where later writing comes back to what was said, and where it only uses the same everyday words."""

import pytest

from nlp.echoes import Later, find_echoes

pytestmark = pytest.mark.database_free

SAID = [
    ("Call my sister on Sundays.", (), "Finally called my sister. We both cried.", "Finally called my sister."),
    ("Call my sister on Sundays.", (), "I keep not calling her, my sister I mean.", "I keep not calling her"),
    ("Walk by the river before work.", (), "The river was high, walked it twice.", "The river was high"),
    ("No whisky on weekdays.", (), "Two whiskies on a weekday. There it is.", "Two whiskies"),
    ("Finish the letter to Dad.", (), "THE LETTER is done & posted, dad!!", "THE LETTER"),
    ("Meet my father without running away.", ("family",), "Dad rang. My father, of all people.", "My father"),
    ("Take up pottery again.", (), "Hands in clay, pottery again after nine years 🏺", "Hands in clay"),
]
NOT_SAID = [
    ("Call my sister on Sundays.", "On Sunday it rained and I stayed in bed."),
    ("Call my sister on Sundays.", "Work called about the rota."),
    ("Walk by the river before work.", "I walked home from work."),
    ("Go to bed before eleven.", "It was a good day and I had things to do."),
    ("Write three pages a morning.", "Started the new tablets."),
    ("Tell her the truth.", "She told me about her holiday."),
]


@pytest.mark.parametrize(("said", "themes", "text", "found"), SAID)
def test_what_comes_back_is_found_with_its_place(said: str, themes: tuple[str, ...], text: str, found: str) -> None:
    places = [(theme, text.index("father"), len(text)) for theme in themes]
    echoes = find_echoes(said, themes, [Later("d", text, places)])
    assert [text[each.start : each.end] for each in echoes if text[each.start : each.end].startswith(found)]


@pytest.mark.parametrize(("said", "text"), NOT_SAID)
def test_everyday_words_alone_are_no_echo(said: str, text: str) -> None:
    assert find_echoes(said, (), [Later("d", text)]) == []


def test_what_says_nothing_is_echoed_by_nothing() -> None:
    assert find_echoes("To be more. 🌊", (), [Later("d", "To be more, and more 🌊.")]) == []
    assert find_echoes("Call my sister.", (), [Later("d", "")]) == []
