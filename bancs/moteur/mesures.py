"""Mesurer : des passes entrelacées, des médianes ; la mémoire au repos entre deux séries."""

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

_STATM = Path("/proc/self/statm")
RELEVES = 4
"""Relevés de mémoire après celui du début."""


def chronometrer(
    gestes: Mapping[str, Callable[[T], object]], entrees: Sequence[T], passes: int
) -> dict[str, float]:
    """Rend, par geste, les µs par entrée : la médiane de `passes` passes.

    Chaque passe déroule tous les gestes l'un après l'autre (A B C, A B C) : un ralentissement passager de la
    machine les touche tous. La première, de chauffe, n'est pas comptée. Le ramasse-miettes reste en service.
    """
    releves: dict[str, list[float]] = {nom: [] for nom in gestes}
    gc.collect()
    gc.freeze()  # les objets du banc ne doivent pas alourdir chaque ramassage
    try:
        for passe in range(passes + 1):
            for nom, geste in gestes.items():
                debut = perf_counter()
                for entree in entrees:
                    geste(entree)
                if passe:
                    releves[nom].append((perf_counter() - debut) / len(entrees) * 1e6)
    finally:
        gc.unfreeze()
    return {nom: median(temps) for nom, temps in releves.items()}


def suivre_memoire(
    geste: Callable[[T], object], entrees: Sequence[T], nombre: int
) -> Iterator[tuple[int, float]]:
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
