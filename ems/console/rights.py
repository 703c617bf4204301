"""Who may do what: one table of role rights in which every route of the console stands.

A route that is missing here is refused to everybody, and fails a test. Residents and building
managers see nothing of the whole district; a building manager reads the plan of the own building.
Operators decide on plans too: the approver's word is the second one where two are needed.
"""

from collections.abc import Mapping
from typing import Final

from ems.store.accounts import Role, User

Roles = frozenset[Role]
Route = tuple[str, str]
"""Method and path template."""

ANYBODY: Final[Roles] = frozenset(Role)
"""All who are signed in."""
WATCHERS: Final[Roles] = frozenset({Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.ADMIN})
"""Those who see the whole district."""
COMMANDERS: Final[Roles] = frozenset({Role.OPERATOR, Role.APPROVER, Role.ADMIN})
"""Those who change what is written, and answer alarms."""
PLAN_READERS: Final[Roles] = WATCHERS | {Role.BUILDING_MANAGER}

OPEN: Final[frozenset[Route]] = frozenset(
    {
        ("GET", "/static/{version}/{path:path}"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/feed/{secret}/{file}"),
        ("GET", "/api/v1/feed/{file}"),
        ("GET", "/api/v1/schemas/feed-1.json"),
    }
)
"""Routes that need no session; feeds need a dwelling's secret instead, and figures
for Prometheus are given to the machine itself only."""

STOP: Final[Route] = ("POST", "/stop-writing")
APPROVE: Final[Route] = ("POST", "/api/v1/plans/{plan_id}/approve")

RIGHTS: Final[Mapping[Route, Roles]] = {
    ("GET", "/"): WATCHERS,
    ("GET", "/schedule"): WATCHERS,
    ("GET", "/alarms"): WATCHERS,
    ("GET", "/devices"): WATCHERS,
    ("GET", "/audit"): WATCHERS,
    ("POST", "/sign-out"): ANYBODY,
    STOP: COMMANDERS,
    ("POST", "/resume-writing"): COMMANDERS,
    ("GET", "/live"): WATCHERS,
    ("GET", "/api/v1/overview"): WATCHERS,
    ("GET", "/api/v1/series"): WATCHERS,
    ("GET", "/api/v1/devices"): WATCHERS,
    ("GET", "/api/v1/devices/{device_id}"): WATCHERS,
    ("GET", "/api/v1/alarms"): WATCHERS,
    ("POST", "/api/v1/alarms/{number}/acknowledge"): COMMANDERS,
    ("POST", "/api/v1/alarms/{number}/shelve"): COMMANDERS,
    ("POST", "/api/v1/alarms/{number}/put-back"): COMMANDERS,
    ("GET", "/api/v1/plans"): WATCHERS,
    ("GET", "/api/v1/plans/{plan_id}"): WATCHERS,
    APPROVE: COMMANDERS,
    ("POST", "/api/v1/plans/{plan_id}/reject"): COMMANDERS,
    ("GET", "/api/v1/audit"): WATCHERS,
    ("GET", "/api/v1/audit.csv"): WATCHERS,
    ("GET", "/api/v1/cycles"): WATCHERS,
    ("GET", "/api/v1/plan"): PLAN_READERS,
    ("GET", "/api/v1/openapi.json"): ANYBODY,
}
"""Which roles each route is for; the socket of the live feed counts as a GET."""


def may(user: User, route: Route) -> bool:
    """Whether somebody may use a route."""
    return user.role in RIGHTS.get(route, frozenset())


def may_see(user: User, building: str | None) -> bool:
    """Whether somebody may see a building's plan; None: that of the whole district."""
    return user.role is not Role.BUILDING_MANAGER or (bool(building) and building == user.scope)
