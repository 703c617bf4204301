"""Water that moves through a column of cells without mixing: tanks and long pipes.

A volume pushed in at one end pushes the same volume out at the other; cells keep their size and
take the mean of what then stands in them. Heat is conserved to rounding whatever the volume, and a
pushed volume of whole cells moves profiles exactly. Warm water under cold mixes until the column is
stable (the pools of isotonic regression, doi 10.1214/aoms/1177728423, weighted by equal volumes).
"""

import numpy as np
from numpy.typing import NDArray

from building_models.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def push(cells_c: Floats, cells: float, entering_c: float) -> float:
    """Push `cells` cell volumes of `entering_c` in at the first cell: mean temperature pushed out.

    `cells_c` [N] changes in place; 0 <= `cells`. Nothing pushed gives the last cell's temperature.
    """
    count = len(cells_c)
    if cells <= 0.0:
        return float(cells_c[count - 1])
    if cells >= count:
        total = cells_c.sum() + (cells - count) * entering_c
        cells_c[:] = entering_c
        return float(total / cells)
    whole = int(cells)
    part = cells - whole
    out = 0.0
    for place in range(count - whole, count):
        out += cells_c[place]
    out += part * cells_c[count - whole - 1]
    for place in range(count - 1, -1, -1):
        near = cells_c[place - whole] if place >= whole else entering_c
        far = cells_c[place - whole - 1] if place >= whole + 1 else entering_c
        cells_c[place] = (1.0 - part) * near + part * far
    return float(out / cells)


@compiled
def settle(cells_c: Floats) -> None:
    """Mix until no cell is colder than the one before it (first: the bottom)."""
    count = len(cells_c)
    for top in range(1, count):
        begin, mean = top, cells_c[top]
        while begin > 0 and cells_c[begin - 1] > mean + 1e-12:
            size = top - begin + 1
            mean = (mean * size + cells_c[begin - 1]) / (size + 1)
            begin -= 1
            # a pool below has one temperature: take it whole
        for place in range(begin, top + 1):
            cells_c[place] = mean
