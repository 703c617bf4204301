"""The backtest as a page that opens anywhere, its pictures inside, and as plain data."""

import base64
import html
import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ems.forecast.backtest import OURS, Rolled
from ems.forecast.spread import LEVELS

_LEADS_H = ((0, 1), (1, 3), (3, 8), (8, 24), (24, 48))
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{padding:.3rem .8rem;text-align:right;"
    "border-bottom:1px solid #ccc}th:first-child,td:first-child{text-align:left}"
    "img{max-width:100%}"
)
_SHOWN_DAYS = 3
_COLUMNS = ("error", "nRMSE", "skill against yesterday")


def leads(rolled: Rolled) -> dict[str, slice]:
    """Steps of each stretch of leads that was asked for, by its name."""
    each, ahead = rolled.per_day / 24, rolled.truth.shape[2]
    return {
        f"{begin}-{end} h": slice(round(begin * each), round(end * each))
        for begin, end in _LEADS_H
        if round(begin * each) < min(round(end * each), ahead)
    }


def as_dict(rolled: Rolled, marks: tuple[str, ...]) -> dict[str, Any]:
    """All scores of all series and methods."""
    return {
        "levels": LEVELS,
        "issues": len(rolled.issues),
        "series": {name: _scores(rolled, row, marks[row]) for row, name in enumerate(rolled.names)},
    }


def _scores(rolled: Rolled, row: int, mark: str) -> dict[str, Any]:
    yesterday = rolled.error("yesterday", row)
    return {
        "left out": mark,
        "methods": {
            method: {
                "error": rolled.error(method, row),
                "nRMSE": rolled.nrmse(method, row),
                "skill against yesterday": 1 - rolled.error(method, row) / yesterday,
                "error by lead": {
                    lead: rolled.error(method, row, part) for lead, part in leads(rolled).items()
                },
            }
            for method in rolled.methods
        },
        "pinball": rolled.pinball(row),
        "P10-P90": rolled.coverage(row),
        "P10-P90 by lead": {
            lead: rolled.coverage(row, part) for lead, part in leads(rolled).items()
        },
        "truth below each quantile": rolled.below(row),
    }


def page(rolled: Rolled, scores: dict[str, Any]) -> str:
    """The page as HTML."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Backtest of forecasts</title>",
        f"<style>{_STYLE}</style><h1>Backtest of forecasts</h1>",
        f"<p>{len(rolled.issues)} issues, each learned from what came before it alone. Errors are "
        "mean absolute errors over the mean of the series. P10 to P90 should hold 80 %.</p>",
    ]
    for row, name in enumerate(rolled.names):
        scored = scores["series"][name]
        parts += [
            f"<h2>{html.escape(name)}</h2><p>{html.escape(scored['left out'])}</p>",
            _table(scored),
            f"<p>Pinball loss {scored['pinball']:.4f} of the mean; {scored['P10-P90']:.1%} of the "
            "truth lay between P10 and P90.</p>",
            f'<img alt="Last days, error by lead, reliability of {html.escape(name)}" '
            f'src="data:image/png;base64,{_picture(rolled, row, scored)}">',
        ]
    return "\n".join([*parts, "</html>"])


def _table(scored: dict[str, Any]) -> str:
    stretches = list(next(iter(scored["methods"].values()))["error by lead"])
    head = "".join(f"<th>{title}</th>" for title in ("method", *_COLUMNS, *stretches))
    rows = []
    for method, each in scored["methods"].items():
        by_lead = each["error by lead"].values()
        cells = [f"{each[key]:.4f}" for key in _COLUMNS] + [f"{value:.4f}" for value in by_lead]
        rows.append(f"<tr><td>{method}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    inside = "".join(f"<td>{value:.1%}</td>" for value in scored["P10-P90 by lead"].values())
    rows.append(f"<tr><td>in P10-P90</td><td></td><td></td><td></td>{inside}</tr>")
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _picture(rolled: Rolled, row: int, scored: dict[str, Any]) -> str:
    """Last days, error by lead and reliability, as PNG in base64."""
    figure = Figure(figsize=(13, 7), layout="constrained")
    places = figure.subplot_mosaic([["days", "days"], ["leads", "reliability"]])
    _draw_days(places["days"], rolled, row)
    for method in rolled.methods:
        error = np.nanmean(np.abs(rolled.methods[method][row] - rolled.truth[row]), axis=0)
        hours = (np.arange(error.size) + 0.5) * 24 / rolled.per_day
        places["leads"].plot(hours, error, label=method, lw=2.2 if method == OURS else 1)
    places["leads"].set(xlabel="hours ahead", ylabel="mean absolute error", ylim=(0, None))
    places["leads"].legend()
    below = scored["truth below each quantile"]
    places["reliability"].plot([0, 1], [0, 1], color="0.7")
    places["reliability"].plot(LEVELS, below, marker="o")
    places["reliability"].set(xlabel="quantile", ylabel="share of the truth below it")
    places["reliability"].set_aspect("equal")
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=90)
    return base64.b64encode(drawn.getvalue()).decode()


def _draw_days(axes: Axes, rolled: Rolled, row: int) -> None:
    """The newest issues end to end."""
    shown = slice(-_SHOWN_DAYS, None)
    day = min(rolled.per_day, rolled.truth.shape[2])
    truth = rolled.truth[row, shown, :day].ravel()
    bands = rolled.quantiles[:, row, shown, :day].reshape(len(LEVELS), -1)
    hours = np.arange(truth.size) * 24 / rolled.per_day
    axes.fill_between(hours, bands[0], bands[-1], alpha=0.15, color="tab:blue", label="P5-P95")
    axes.fill_between(hours, bands[1], bands[-2], alpha=0.25, color="tab:blue", label="P10-P90")
    axes.plot(hours, rolled.methods[OURS][row, shown, :day].ravel(), label="forecast")
    axes.plot(hours, truth, color="black", lw=1, label="truth")
    axes.set(xlabel="hours, the last days of the test", title=rolled.names[row], ylim=(0, None))
    axes.legend(ncols=4)
