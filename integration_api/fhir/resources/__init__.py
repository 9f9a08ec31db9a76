"""A file for each kind of FHIR resource: what of ours it is, how it reads, what it is searched by."""
