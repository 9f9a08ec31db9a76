"""What clients may read about us: RFC 8414's metadata, and SMART's."""

from typing import Any

from integration_api.access.scopes import LAUNCH_PATIENT, OFFLINE
from integration_api.oauth.assertions import ALGORITHMS

GRANT_TYPES = ["authorization_code", "refresh_token", "client_credentials"]
_FOR_CLINICAL_DATA = ("Patient", "Encounter", "Observation", "DocumentReference")  # there are more: see the policy
SCOPES = [
    *("patient/*.cruds", "user/*.cruds", "system/*.rs", "system/Patient.crus", "system/Encounter.crus"),
    *(f"{context}/{each}.rs" for context in ("patient", "user", "system") for each in _FOR_CLINICAL_DATA),
    *(LAUNCH_PATIENT, OFFLINE),
]
_SMART = (
    "launch-standalone",
    "client-public",
    "client-confidential-asymmetric",
    "context-standalone-patient",
    "permission-offline",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
)


def _shared(issuer: str) -> dict[str, Any]:
    return {
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "grant_types_supported": GRANT_TYPES,
        "response_types_supported": ["code"],
        "scopes_supported": SCOPES,
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
    }


def authorization_server(issuer: str) -> dict[str, Any]:
    """Describe the authorization server (RFC 8414)."""
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        **_shared(issuer),
        "response_modes_supported": ["query"],
        "revocation_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "introspection_endpoint_auth_methods_supported": ["private_key_jwt"],
        "authorization_response_iss_parameter_supported": True,
    }


def smart(issuer: str) -> dict[str, Any]:
    """Describe it as SMART asks. `issuer` and `jwks_uri` would claim OpenID Connect, so they are not here."""
    return {**_shared(issuer), "capabilities": list(_SMART)}
