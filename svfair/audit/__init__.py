"""The one audit: from scores and what is known of speakers to how errors are shared."""

from svfair.audit.audit import Audit, audit, audit_trials, check_attributes_of
from svfair.audit.notes import Note, Source
from svfair.audit.settings import AuditSettings
from svfair.audit.systems import audit_systems, system_names
from svfair.audit.trained import note_trained

__all__ = [
    "Audit",
    "AuditSettings",
    "Note",
    "Source",
    "audit",
    "audit_systems",
    "audit_trials",
    "check_attributes_of",
    "note_trained",
    "system_names",
]
