"""/oauth/authorize: what a client may ask for, what the user sees, and what goes back."""

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integration_api.access.policy import Resource
from integration_api.oauth.clients import BadClient
from integration_api.oauth.wording import in_words

pytestmark = pytest.mark.one_database

ISSUER, REDIRECT = "http://localhost", "http://127.0.0.1:9999/back"


class TestAsking:
    def test_the_page_names_the_client_and_says_in_plain_words_what_it_asks_for(self, oauth: Any) -> None:
        page = oauth.browser().get(oauth.attempt(scope="patient/Note.rs patient/JournalEntry.c offline_access").path)
        assert page.status_code == 200
        for words in ("Journal on a telephone", "maya", "See and search: notes", "Add: journal entries", "Stay conn"):
            assert words in page.text
        assert "<script" not in page.text
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self' http://127.0.0.1:9999" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("aud", ["http://localhost", "http://localhost/v1", "http://localhost/fhir"])
    def test_smart_clients_say_whom_the_token_is_for(self, oauth: Any, aud: str) -> None:
        assert oauth.browser().get(oauth.attempt(more={"aud": aud}).path).status_code == 200
        assert oauth.browser().head(oauth.attempt(more={"aud": aud}).path).status_code == 200

    def test_a_clients_name_is_text_and_not_markup(self, oauth: Any) -> None:
        client_id = oauth.register("<script>alert(1)</script>", redirect_uris=(REDIRECT,))
        page = oauth.browser().get(oauth.attempt(client_id=client_id).path)
        assert "<script" not in page.text

    def test_nobody_signed_in_is_sent_to_sign_in_and_back(self, oauth: Any) -> None:
        attempt = oauth.attempt(state="a&b=c")
        answer = oauth.browser(None).get(attempt.path)
        assert answer.status_code == 303
        assert urlsplit(answer.location).path == "/oauth/login"
        assert urlsplit(answer.location).netloc == ""
        assert parse_qs(urlsplit(answer.location).query)["next"] == [attempt.path]

    def test_who_finds_another_signed_in_is_led_to_sign_in_and_back(self, oauth: Any) -> None:
        """On a tablet that people share the one before may still be signed in: Allow would give away their journal."""
        browser, attempt = oauth.browser("maya"), oauth.attempt(state="a&b=c")
        page = browser.get(attempt.path)
        link = html.unescape(re.findall(r'<a href="([^"]+)"', page.text)[0])
        form = browser.get(link)
        assert 'name="password"' in form.text
        assert f'name="next" value="{html.escape(attempt.path)}"' in form.text

    @pytest.mark.parametrize("user_id", ["", "nonsense", "0192d3b2-0000-7000-8000-000000000000", "\x00", 5, None])
    def test_a_session_of_nobody_is_no_session(self, oauth: Any, user_id: Any) -> None:
        browser = oauth.browser(None)
        with browser.session_transaction() as session:
            session["user_id"] = user_id
        assert "/oauth/login" in browser.get(oauth.attempt().path).location

    def test_a_system_account_signs_in_nowhere(self, oauth: Any) -> None:
        assert "/oauth/login" in oauth.browser("ehr").get(oauth.attempt().path).location


class TestDeciding:
    def test_allowed_gives_a_code_the_state_and_our_name(self, oauth: Any) -> None:
        back = oauth.decide(oauth.attempt(state="ä b&c"))
        assert back.keys() == {"code", "state", "iss"}
        assert (back["state"], back["iss"]) == ("ä b&c", ISSUER)

    def test_denied_gives_none(self, oauth: Any) -> None:
        back = oauth.decide(oauth.attempt(), decision="deny")
        assert (back["error"], back["state"], back["iss"]) == ("access_denied", "s-1", ISSUER)
        assert "code" not in back

    @pytest.mark.parametrize("csrf", [None, "", "guessed", "ä"])
    def test_a_form_that_is_not_ours_is_refused(self, oauth: Any, csrf: str | None) -> None:
        browser, attempt = oauth.browser(), oauth.attempt()
        for _ in range(2):  # before the page was seen, and after
            answer = browser.post(attempt.path, data={"decision": "allow"} | ({} if csrf is None else {"csrf": csrf}))
            assert (answer.status_code, "Please begin again" in answer.text) == (400, True)
            back = browser.get(html.unescape(re.findall(r'<a href="([^"]+)"', answer.text)[0]))
            assert f'name="next" value="{html.escape(attempt.path)}"' in back.text
            browser.get(attempt.path)

    def test_anothers_form_is_refused(self, oauth: Any) -> None:
        csrf = oauth.csrf_in(oauth.browser("tom").get(oauth.attempt().path))
        browser, attempt = oauth.browser(), oauth.attempt()
        browser.get(attempt.path)
        assert browser.post(attempt.path, data={"csrf": csrf, "decision": "allow"}).status_code == 400

    def test_what_is_posted_is_checked_as_what_is_asked(self, oauth: Any) -> None:
        browser = oauth.browser()
        csrf = oauth.csrf_in(browser.get(oauth.attempt().path))
        wrong = oauth.attempt(more={"redirect_uri": "https://evil.example/"})
        assert browser.post(wrong.path, data={"csrf": csrf, "decision": "allow"}).status_code == 400


