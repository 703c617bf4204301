"""A champion as bytes and back: NumPy's own archive, nothing that could run."""

import io
import json
from dataclasses import asdict

import numpy as np

from ems.forecast.champions import Champion
from ems.forecast.conformal import Bands
from ems.forecast.model import Fitted, Settings

_FITTED = ("scale", "mixes", "weights", "width")
_BANDS = ("edges", "levels", "leads", "paths")
_CHAMPION = ("better", "errors", "profile_errors")


def packed(champion: Champion) -> bytes:
    """All arrays of a champion, and its settings."""
    fitted = champion.fitted
    arrays = {name: getattr(fitted, name) for name in _FITTED}
    arrays |= {name: getattr(fitted.bands, name) for name in _BANDS}
    arrays |= {name: getattr(champion, name) for name in _CHAMPION}
    told = json.dumps({"names": champion.names, "settings": asdict(fitted.settings)})
    archive = io.BytesIO()
    np.savez_compressed(archive, told=np.array(told), **arrays)
    return archive.getvalue()


def unpacked(body: bytes) -> Champion:
    """The champion that `packed` made."""
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        told = json.loads(str(arrays["told"]))
        fitted = Fitted(
            settings=Settings(**told["settings"]),
            bands=Bands(**{name: arrays[name] for name in _BANDS}),
            **{name: arrays[name] for name in _FITTED},
        )
        return Champion(
            names=tuple(told["names"]),
            fitted=fitted,
            **{name: arrays[name] for name in _CHAMPION},
        )
