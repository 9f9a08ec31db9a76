"""What all HTTP shares: the door, bodies, answers, problems, pages, preconditions, the OpenAPI document."""
