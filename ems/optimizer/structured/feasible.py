"""Pieces that fit the loads again after a step: the balance closed, rows with slack."""

import numpy as np

from ems.optimizer.structured.pieces import Pieces
from ems.optimizer.structured.problem import Floats

ROOM_SHARE = 0.9
"""Part of a piece's room that re-deriving the pieces may use."""
EDGE_KW = 1.0
"""Pieces begin at least this far from their ends, or a twentieth of their width."""


def filled(piece: Floats, parts: Pieces, off_kw: Floats) -> Floats:
    """Pieces [K, T] with the segments filled one after the other to close a balance off by that."""
    width = parts.width_kw[: parts.segments]
    wanted = piece[: parts.segments] * (width > 0)
    total = np.maximum(wanted.sum(axis=0) + off_kw, 0.0)
    below = np.cumsum(width, axis=0) - width
    edge = np.minimum(0.05 * width, EDGE_KW)
    inside = np.clip(total - below, edge, width - edge)
    return np.concatenate([np.where(width > 0, inside, 1.0), piece[parts.segments :]])


def balanced(piece: Floats, parts: Pieces, off_kw: Floats, weight: Floats) -> Floats:
    """Pieces [K, T] moved to close a balance that is `off_kw` [T], never to an end.

    First where `weight` is large. Exchanges stay as they are.
    """
    meets = slice(parts.segments + 1)
    sign, width = parts.on_meter[meets], parts.width_kw[meets]
    is_open, own = width > 0, piece[meets]
    missing = off_kw
    for share in (weight[meets], None):
        up = missing * sign < 0
        room = np.where(is_open, np.where(up, width - own, own), 0.0)
        by = room if share is None else share * is_open
        part = np.abs(missing) * by / np.maximum(by.sum(axis=0), 1e-300)
        move = np.where(up, 1.0, -1.0) * np.minimum(part, ROOM_SHARE * room)
        own, missing = own + move, missing + (sign * move).sum(axis=0)
    return np.concatenate([own, piece[parts.segments + 1 :]])


def within_rows(
    power: Floats, most_kw: Floats, on_upper: Floats, left_kw: Floats, floor_kw: Floats
) -> Floats:
    """Exchanges [X, T] moved so that every row they count in keeps a slack.

    `left_kw` [V, T] is what loads leave of the rows without exchanges; a row keeps `floor_kw`, or
    half of that where it is less. Relief is raised where there is any, else what fills the row is
    lowered.
    """
    if power.size == 0:
        return power
    takes, gives = np.maximum(on_upper, 0.0), np.maximum(-on_upper, 0.0)
    relief = (gives > 0).any(axis=0)
    floor = np.where(relief, floor_kw, np.minimum(floor_kw, 0.5 * left_kw))
    slack = left_kw - np.einsum("xvt,xt->vt", on_upper, power)
    short = np.maximum(floor - slack, 0.0)
    per_kw = np.maximum((gives * gives).sum(axis=0), 1e-300)
    raised = power + (gives * short / per_kw).sum(axis=1)
    filling = np.einsum("xvt,xt->vt", takes, power)
    taken = np.where(relief | (filling <= 0), 0.0, short / np.maximum(filling, 1e-300))
    share = np.maximum(1.0 - taken, 0.0)
    lowered = raised * np.where(takes > 0, share[None], 1.0).min(axis=1, initial=1.0)
    return np.where(most_kw > 0, np.minimum(lowered, raised * 0 + most_kw * (1 - 1e-9)), 0.0)
