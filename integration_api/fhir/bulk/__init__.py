"""Bulk Data: everything that a record system may read, written into files in the background (HL7 Bulk Data 2)."""
