"""General solvers on a random district: HiGHS and Clarabel on our matrix, linopy with HiGHS.

HiGHS and Clarabel are given the sparse matrix; what it takes to make it does not count. linopy is
how people of this field write such problems: its model is written in its own words and made and
solved within the time that counts. All have one thread and the same tolerance.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from scipy import sparse

from ems.optimizer.structured import matrix
from ems.optimizer.structured.generator import Size, district
from ems.optimizer.structured.problem import Floats

TOLERANCE = 1e-7
"""Of optimality, of every peer."""


@dataclass(frozen=True, kw_only=True)
class Solved:
    """What a peer found."""

    how: str
    """The peer in words: version, method, threads, size of what it solved."""
    cpu_s: float
    """CPU seconds."""
    cost_eur: float
    """Its objective."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A solver to be compared with."""

    name: str
    """As people call it."""
    module: str
    """What has to be installed."""
    solve: Callable[[Size, int], Solved]
    """Solves the random district of a size and seed."""
    share_goal: float
    """Part of its time that ours may take."""

    @property
    def is_installed(self) -> bool:
        """Whether it can be compared with here."""
        return find_spec(self.module) is not None


def by_highs(size: Size, seed: int) -> Solved:
    """HiGHS's interior point without crossover."""
    programme = matrix.matrix(district(size, seed))
    began = time.process_time()
    found = matrix.solve_highs(programme, tolerance=TOLERANCE, crossover=False)
    spent = time.process_time() - began
    how = f"{found.version}, no crossover, tolerance {TOLERANCE:g}, {_shape(programme)}"
    return Solved(how=how, cpu_s=spent, cost_eur=found.cost_eur)


def by_clarabel(size: Size, seed: int) -> Solved:
    """Clarabel, rows and bounds as cones."""
    import clarabel

    programme = matrix.matrix(district(size, seed))
    rows, sides, equal = _in_cones(programme)
    cones = [clarabel.ZeroConeT(equal), clarabel.NonnegativeConeT(sides.size - equal)]
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_threads = False, 1
    settings.tol_gap_rel = settings.tol_gap_abs = settings.tol_feas = TOLERANCE
    columns = programme.cost_eur.size
    nothing = sparse.csc_matrix((columns, columns))
    began = time.process_time()
    solver = clarabel.DefaultSolver(nothing, programme.cost_eur, rows, sides, cones, settings)
    found = solver.solve()
    spent = time.process_time() - began
    how = f"Clarabel {clarabel.__version__}, {found.status}, tolerance {TOLERANCE:g}, 1 thread"
    return Solved(
        how=f"{how}, {_shape(programme)}",
        cpu_s=spent,
        cost_eur=found.obj_val + programme.offset_eur,
    )


def by_linopy(size: Size, seed: int) -> Solved:
    """linopy's model, made and solved by HiGHS's interior point."""
    import linopy

    from benchmarks.optimizer_linopy import model_of

    problem = district(size, seed)
    began = time.process_time()
    model, paid_eur = model_of(problem)
    made = time.process_time() - began
    model.solve(
        solver_name="highs",
        io_api="direct",
        progress=False,
        output_flag=False,
        solver="ipm",
        run_crossover="off",
        ipm_optimality_tolerance=TOLERANCE,
        threads=1,
    )
    spent = time.process_time() - began
    how = f"linopy {linopy.__version__} + HiGHS, ipm, no crossover, tolerance {TOLERANCE:g}"
    return Solved(
        how=f"{how}, 1 thread, model made in {made:.1f} s",
        cpu_s=spent,
        cost_eur=float(model.objective.value or 0.0) + paid_eur,
    )


PEERS = (
    Peer(name="HiGHS", module="highspy", solve=by_highs, share_goal=1 / 150),
    Peer(name="Clarabel", module="clarabel", solve=by_clarabel, share_goal=1 / 75),
    Peer(name="linopy + HiGHS", module="linopy", solve=by_linopy, share_goal=1 / 150),
)


def _shape(programme: matrix.Matrix) -> str:
    rows, columns = programme.matrix.shape
    return f"{rows / 1e3:.0f}k x {columns / 1e3:.0f}k"


def _in_cones(programme: matrix.Matrix) -> tuple[sparse.csc_matrix, Floats, int]:
    """Rows and sides b of b - rows x in {0}, then >= 0; and how many are equal to zero."""
    low, high, own = programme.row_low, programme.row_high, programme.matrix.tocsr()
    bounds = sparse.eye_array(programme.cost_eur.size, format="csr")
    parts = [(own, high, low == high)]
    parts += [(own, high, np.isfinite(high) & (low < high))]
    parts += [(-own, -low, np.isfinite(low) & (low < high))]
    parts += [(bounds, programme.high, np.isfinite(programme.high))]
    parts += [(-bounds, -programme.low, np.isfinite(programme.low))]
    rows = sparse.vstack([kept[where] for kept, _, where in parts])
    sides = np.concatenate([side[where] for _, side, where in parts])
    return sparse.csc_matrix(rows), sides, int((low == high).sum())
