"""Ce qu'un moteur reçoit et rend, quel qu'il soit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from services.regles.erreurs import ErreurVerifop
from services.regles.fiches import NomVerdict
from services.regles.regle import Regle
from services.regles.trivalent import Trivalent

Donnees = dict[str, Any]
Environnement = tuple[Donnees, Donnees, Donnees]
"""Ce que lit une feuille : les faits de la consultation, ceux de l'élément, ceux du cadre (paramètres, date)."""

AUCUN_ELEMENT: Sequence[Donnees] = ({},)
"""Le niveau consultation se juge une fois, sans élément courant."""

CONSULTATION, ELEMENT, CADRE = 0, 1, 2
RANG_DE_PORTEE = {"consultation": CONSULTATION, "element": ELEMENT, "cadre": CADRE}


class Issue(NamedTuple):
    """Le verdict d'une règle sur la consultation ou sur un lot.

    `derogation` est le rang de l'exception invoquée (-1 : aucune) ; avec `ecart` ou `alerte`, elle est invoquée sans
    être motivée.
    """

    verdict: NomVerdict
    derogation: int = -1


HORS_PERIODE = Issue("hors_periode")
NON_APPLICABLE = Issue("non_applicable")
CONFORME = Issue("conforme")
ECART = Issue("ecart")
ALERTE = Issue("alerte")
INDETERMINE = Issue("indetermine")
ERREUR = Issue("erreur")


@dataclass(frozen=True, slots=True)
class Situation:
    """Une FOP prête à être jugée.

    `cadres[groupe]` porte la date de référence et les paramètres en vigueur, `periodes[fenetre]` dit si la règle est en
    vigueur (vrai, faux, ou inconnu quand la date manque).
    """

    consultation: Donnees
    lots: Sequence[Donnees]
    cadres: Sequence[Donnees]
    periodes: Sequence[Trivalent]


@dataclass(frozen=True, slots=True)
class Jugement:
    """Une issue par règle de niveau consultation, puis, lot par lot, une issue par règle de niveau lot.

    Les issues suivent l'ordre des règles du paquet ; `desaccords` compte les règles sur lesquelles les deux moteurs
    n'ont pas rendu la même issue.
    """

    consultation: tuple[Issue, ...]
    lots: tuple[tuple[Issue, ...], ...]
    desaccords: int = 0


class Moteur(Protocol):
    """Juge des situations avec un jeu de règles compilé une fois."""

    nom: str

    def juger(self, situation: Situation) -> Jugement:
        """Rend le jugement. Une panne donne l'issue `erreur` sur les règles touchées ; ne lève rien."""
        ...

    def fermer(self) -> None:
        """Libère ce que le moteur retient ; il ne doit plus servir ensuite."""
        ...


class MoteurIndisponible(ErreurVerifop):
    """Le moteur demandé ne peut pas être construit sur cette machine ou avec ces règles."""


def separer_par_niveau(regles: Sequence[Regle]) -> tuple[list[Regle], list[Regle]]:
    """Rend les règles de niveau consultation, puis celles de niveau lot, chacune dans l'ordre du paquet."""
    return [r for r in regles if not r.niveau_lot], [r for r in regles if r.niveau_lot]
