"""Mesurer : des passes entrelacées, des médianes ; la mémoire au repos entre deux séries."""

import gc
import os
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
C = TypeVar("C", bound=Hashable)

_STATM = Path("/proc/self/statm")
RELEVES = 4
"""Relevés de mémoire après celui du début."""


class Serie(NamedTuple):
    """Un geste à chronométrer, et ce sur quoi le faire."""

    geste: Callable[[Any], object]
    entrees: Sequence[Any]


def chronometrer(series: Mapping[C, Serie], passes: int) -> dict[C, list[float]]:
    """Rend, par série et par passe, les µs par entrée.

    Chaque passe déroule toutes les séries l'une après l'autre (A B C, A B C) : un ralentissement passager de
    la machine les touche toutes, et le rapport de deux séries se lit passe par passe. La première passe, de
    chauffe, n'est pas rendue. Le ramasse-miettes reste en service.
    """
    releves: dict[C, list[float]] = {cle: [] for cle in series}
    gc.collect()
    gc.freeze()  # les objets du banc ne doivent pas alourdir chaque ramassage
    try:
        for passe in range(passes + 1):
            for cle, (geste, entrees) in series.items():
                debut = perf_counter()
                for entree in entrees:
                    geste(entree)
                if passe:
                    releves[cle].append((perf_counter() - debut) / len(entrees) * 1e6)
    finally:
        gc.unfreeze()
    return releves


def suivre_memoire(geste: Callable[[T], object], entrees: Sequence[T], nombre: int) -> Iterator[tuple[int, float]]:
    """Fait le geste `nombre` fois ; rend les gestes faits et les Mio résidents, après chauffe puis par quart.

    Rien n'est rendu là où le système ne dit pas la mémoire résidente d'un processus par `/proc`.
    """
    if not _STATM.exists():
        return
    suite = cycle(entrees)
    for entree in islice(suite, 2 * len(entrees)):
        geste(entree)
    yield 0, _lire_memoire()
    faits = 0
    for releve in range(1, RELEVES + 1):
        voulus = nombre * releve // RELEVES
        for entree in islice(suite, voulus - faits):
            geste(entree)
        faits = voulus
        yield faits, _lire_memoire()


def _lire_memoire() -> float:
    """La mémoire résidente, en Mio, sans ce qui n'attend que d'être ramassé."""
    gc.collect()
    pages = int(_STATM.read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
