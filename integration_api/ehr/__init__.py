"""Writing to record systems: which ones, and the copies of documents there; `fhir/pushing.py` makes them."""
