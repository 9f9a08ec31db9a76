"""What stands around every answer: security headers, other origins, and the proxies whose word we take."""

from typing import Any

from flask import Flask, Response
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from integration_api.config import Settings
from integration_api.web.signing import Sessions

_YEAR = 31_536_000
# For answers that are no page of ours: nothing may be loaded or framed, wherever a browser shows them.
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _NOTHING,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_ASKED = ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"]
_ASKED += ["If-None-Exist", "Prefer"]  # of record systems
_TOLD = ["ETag", "Idempotency-Replayed", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate"]
_TOLD += ["Content-Location", "Expires", "Last-Modified", "Location", "X-Progress"]
_FOR_APPS = (r"/v1/.*", r"/fhir/.*", r"/oauth/token", r"/oauth/revoke", r"/\.well-known/.*", r"/openapi\.json")


def guard(app: Flask, settings: Settings) -> None:
    """Put the edges around an application."""
    is_secure = settings.public_url.startswith("https://")
    app.session_interface = Sessions()

    @app.after_request
    def harden(answer: Response) -> Response:
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        if is_secure:
            answer.headers["Strict-Transport-Security"] = f"max-age={_YEAR}; includeSubDomains"
        answer.vary.update(["Authorization", "Origin"])
        return answer

    if settings.allowed_origins:
        rules: dict[str, Any] = {
            "origins": list(settings.allowed_origins),
            "methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
        }
        rules |= {
            "allow_headers": _ASKED,
            "expose_headers": _TOLD,
            "max_age": 600,
            "supports_credentials": False,
            "always_send": False,
        }
        CORS(app, resources=dict.fromkeys(_FOR_APPS, rules))
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0, x_port=0, x_prefix=0)  # type: ignore[method-assign]
