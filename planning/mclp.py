"""The proof for coverage (MCLP): relaxation, neighbourhoods decided one by one, and what is left for HiGHS.

Why this way: docs/decisions/coverage-proof.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planning.blocks import Relaxed, tighten
from planning.core import Core, Cut, core
from planning.cover import Cover, Plan, Total, heuristic
from planning.prices import price_bound
from planning.question import Question, best_start, finish, undominated
from planning.siting import Deadline, Siting
from planning.solver import Answer, solve

Mask = NDArray[np.bool_]
PRECISION = 5e-7
"""Relative: bound and plan this close are one. Half of what a proof must hold (`Siting.is_optimal`)."""


def coverage(question: Question, *, deadline: Deadline, is_swapped: bool = True) -> Siting:
    """Most weight covered. Source: Church & ReVelle (1974).

    Args:
        question: what may be built, and where.
        deadline: for the proof.
        is_swapped: a plan that is not proven is compared with greedy and swaps, which comes after the deadline.

    Raises:
        Infeasible: the locked sites alone break the limit.
    """
    whole, chosen = question, best_start(question, Total(), passes=0)  # exchanges cost more than the relaxation
    question, chosen = undominated(question, chosen)
    search = _Search(question, chosen, deadline)
    if len(question.cover.weight):
        search.prove()
    if is_swapped and not search.is_done():
        search.take(
            heuristic(whole.cover, Total(), whole.cost, whole.limit, allowed=whole.allowed, locked=whole.locked)
        )
    return finish(whole, Total(), search.chosen, search.bound)


class _Search:
    """The best plan so far and the least bound so far, both with what is covered already."""

    def __init__(self, question: Question, chosen: list[int], deadline: Deadline) -> None:
        self.question, self.chosen, self.deadline = question, chosen, deadline
        self.cover: Cover = question.cover
        self.base = float(self.cover.base.sum())
        self.value = self._worth(chosen)
        self.bound = self.base + float(self.cover.weight.sum())
        self.surely_in = np.zeros(self.cover.n_sites, dtype=bool)
        self.surely_in[list(question.locked)] = True
        self.surely_out: Mask = ~(question.allowed | self.surely_in)

    def prove(self) -> None:
        """Close in from both sides.

        A site that loses more than what is left between bound and plan keeps its place (in or out) in every better
        plan. So a low bound and a good plan early make the last step small.
        """
        kept = self._core(self.surely_out)
        answer = self._solve(kept, seconds=0.8 * self.deadline.left(), relaxed=True)
        relaxed = Relaxed.of(kept, answer)
        if relaxed is None:
            self._price()
            return
        top = self.base + kept.constant + relaxed.value
        self.bound = min(self.bound, top)
        if self.is_done():
            return
        begun = self.chosen
        built = max(1, round(float(relaxed.share.sum())))
        tight = tighten(kept, relaxed, built=built, deadline=Deadline(0.5 * self.deadline.left()))
        self.bound = min(self.bound, top - tight.less)
        whole = np.concatenate((kept.surely_in, kept.sites[tight.share > 0.5])).tolist()
        self.take(self._repaired(whole))
        rows = [(kept, cut) for cut in tight.cuts]
        if not self.is_done():
            used = np.zeros(self.cover.n_sites, dtype=bool)
            used[kept.sites[(relaxed.share > 1e-6) | (tight.share > 0.5)]] = True
            used[[*begun, *self.chosen]] = True
            few = self._core(self.surely_out | ~(used | self.surely_in))
            self.take(_built(few, self._solve(few, seconds=0.3 * self.deadline.left(), cuts=rows)))
        if not self.is_done():
            settled = top - relaxed.loss - (tight.less - tight.spared) < self.value * (1 - 1e-9)
            self.surely_out[kept.sites[settled & (relaxed.share < 1e-9)]] = True
            self.surely_in[kept.sites[settled & (relaxed.share > 1 - 1e-9)]] = True
            rest = self._core(self.surely_out)
            answer = self._solve(rest, seconds=self.deadline.left(), cuts=rows)
            self.take(_built(rest, answer))
            # what was settled cannot beat the plan in hand, so the best of both is the bound of all
            self.bound = min(self.bound, max(self.base + rest.constant + answer.bound, self.value))

    def is_done(self) -> bool:
        """True when nothing better than the plan is left to be found."""
        return self.bound - self.value <= PRECISION * max(abs(self.value), 1e-9)

    def take(self, sites: Sequence[int]) -> None:
        """Another plan; the better one stays."""
        found = self._worth(sites)
        if found > self.value:
            self.chosen, self.value = [int(j) for j in sites], found

    def _worth(self, sites: Sequence[int]) -> float:
        reached = np.zeros(len(self.cover.weight), dtype=bool)
        for site in sites:
            reached[self.cover.groups_of(site)] = True
        return self.base + float(self.cover.weight[reached].sum())

    def _core(self, surely_out: Mask) -> Core:
        return core(self.cover, surely_in=self.surely_in, surely_out=surely_out & ~self.surely_in)

    def _solve(
        self, kept: Core, *, seconds: float, relaxed: bool = False, cuts: Sequence[tuple[Core, Cut]] = ()
    ) -> Answer:
        model = kept.model(self.question.cost, self.question.limit, [kept.row(cut, of) for of, cut in cuts])
        return solve(
            model,
            time_limit_s=seconds,
            relaxed=relaxed,
            start=None if relaxed else kept.start(self.chosen),
            close_enough=PRECISION * abs(self.value),
        )

    def _repaired(self, sites: Sequence[int]) -> list[int]:
        """Without the sites that lose least, until the limit holds; then grown to the limit."""
        question = self.question
        plan = Plan(self.cover, Total(), question.cost, question.limit)
        for site in sites:
            plan.add(int(site))
        plan.shrink(question.locked)
        plan.grow(question.allowed)
        return plan.chosen

    def _price(self) -> None:
        """Where even the relaxation takes too long."""
        if (count := self.question.limit.count) is not None:
            allowed, locked = self.question.allowed, self.question.locked
            self.bound = min(self.bound, price_bound(self.cover, count=count, allowed=allowed, locked=locked))


def _built(kept: Core, answer: Answer) -> list[int]:
    """The sites of an answer about a core; with none, what was settled before."""
    new = kept.sites[answer.x[: len(kept.sites)] > 0.5] if answer.x is not None else kept.sites[:0]
    return [int(j) for j in np.sort(np.concatenate((kept.surely_in, new)))]
