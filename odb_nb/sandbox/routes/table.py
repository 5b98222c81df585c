"""All routes together."""

from __future__ import annotations

from odb_nb.sandbox.routes import (
    browse,
    browse_sessions,
    drives,
    policies,
    restore_points,
    restore_sessions,
    search,
    service,
)
from odb_nb.sandbox.routes.route import RouteTable

ROUTES = (
    *service.ROUTES,
    *policies.ROUTES,
    *drives.ROUTES,
    *restore_points.ROUTES,
    *search.ROUTES,
    *browse_sessions.ROUTES,
    *browse.ROUTES,
    *restore_sessions.ROUTES,
)
OPERATIONS = frozenset({route.operation for route in ROUTES} | {"unknown"})
TABLE = RouteTable(ROUTES)
