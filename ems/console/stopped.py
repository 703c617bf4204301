"""How far a stop of all writing has come, as pages show it."""

from collections.abc import Mapping
from dataclasses import dataclass

from ems.domain.plans import Mode
from ems.store.stopping import REQUEST, StoppingStore, given_back


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """How far the service is with giving everything back."""

    done: bool
    """Whether it has said so."""

    devices: int
    """How many it gave back."""

    unreached: tuple[str, ...]
    """Those that it could not reach: to be looked at on site."""


async def stopped(store: StoppingStore, mode: Mode) -> Stopped | None:
    """How the last stop went; None while nobody has stopped the writing."""
    request = await store.setting(REQUEST)
    if mode is not Mode.MANUAL or request is None:
        return None
    return _in_words(await given_back(store, request))


def _in_words(said: Mapping[str, object] | None) -> Stopped:
    if said is None:
        return Stopped(done=False, devices=0, unreached=())
    unreached = said.get("unreached", ())
    names = map(str, unreached) if isinstance(unreached, list | tuple) else ()
    return Stopped(done=True, devices=int(str(said["devices"])), unreached=tuple(names))
