"""Répartir les règles engendrées en éclats : de petits jeux qui ne peuvent dépasser aucune limite du module C.

Les limites écrites ici (64 conditions en attente, 512 voisines, 256 règles de même fin, 252 propriétés) sont celles de
durable-rules 2.0.28 ; les dépasser le fait planter ou boucler, d'où les bornes plus étroites tenues à la compilation.
"""

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from services.regles.moteur.engendrement import RegleEngendree
from services.regles.moteur.port import MoteurIndisponible
from services.regles.moteur.termes import Atome, Constante, Terme
from services.regles.regle import Regle

_COMPARAISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

PILE_MAX = 60
VOISINES_MAX = 480
MEME_FIN_MAX = 240
PROPRIETES_MAX = 240
PROPRIETES_VISEES = 100
"""Le module C relit tout le fait à chaque préfixe vrai : un éclat lit peu de propriétés. Mesuré plat de 32 à 120."""


def empiler(racine: dict[Atome, Any], terme: Sequence[Atome]) -> None:
    """Ajoute un terme à l'arbre de préfixes où le module C range ses conditions."""
    noeud = racine
    for atome in terme:
        noeud = noeud.setdefault(atome, {})


def mesurer_pile(noeud: Mapping[Atome, Any]) -> int:
    """Rend la plus grande profondeur que la pile du module C peut prendre sur cet arbre, quel que soit le fait."""
    return _empiler_voisines({atome: mesurer_pile(enfants) for atome, enfants in noeud.items()})


def _empiler_voisines(profondeurs: Mapping[Atome, int]) -> int:
    """Rend la profondeur de conditions voisines, chacune avec celle de l'arbre qui la suit.

    Sous chaque préfixe vrai, le module C empile toutes les voisines vraies, dans un ordre qui dépend du fait, puis
    descend dans la dernière : au pire, toutes les autres attendent encore.
    """
    par_propriete: dict[str, list[Atome]] = {}
    for atome in profondeurs:
        par_propriete.setdefault(atome.propriete, []).append(atome)
    groupes = {nom: tuple(atomes) for nom, atomes in par_propriete.items()}
    ensemble = {nom: compter_vraies(atomes) for nom, atomes in groupes.items()}
    largeur = profondeur = sum(ensemble.values())
    for atome, suite in profondeurs.items():
        if suite:
            nom = atome.propriete
            attendent = largeur - ensemble[nom] + compter_vraies(groupes[nom], atome) - 1
            profondeur = max(profondeur, attendent + suite)
    return profondeur


@cache
def compter_vraies(atomes: tuple[Atome, ...], vraie: Atome | None = None) -> int:
    """Rend combien de ces atomes, qui portent sur une même propriété, peuvent être vrais à la fois (`vraie` l'étant).

    >>> compter_vraies((Atome("p", "==", 1), Atome("p", "==", 2), Atome("p", "!=", 1)))
    2
    """
    essais: list[Constante] = [""]  # un texte qu'aucune borne ne vaut
    for atome in atomes:
        borne = atome.constante
        essais += [borne] if isinstance(borne, str) else [borne - 1, borne, borne + 1]
    return max(
        sum(_comparer(essai, atome) for atome in atomes) for essai in essais if vraie is None or _comparer(essai, vraie)
    )


def _comparer(lu: Constante, atome: Atome) -> bool:
    """Compare comme le module C ; un texte n'y rencontre jamais un nombre."""
    if isinstance(lu, str) != isinstance(atome.constante, str):
        return False
    return bool(_COMPARAISONS[atome.symbole](lu, atome.constante))


def ranger(terme: Terme) -> tuple[Atome, ...]:
    """Rend les atomes d'un terme dans un ordre fixe (le même d'une exécution à l'autre).

    Les propriétés vont dans l'ordre où les fiches les lisent : ce que le plus de règles partagent vient en tête, et
    l'arbre de préfixes du module C reste étroit.
    """
    return tuple(sorted(terme, key=_classer))


@cache
def _classer(atome: Atome) -> tuple[int, str, str, str]:
    return len(atome.propriete), atome.propriete, atome.symbole, str(atome.constante)


