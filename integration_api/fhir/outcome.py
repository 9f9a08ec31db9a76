"""OperationOutcome: what every error under /fhir is answered with. Never holds anything that a person wrote."""

from typing import Any

from flask import Response, json, request

from integration_api.errors import Fault

FHIR_JSON = "application/fhir+json"
_CODES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    429: "throttled",
    503: "transient",
}
_BODY_UNREADABLE = 400
_NOT_ACCEPTABLE = 422


def outcome(status: int, detail: str, faults: tuple[Fault, ...] = (), code: str | None = None) -> dict[str, Any]:
    """Build an OperationOutcome."""
    known = code or _CODES.get(status, "exception")
    severity = "fatal" if status >= 500 else "error"  # noqa: PLR2004
    issues = [_issue(severity, known, fault) for fault in faults]
    if not issues:
        issues = [{"severity": severity, "code": known, "diagnostics": detail}]
    return {"resourceType": "OperationOutcome", "issue": issues}


def told(detail: str) -> dict[str, Any]:
    """Build an OperationOutcome of something that is as it should be."""
    issue = {"severity": "information", "code": "informational", "diagnostics": detail}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _issue(severity: str, code: str, fault: Fault) -> dict[str, Any]:
    issue: dict[str, Any] = {"severity": severity, "code": code, "diagnostics": fault.detail}
    if fault.parameter is not None:
        issue["diagnostics"] = f"{fault.parameter}: {fault.detail}"
        issue["expression"] = [f"http.{fault.parameter}"]
    elif fault.pointer:
        issue["expression"] = [fault.pointer]
    return issue


def answer(status: int, detail: str, faults: tuple[Fault, ...]) -> Response:
    """Answer with an OperationOutcome, in place of a problem; a fault of the question is 400, of a body 422."""
    if status == _NOT_ACCEPTABLE and faults and all(fault.parameter is not None for fault in faults):
        status = _BODY_UNREADABLE
    return Response(json.dumps(outcome(status, detail, faults)), status, mimetype=FHIR_JSON)


def is_ours(path: str) -> bool:
    """Tell whether an address is of the facade."""
    return path == "/fhir" or path.startswith("/fhir/")


def prefers(word: str) -> bool:
    """Tell whether a request's Prefer header says something, such as `handling=lenient`."""
    said = ",".join(request.headers.getlist("Prefer"))
    return word in {each.strip().replace(" ", "") for each in said.replace(";", ",").split(",")}
