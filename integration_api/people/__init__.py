"""Patients, clinicians and care teams."""
