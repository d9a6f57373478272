"""Le bouquet des familles de codes CPV dont un lot doit relever pour qu'une règle le concerne, lues ensemble.

Un code relève de deux ou trois familles sur cinquante. Rangées par petits paquets voisins, celles dont il ne relève pas
écartent leurs règles d'un tir par paquet : le fait ne dit le détail que des paquets où le code a une famille.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.regles.conditions import FamilleCpv
from services.regles.moteur.termes import Atome, Dnf

TAILLE_DE_PAQUET: Final = 6


@dataclass(frozen=True, slots=True)
class Bouquet:
    """Les familles lues sur une donnée du lot, `cle`, paquet par paquet ; chaque famille a sa propriété."""

    cle: str
    paquets: dict[str, dict[str, FamilleCpv]]

    def relever(self, code: str) -> dict[str, int]:
        """Rend les propriétés d'un code : les paquets dont il n'a aucune famille, le détail des autres."""
        proprietes: dict[str, int] = {}
        for paquet, familles in self.paquets.items():
            relevees = {nom: int(famille.contenir(code)) for nom, famille in familles.items()}
            proprietes |= relevees if any(relevees.values()) else {paquet: 0}
        return proprietes

    def lister_proprietes(self) -> list[str]:
        """Rend toutes les propriétés, paquets et familles."""
        return [*self.paquets, *(nom for familles in self.paquets.values() for nom in familles)]

    def traduire(self, famille: FamilleCpv) -> tuple[Dnf, Dnf]:
        """Rend les termes où le code relève de la famille, et ceux où il n'en relève pas."""
        paquet, nom = next(
            (paquet, nom)
            for paquet, familles in self.paquets.items()
            for nom, autre in familles.items()
            if autre == famille
        )
        hors: Dnf = [frozenset({Atome(paquet, "==", 0)}), frozenset({Atome(nom, "==", 0)})]
        return [frozenset({Atome(nom, "==", 1)})], hors


def composer_bouquet(cle: str, familles: Iterable[FamilleCpv]) -> Bouquet:
    """Range les familles par paquets, celles dont les codes se suivent ensemble."""
    rangees = sorted(dict.fromkeys(familles), key=lambda f: (min([*f.gagnants, *f.exacts], default=""), f.nom))
    paquets: dict[str, dict[str, FamilleCpv]] = {}
    for rang, famille in enumerate(rangees):
        paquets.setdefault(f"h{rang // TAILLE_DE_PAQUET}", {})[f"f{rang}"] = famille
    return Bouquet(cle, paquets)
