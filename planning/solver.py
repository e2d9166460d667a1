"""The door to HiGHS: a mixed-integer program as arrays in, a solution with its proven bound out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Maximise gain @ x over row_low <= a @ x <= row_high, low <= x <= high, x integer where `whole`."""

    gain: Floats
    a: csr_matrix
    row_low: Floats
    row_high: Floats
    low: Floats
    high: Floats
    whole: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """x is None when no solution was found in time; `bound` is never below the best possible value.

    reduced: of a relaxed program, how much the value falls at least when a column at its bound moves by one.
    prices: of a relaxed program, how much the value would rise for one more on the right of each row.
    """

    x: Floats | None
    value: float
    bound: float
    is_infeasible: bool
    reduced: Floats | None = None
    prices: Floats | None = None


def solve(
    model: Model,
    *,
    time_limit_s: float,
    start: Floats | None = None,
    presolve: bool = False,
    relaxed: bool = False,
    close_enough: float = 1e-9,
) -> Answer:
    """Solve with one thread and a fixed seed, so that the same input gives the same plan.

    Args:
        model: what to maximise.
        time_limit_s: after it the incumbent and the bound so far are returned.
        start: a feasible point to begin from.
        presolve: off is 5 to 30 times faster on covering problems (docs/performance.md), on for max-min.
        relaxed: drop integrality, for a quick bound.
        close_enough: a bound this little above the best solution ends the search.
    """
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # the binding has no annotations
    for option, setting in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("time_limit", max(0.01, time_limit_s)),
        ("presolve", "on" if presolve else "off"),
        ("mip_rel_gap", 1e-12),
        ("mip_abs_gap", max(close_enough, 1e-9)),
    ):
        highs.setOptionValue(option, setting)
    lp: Any = highspy.HighsLp()  # its stubs know only lists
    lp.num_col_, lp.num_row_ = len(model.gain), len(model.row_low)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -model.gain, model.low, model.high
    lp.row_lower_, lp.row_upper_ = model.row_low, model.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = model.a.indptr
    lp.a_matrix_.index_ = model.a.indices
    lp.a_matrix_.value_ = model.a.data
    if not relaxed and model.whole.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(w)] for w in model.whole]
    highs.passModel(lp)
    if start is not None and not relaxed:
        begin = highspy.HighsSolution()
        begin.col_value = list(start)
        highs.setSolution(begin)
    highs.run()
    status, info = highs.getModelStatus(), highs.getInfo()
    if status == highspy.HighsModelStatus.kInfeasible:
        return Answer(x=None, value=-np.inf, bound=-np.inf, is_infeasible=True)
    found = info.primal_solution_status == 2  # kSolutionStatusFeasible
    solution = highs.getSolution()
    x = np.array(solution.col_value) if found else None
    reduced = np.abs(np.array(solution.col_dual)) if relaxed and found else None
    prices = -np.array(solution.row_dual) if relaxed and found else None
    is_mip = not relaxed and bool(model.whole.any())
    solved = status == highspy.HighsModelStatus.kOptimal
    bound = -info.mip_dual_bound if is_mip else -info.objective_function_value if solved else np.inf
    value = float(model.gain @ x) if x is not None else -np.inf
    return Answer(x=x, value=value, bound=float(bound), is_infeasible=False, reduced=reduced, prices=prices)
