"""Les opérateurs du langage des règles : un petit ensemble fermé.

Chaque opérateur dit à quels genres de données il s'applique, ce qu'il attend comme opérande et, pour les comparaisons
simples, son contraire exact. Ajouter un opérateur : une ligne ici, sa traduction dans chacun des deux moteurs, ses cas,
sa page (`docs/langage.md`).
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Famille = Literal["comparaison", "appartenance", "prefixe", "contenance", "presence", "taille"]
Attente = Literal["valeur", "nombre", "date", "valeurs", "prefixes", "booleen", "entier"]


@dataclass(frozen=True, slots=True)
class Operateur:
    """Un opérateur : son nom, les genres qu'il accepte, l'opérande attendue, comment il se calcule.

    `comparer(lu, borne)` calcule l'opérateur ; pour un préfixe, `lu` dit si le code est de la famille et la borne est
    vrai. `symbole` est l'écriture lisible dans une trace, `contraire` celui de la négation, dont le moteur engendré a
    besoin pour une comparaison simple.
    """

    nom: str
    famille: Famille
    genres: frozenset[str]
    attente: Attente
    symbole: str
    contraire: str
    comparer: Callable[[Any, Any], bool]


def _declarer(
    nom: str,
    famille: Famille,
    genres: str,
    attente: Attente,
    symbole: str,
    contraire: str,
    comparer: Callable[[Any, Any], bool],
) -> Operateur:
    return Operateur(nom, famille, frozenset(genres.split()), attente, symbole, contraire, comparer)


def _etre_dans(lu: Any, valeurs: Any) -> bool:
    return lu in valeurs


def _etre_hors(lu: Any, valeurs: Any) -> bool:
    return lu not in valeurs


_SCALAIRES = "booleen nombre enumere texte cpv"

OPERATEURS: dict[str, Operateur] = {
    o.nom: o
    for o in (
        _declarer("egal", "comparaison", _SCALAIRES, "valeur", "==", "!=", operator.eq),
        _declarer("different", "comparaison", _SCALAIRES, "valeur", "!=", "==", operator.ne),
        _declarer("au_moins", "comparaison", "nombre", "nombre", ">=", "<", operator.ge),
        _declarer("plus_de", "comparaison", "nombre", "nombre", ">", "<=", operator.gt),
        _declarer("au_plus", "comparaison", "nombre", "nombre", "<=", ">", operator.le),
        _declarer("moins_de", "comparaison", "nombre", "nombre", "<", ">=", operator.lt),
        _declarer("a_partir_du", "comparaison", "date", "date", ">=", "<", operator.ge),
        _declarer("avant", "comparaison", "date", "date", "<", ">=", operator.lt),
        _declarer("parmi", "appartenance", "nombre enumere texte cpv", "valeurs", "parmi", "hors", _etre_dans),
        _declarer("hors", "appartenance", "nombre enumere texte cpv", "valeurs", "hors", "parmi", _etre_hors),
        _declarer("commence_par", "prefixe", "cpv texte", "prefixes", "commence par", "", operator.is_),
        _declarer("ne_commence_par", "prefixe", "cpv texte", "prefixes", "ne commence pas par", "", operator.is_not),
        _declarer("contient", "contenance", "liste", "valeur", "contient", "", operator.contains),
        _declarer("renseigne", "presence", f"{_SCALAIRES} date liste", "booleen", "renseigné", "", operator.eq),
        _declarer("nombre_egal", "taille", "liste", "entier", "==", "!=", operator.eq),
        _declarer("nombre_au_moins", "taille", "liste", "entier", ">=", "<", operator.ge),
        _declarer("nombre_au_plus", "taille", "liste", "entier", "<=", ">", operator.le),
    )
}
