"""The way to Dask: a cluster of processes on this machine, or a scheduler by its address.

Dask is an extra (`pip install smartseille-ems[dask]`); all that needs it is in this package.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from ems.domain.errors import EmsError


class ScaleError(EmsError):
    """Work handed to other processes did not come back."""


try:
    from distributed import Client, LocalCluster
except ImportError as missing:
    raise ScaleError(
        "Dask is not installed", fix="pip install 'smartseille-ems[dask]'"
    ) from missing

LOCAL = "local"
"""In place of an address: processes of this machine for as long as needed."""
CONNECT_S = 10.0
"""A scheduler answers within this time."""


@contextmanager
def connected(scheduler: str, *, workers: int = 2) -> Iterator[Client]:
    """A client of the `scheduler` at an address like tcp://10.0.0.5:8786, or `local`.

    Processes of this machine, `workers` in number, have one thread each; those behind an address
    are taken as they are.

    Raises:
        ScaleError: nobody answers at the address.
    """
    if scheduler == LOCAL:
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
            ) as cluster,
            Client(cluster, direct_to_workers=True) as client,
        ):
            yield client
        return
    with _client_of(scheduler) as client:
        yield client


def _client_of(address: str) -> Client:
    try:
        return Client(address, timeout=CONNECT_S, direct_to_workers=True)
    except (OSError, ValueError) as wrong:
        raise ScaleError(
            f"no Dask scheduler answers at {address}: {wrong}",
            fix="start one with `dask scheduler` and workers with `dask worker ADDRESS`,"
            " or use --scheduler local",
        ) from wrong


def addresses(client: Client) -> list[str]:
    """Of all workers.

    Raises:
        ScaleError: there is none.
    """
    found = sorted(client.scheduler_info(n_workers=-1)["workers"])
    if not found:
        raise ScaleError(
            "the Dask scheduler has no worker", fix="start some with `dask worker ADDRESS`"
        )
    return found
