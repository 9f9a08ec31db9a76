"""The FHIR R4 facade: the same records in the words of record systems. It maps, and decides nothing itself."""
