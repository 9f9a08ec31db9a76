"""Passwords: what one may be, and argon2id hashes of them."""

import base64
import re
import secrets
import unicodedata
from dataclasses import dataclass

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

from integration_api.config import Environment
from integration_api.wording import Sentence

SHORTEST, LONGEST = 12, 256
# The commonest that are long enough, in lower case and without the digits and signs around them. Lists of leaked
# passwords are far longer; these are what people type when they are made to type twelve characters.
_COMMON = frozenset(
    {
        "adminadmin",
        "administrator",
        "changeme",
        "changemenow",
        "changemeplease",
        "correcthorsebatterystaple",
        "football",
        "ihateyou",
        "iloveyou",
        "iloveyouforever",
        "iloveyousomuch",
        "ketamine",
        "letmein",
        "letmeinletmein",
        "letmeinplease",
        "mypassword",
        "newpassword",
        "nopassword",
        "passphrase",
        "password",
        "passwordpassword",
        "pleaseletmein",
        "princess",
        "qazwsxedc",
        "qazwsxedcrfv",
        "qwerty",
        "qwertyasdf",
        "qwertyasdfgh",
        "qwertyasdfghzxcv",
        "qwertyqwerty",
        "qwertyuiop",
        "qwertyuiopasdf",
        "qwertyuiopasdfghjkl",
        "secret",
        "secretpassword",
        "sunshine",
        "superman",
        "thisismypassword",
        "trustno",
        "welcome",
        "welcomehome",
    }
)
_SEQUENCES = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "1q2w3e4r5t6y7u8i9o0p")
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check. `new_hash` is there when the stored one was made with other parameters than ours."""

    is_right: bool
    new_hash: str | None = None


class Passwords:
    """Makes and checks hashes with one set of parameters."""

    def __init__(self, profile: Parameters) -> None:
        self._hasher = PasswordHasher.from_parameters(profile)
        self._nobodys = _nobodys_hash(profile)

    def hash(self, password: str) -> str:
        """Make a hash that may be stored."""
        return self._hasher.hash(normal(password))

    def check(self, stored: str | None, password: str) -> Checked:
        """Check a password. Without a stored hash the same work is done, and nothing is right."""
        try:
            self._hasher.verify(stored or self._nobodys, normal(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return Checked(is_right=False)
        if stored is None or len(password) > LONGEST:
            return Checked(is_right=False)
        is_older = self._hasher.check_needs_rehash(stored)
        return Checked(is_right=True, new_hash=self.hash(password) if is_older else None)


def profile_of(environment: Environment) -> Parameters:
    """Give the parameters to hash with: RFC 9106's for little memory, and next to no work in tests."""
    return CHEAPEST if environment is Environment.TEST else RFC_9106_LOW_MEMORY


def normal(password: str) -> str:
    """Write a password in one way, however the keyboard composed its letters (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def fault_of(password: str, username: str) -> str | None:
    """Say what is wrong with a new password; None where it will do."""
    length = len(normal(password))
    if length < SHORTEST:
        return Sentence(
            "Please choose a password of at least {least} characters. A few words in a row are good.", least=SHORTEST
        )
    if length > LONGEST or len(password) > LONGEST:
        return Sentence("Please choose a password of at most {most} characters.", most=LONGEST)
    if _is_guessable(normal(password).casefold(), username.casefold()):
        return Sentence("That password is easy to guess. Please choose another. A few words in a row are good.")
    return None


def _is_guessable(password: str, username: str) -> bool:
    letters = "".join(password.split())
    return (
        username in (password, letters)
        or _AROUND.sub("", letters) in _COMMON
        or any(letters in sequence for sequence in _SEQUENCES)
        or any(letters == (letters[:n] * len(letters))[: len(letters)] for n in range(1, 7))  # one chunk, over and over
    )


def _nobodys_hash(profile: Parameters) -> str:
    """Write a hash of the same cost that no password fits: it costs as much to check, and nothing to make."""
    salt, tag = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (profile.salt_len, profile.hash_len)
    )
    costs = f"m={profile.memory_cost},t={profile.time_cost},p={profile.parallelism}"
    return f"$argon2id$v={profile.version}${costs}${salt}${tag}"
