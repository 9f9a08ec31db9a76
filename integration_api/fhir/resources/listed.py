"""What is made when it is asked for has no version of its own: its content gives it one."""

import hashlib
import json

from integration_api.fhir.elements import Json


def versioned(resource: Json) -> Json:
    """Give a resource the digest of its content for a version."""
    digest = hashlib.sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()[:16]
    head = {name: resource[name] for name in ("resourceType", "id")}
    return head | {"meta": {"versionId": digest}} | resource
