"""A local stand-in for Microsoft Graph's backup API: start it, point a client at it, and nothing real is touched."""

from odb_nb.sandbox.clock import Clock
from odb_nb.sandbox.faults import Fault, Faults
from odb_nb.sandbox.points import Point
from odb_nb.sandbox.restores import ArtifactRecord, RestoreRecord
from odb_nb.sandbox.sandbox import Sandbox
from odb_nb.sandbox.sessions import SessionRecord
from odb_nb.sandbox.settings import Settings
from odb_nb.sandbox.watch import RequestRecord
from odb_nb.sandbox.world import Drive

__all__ = [
    "ArtifactRecord",
    "Clock",
    "Drive",
    "Fault",
    "Faults",
    "Point",
    "RequestRecord",
    "RestoreRecord",
    "Sandbox",
    "SessionRecord",
    "Settings",
    "coverage",
]

# what it does, and whether that is documented, observed or assumed
coverage = Sandbox.coverage