def repartir(engendrees: Sequence[RegleEngendree], regles: Sequence[Regle]) -> list[list[RegleEngendree]]:
    """Répartit les règles engendrées en éclats qui ne peuvent dépasser aucune limite du module C.

    Une règle métier tient toujours dans un seul éclat, pour qu'une panne ne coupe pas un verdict en deux. Celles qui
    lisent les mêmes propriétés vont ensemble, pour que le fait de chaque éclat reste court.
    Lève MoteurIndisponible si une règle seule dépasse une limite.
    """
    par_regle: dict[int, list[RegleEngendree]] = {}
    for engendree in engendrees:
        par_regle.setdefault(engendree.regle, []).append(engendree)
    rangees = {rang: [ranger(t) for t in dict.fromkeys(e.terme for e in groupe)] for rang, groupe in par_regle.items()}
    lues = {rang: {atome.propriete for terme in termes for atome in terme} for rang, termes in rangees.items()}
    restantes = sorted(par_regle, key=lambda rang: (-len(lues[rang]), rang))
    eclats: list[list[RegleEngendree]] = []
    while restantes:
        premiere = restantes.pop(0)
        gabarit = _Gabarit()
        if not gabarit.admettre(rangees[premiere]):
            raise MoteurIndisponible(f"{regles[premiere].fiche.id} : règle trop combinatoire pour le moteur engendré")
        eclat, vues = list(par_regle[premiere]), set(lues[premiere])
        while restantes:
            voisine = min(restantes, key=lambda rang: (len(lues[rang] - vues), -len(lues[rang]), rang))
            if len(vues | lues[voisine]) > PROPRIETES_VISEES or not gabarit.admettre(rangees[voisine]):
                break
            restantes.remove(voisine)
            eclat += par_regle[voisine]
            vues |= lues[voisine]
        eclats.append(eclat)
    return eclats


class _Gabarit:
    """Ce qu'un éclat prend déjà des limites du module C ; un terme que plusieurs règles partagent compte une fois."""

    def __init__(self) -> None:
        self._racine: dict[Atome, Any] = {}
        self._profondeurs: dict[Atome, int] = {}
        self._termes: set[tuple[Atome, ...]] = set()
        self._fins: Counter[Atome] = Counter()
        self._atomes: set[Atome] = set()

    def admettre(self, termes: Sequence[tuple[Atome, ...]]) -> bool:
        """Ajoute les termes d'une règle et dit si l'éclat tient encore ; sinon, il ne doit plus servir."""
        neufs = [terme for terme in termes if terme and terme not in self._termes]
        for terme in neufs:
            self._termes.add(terme)
            empiler(self._racine, terme)
            self._atomes.update(terme)
            self._fins[terme[-1]] += 1
        for premier in {terme[0] for terme in neufs}:
            self._profondeurs[premier] = mesurer_pile(self._racine[premier])
        return (
            len(self._atomes) <= VOISINES_MAX
            and max(self._fins.values(), default=0) <= MEME_FIN_MAX
            and len({atome.propriete for atome in self._atomes}) <= PROPRIETES_MAX
            and _empiler_voisines(self._profondeurs) <= PILE_MAX - 1  # une place pour le battement
        )


def verifier_collisions(noms: Iterable[str]) -> None:
    """Refuse deux noms de propriété que le module C confondrait : il ne compare que des empreintes FNV de 32 bits.

    Lève MoteurIndisponible.
    """
    tous = [*noms, "hb", "k", "sid", "id"]
    for calculer in (_hacher_fnv1, _hacher_fnv1a):
        vus: dict[int, str] = {}
        for nom in tous:
            empreinte = calculer(nom)
            if vus.setdefault(empreinte, nom) != nom:
                raise MoteurIndisponible(f"propriétés indiscernables pour le module C : {vus[empreinte]} et {nom}")


def _hacher_fnv1(nom: str) -> int:
    empreinte = 2166136261
    for octet in nom.encode():
        empreinte = (empreinte * 16777619) & 0xFFFFFFFF ^ octet
    return empreinte


def _hacher_fnv1a(nom: str) -> int:
    empreinte = 2166136261
    for octet in nom.encode():
        empreinte = ((empreinte ^ octet) * 16777619) & 0xFFFFFFFF
    return empreinte
