"""A bound on coverage at any size: what groups would pay for being reached, and the sites that are paid most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from planning.cover import Cover


def price_bound(
    cover: Cover, *, count: int, allowed: NDArray[np.bool_], locked: Sequence[int] = (), rounds: int = 150
) -> float:
    """No plan of `count` sites covers more than this (Lagrangian bound on "a group counts once").

    Each group pays every site that reaches it a share of its weight. What groups keep, with what the best paid sites
    get, is never less than what any plan covers, whatever the shares; they are moved by damped subgradients.

    Args:
        cover: the problem.
        count: sites in all, `locked` included.
        allowed: shape (n_sites,).
        locked: sites that must be in.
        rounds: how often the shares are moved; each costs two passes over the pairs.

    Returns:
        Weight, what is covered already included.

    Source: Galvao & ReVelle (1996), European Journal of Operational Research 88, 114-123.
    """
    groups, n_sites, weight = len(cover.weight), cover.n_sites, cover.weight
    reached_by = csr_matrix((np.ones(len(cover.group_sites)), cover.group_sites, cover.group_ptr), (groups, n_sites))
    reaches = csr_matrix((np.ones(len(cover.site_groups)), cover.site_groups, cover.site_ptr), (n_sites, groups))
    forced = np.zeros(n_sites, dtype=bool)
    forced[list(locked)] = True
    free = np.flatnonzero(allowed & ~forced)
    room = max(0, min(count - len(locked), len(free)))
    share, drift, best = np.full(groups, 0.5), np.zeros(groups), float(weight.sum())
    for turn in range(rounds):
        paid = reaches @ (share * weight)
        top = free[np.argpartition(-paid[free], room - 1)[:room]] if room else free[:0]
        best = min(best, float((1 - share) @ weight + paid[top].sum() + paid[forced].sum()))
        built = forced.astype(float)
        built[top] = 1.0
        drift = 0.8 * drift + 0.2 * (reached_by @ built - 1.0)
        share = np.clip(share - 0.1 / (1 + turn / 15) * np.clip(drift, -3.0, 3.0), 0.0, 1.0)
    return float(cover.base.sum()) + best