class TestRedirects:
    """An address that is not the client's own is never redirected to."""

    @pytest.mark.parametrize(
        "address",
        [
            None, "", REDIRECT + "/", REDIRECT + "?a=1", REDIRECT.upper(), "http://127.0.0.1:9998/back",
            "https://evil.example/", "http://127.0.0.1:9999@evil.example/back", "javascript:alert(1)", '"\\', "\x00",
        ],
    )  # fmt: skip
    def test_another_address(self, oauth: Any, address: str | None) -> None:
        answer = oauth.browser().get(oauth.attempt(more={"redirect_uri": address}).path)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
        assert answer.location is None

    @pytest.mark.parametrize("client_id", [None, "", "nobody", "\x00", "ä", "x" * 500, '"'])
    def test_an_unknown_client(self, oauth: Any, client_id: str | None) -> None:
        answer = oauth.browser().get(oauth.attempt(more={"client_id": client_id}).path)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_client")

    @pytest.mark.parametrize("user", ["maya", None])
    def test_a_person_is_told_in_a_page_and_a_program_in_json(self, oauth: Any, user: str | None) -> None:
        seen = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
        for more in ({"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}):
            page = oauth.browser(user).get(oauth.attempt(more=more).path, headers=seen)
            assert (page.status_code, page.mimetype, page.location) == (400, "text/html", None)
            assert "ask your clinic" in page.text
            assert "evil.example" not in page.text
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            assert oauth.browser(user).get(oauth.attempt(more=more).path).mimetype == "application/json"
        back = oauth.browser(user).get(oauth.attempt(more={"code_challenge": None}).path, headers=seen)
        assert back.location.startswith(REDIRECT)

    def test_twice_the_same_parameter(self, oauth: Any) -> None:
        answer = oauth.browser().get(oauth.attempt().path + "&redirect_uri=https%3A%2F%2Fevil.example")
        assert answer.status_code == 400


class TestRefusals:
    """What is wrong with the request goes to the client, by its own address, with state and issuer."""

    @pytest.mark.parametrize(
        ("more", "error"),
        [
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge_method": None}, "invalid_request"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
            ({"code_challenge": "short"}, "invalid_request"),
            ({"code_challenge": "x" * 129}, "invalid_request"),
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": 'code "id_token\\'}, "unsupported_response_type"),
            ({"response_type": None}, "unsupported_response_type"),
            ({"aud": "https://evil.example/fhir"}, "invalid_target"),
            ({"aud": "http://localhost.evil.example"}, "invalid_target"),
            ({"resource": "https://evil.example"}, "invalid_target"),
            ({"scope": "user/*.rs"}, "invalid_scope"),
            ({"scope": "system/*.rs"}, "invalid_scope"),
            ({"scope": "openid fhirUser"}, "invalid_scope"),
            ({"scope": "patient/Unheard.rs"}, "invalid_scope"),
            ({"scope": 'everything "\\'}, "invalid_scope"),
        ],
    )
    def test_told_to_the_client(self, oauth: Any, more: dict[str, str | None], error: str) -> None:
        answer = oauth.browser().get(oauth.attempt(more=more).path)
        assert answer.location.startswith(REDIRECT + "?")
        back = oauth.parameters(answer.location)
        assert (back["error"], back["state"], back["iss"]) == (error, "s-1", ISSUER)

    def test_a_client_of_another_clinic(self, oauth: Any) -> None:
        assert oauth.decide(oauth.attempt(), "june")["error"] == "access_denied"

    def test_a_confidential_client_needs_a_challenge_too(self, oauth: Any, backend_key: Any) -> None:
        client_id = oauth.register("Web application", jwks=oauth.key_set(backend_key), redirect_uris=(REDIRECT,))
        attempt = oauth.attempt(client_id=client_id, more={"code_challenge": None, "code_challenge_method": None})
        assert oauth.decide(attempt)["error"] == "invalid_request"


class TestScopes:
    @pytest.mark.parametrize(
        ("who", "asked", "granted"),
        [
            ("maya", "patient/*.cruds", "patient/*.cruds"),
            ("maya", "patient/Note.cruds patient/JournalEntry.c", "patient/JournalEntry.c patient/Note.rs"),
            ("maya", "openid fhirUser launch/patient patient/*.rs", "patient/*.rs launch/patient"),
            ("maya", "patient/*.rs user/*.cruds patient/*.read nonsense", "patient/*.rs"),
            ("maya", "patient/*.r offline_access", "patient/*.r offline_access"),
            ("therapist", "user/Mention.cruds launch/patient", "user/Mention.ru"),
            ("admin", "user/JournalEntry.rs user/CareTeam.ru", "user/CareTeam.ru"),
        ],
    )
    def test_never_more_than_the_role_may_do(self, oauth: Any, who: str, asked: str, granted: str) -> None:
        assert oauth.tokens(who, scope=asked)["scope"] == granted

    def test_never_more_than_the_client_may_ask_for(self, oauth: Any) -> None:
        client_id = oauth.register("Reader", redirect_uris=(REDIRECT,), scope="patient/Note.rs patient/Session.r")
        found = oauth.tokens(client_id=client_id, scope="patient/*.cruds offline_access")
        assert found["scope"] == "patient/Note.rs patient/Session.r"
        assert "refresh_token" not in found
        assert oauth.tokens(client_id=client_id, more={"scope": None})["scope"] == "patient/Note.rs patient/Session.r"

    def test_a_patient_is_named_to_those_who_ask(self, oauth: Any) -> None:
        assert oauth.tokens(scope="launch/patient patient/*.rs")["patient"] == oauth.clinic.ids["maya"]
        assert "patient" not in oauth.tokens(scope="patient/*.rs")

    def test_the_door_holds_a_token_to_its_scope(self, oauth: Any) -> None:
        token = oauth.tokens(scope="patient/Note.rs")["access_token"]
        browser, headers = oauth.app.test_client(), {"Authorization": f"Bearer {token}"}
        assert browser.get("/v1/notes", headers=headers).status_code == 200
        assert browser.get("/v1/journal-entries", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("org.example.app:/back", "org.example.app:"),
        ("https://app.example/back?fixed=1", "https://app.example"),
        ("http://[::1]:8080/back", "http:"),
    ],
)
def test_every_kind_of_address_gets_its_code(oauth: Any, address: str, source: str) -> None:
    client_id = oauth.register("Application", redirect_uris=(address,))
    attempt, browser = oauth.attempt(client_id=client_id, more={"redirect_uri": address}), oauth.browser()
    page = browser.get(attempt.path)
    assert page.headers["Content-Security-Policy"].endswith(f"form-action 'self' {source}")
    back = browser.post(attempt.path, data={"csrf": oauth.csrf_in(page), "decision": "allow"})
    assert back.status_code == 303
    assert back.location.startswith(address)
    code = oauth.parameters(back.location)["code"]
    assert oauth.redeem(attempt, code, redirect_uri=address).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["http://app.example/", "https://", "javascript:alert(1)", "data:text/html,x", "https://a.example/;x", "app:/x",
     "https://a.example/#part", "https://me@a.example/", "https://a.example/ x", "https://a.example/'", ""],
)  # fmt: skip
def test_addresses_that_no_client_may_have(oauth: Any, address: str) -> None:
    with pytest.raises(BadClient):
        oauth.register("Application", redirect_uris=(address,))


def test_every_resource_has_a_name_that_people_understand() -> None:
    for resource in Resource:
        (sentence,) = in_words(f"user/{resource}.r")
        assert sentence.startswith("See: ")
        assert sentence != f"See: {resource}"
