"""A cluster that Dask manages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from synthesist.engine.stage import Part
from synthesist.engine.worker import made
from synthesist.errors import MissingExtraError, NotFoundError

__all__ = ["Dask"]

RETRIES = 2
WAITING = 2  # parts a thread of the cluster, so that none is idle


@dataclass(frozen=True)
class Dask:
    """The workers of a Dask cluster, by the address of its scheduler, as in tcp://10.0.0.5:8786.

    All machines must have this package and see the folder of the output.
    """

    address: str

    def run(self, folder: Path, parts: Iterable[int]) -> Iterator[Part]:
        """The parts as they are finished.

        Raises:
            NotFoundError: there is no scheduler, or a worker does not see the folder.
        """
        try:
            from distributed import Client, as_completed
        except ImportError:
            raise MissingExtraError("A cluster needs Dask: install 'synthesist[dask]'.") from None
        try:
            client = Client(self.address, set_as_default=False)
        except (OSError, ValueError) as error:
            raise NotFoundError(f"No scheduler of Dask at {self.address}: {error}. Start one, or correct it.") from None
        with client:
            numbers = iter(parts)
            room = WAITING * max(sum(client.nthreads().values()), 1)
            waiting = as_completed(self._submitted(client, folder, islice(numbers, room)), loop=client.loop)
            for future in waiting:
                yield future.result()
                for following in self._submitted(client, folder, islice(numbers, 1)):
                    waiting.add(following)

    def _submitted(self, client: "Client", folder: Path, numbers: Iterable[int]) -> "list[Future]":  # type: ignore[name-defined]  # noqa: F821
        where = str(folder.resolve())
        return [client.submit(made, where, number, pure=False, retries=RETRIES) for number in numbers]
