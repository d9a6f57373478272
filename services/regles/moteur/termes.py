"""De l'arbre aux termes : la forme normale disjonctive que le moteur à règles engendrées sait calculer.

Un terme est un ensemble d'atomes `propriété op constante`. Chaque feuille devient un atome sur une propriété plate et
déjà normalisée (entier, texte court) ; les négations descendent aux feuilles ; les quantificateurs, préfixes, tailles
et comparaisons à un paramètre sont réduits en propriétés par la fermeture qui les calcule.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple

from services.regles.conditions import Arbre, Feuille, Lecture, Noeud, Quantificateur
from services.regles.moteur.direct import compiler, compiler_lecture
from services.regles.moteur.port import CADRE, Environnement, MoteurIndisponible

Constante = int | str
Propriete = Callable[[Environnement], Constante | None]
CODES_GARDES = 1024
"""Codes CPV dont on retient, par contrôle, s'ils relèvent de la famille."""
TERMES_MAX = 400
VALEURS_EN_TERMES = 2
"""Au-delà, `parmi` et `hors` se réduisent en une propriété : trop de termes sinon."""


class Atome(NamedTuple):
    """Une comparaison d'une propriété à une constante. Un tuple : on en compare des centaines de milliers."""

    propriete: str
    symbole: str
    constante: Constante


Terme = frozenset[Atome]
Dnf = list[Terme]
VRAI: Dnf = [frozenset()]


@dataclass(slots=True)
class Catalogue:
    """Les propriétés engendrées pour un jeu de règles : un nom court par lecture distincte, et comment la calculer.

    `lues` réunit les données de l'élément courant dont dépend une propriété locale.
    """

    prefixe: str = "p"
    noms: dict[Any, str] = field(default_factory=dict)
    communes: dict[str, Propriete] = field(default_factory=dict)
    locales: dict[str, Propriete] = field(default_factory=dict)
    lues: set[str] = field(default_factory=set)

    def nommer(self, cle: Any, lecture: Lecture, calcul: Callable[[], Propriete]) -> str:
        """Rend le nom de la propriété `cle`, créée à la première demande.

        `lecture` dit si elle dépend de l'élément courant (locale) ou vaut pour tous les lots (commune).
        """
        nom = self.noms.get(cle)
        if nom is None:
            nom = f"{self.prefixe}{len(self.noms)}"
            self.noms[cle] = nom
            if lecture.portee == "element":
                self.locales[nom] = calcul()
                self.lues.add(lecture.cle)
            else:
                self.communes[nom] = calcul()
        return nom


def traduire_arbre(arbre: Arbre, catalogue: Catalogue) -> tuple[Dnf, Dnf]:
    """Rend les termes où l'arbre est vrai, et ceux où il est faux ; ailleurs il est inconnu.

    Lève MoteurIndisponible si l'arbre est trop combinatoire.
    """
    if isinstance(arbre, Noeud):
        paires = [traduire_arbre(enfant, catalogue) for enfant in arbre.enfants]
        if not arbre.toutes:
            paires = [(faux, vrai) for vrai, faux in paires]
        croises, reunis = paires[0]
        for vrai, faux in paires[1:]:
            croises, reunis = croiser(croises, vrai), absorber([*reunis, *faux])
        return (croises, reunis) if arbre.toutes else (reunis, croises)
    if isinstance(arbre, Quantificateur):
        nom = catalogue.nommer(("quantificateur", arbre), arbre.liste, lambda: _reduire(arbre))
        return [frozenset({Atome(nom, "==", 1)})], [frozenset({Atome(nom, "==", 0)})]
    return _traduire_feuille(arbre, catalogue)


def croiser(gauche: Dnf, droite: Dnf) -> Dnf:
    """Rend la conjonction de deux formes, sans terme contradictoire ni superflu."""
    if len(gauche) * len(droite) > TERMES_MAX * 8:
        raise MoteurIndisponible("règle trop combinatoire : la découper en règles plus simples")
    produit = absorber(terme | autre for terme in gauche for autre in droite)
    if len(produit) > TERMES_MAX:
        raise MoteurIndisponible("règle trop combinatoire : la découper en règles plus simples")
    return produit


def absorber(termes: Iterable[Terme]) -> Dnf:
    """Retire les termes contradictoires et ceux qu'un terme plus court implique."""
    gardes: Dnf = []
    for terme in sorted(set(termes), key=lambda t: (len(t), sorted(map(_classer, t)))):
        if _etre_coherent(terme) and not any(autre <= terme for autre in gardes):
            gardes.append(terme)
    return gardes


@cache
def _classer(atome: Atome) -> tuple[str, str, str]:
    """Un ordre fixe entre atomes, que leurs constantes soient des nombres ou des textes."""
    return atome.propriete, atome.symbole, repr(atome.constante)


def _etre_coherent(terme: Terme) -> bool:
    egales: dict[str, Constante] = {}
    for atome in terme:
        if atome.symbole == "==" and egales.setdefault(atome.propriete, atome.constante) != atome.constante:
            return False
    return not any(a.symbole == "!=" and egales.get(a.propriete) == a.constante for a in terme)


def mettre_a_l_echelle(valeur: Any, decimales: int) -> Constante | None:
    """Rend l'entier ou le texte court qui représente exactement la valeur ; None si elle est absente.

    Les montants deviennent des centimes, les dates des ordinaux, les booléens 0 ou 1 : aucun flottant n'atteint le
    moteur engendré.
    """
    if valeur is None or type(valeur) is str:
        return valeur
    if isinstance(valeur, bool):
        return int(valeur)
    if isinstance(valeur, Decimal):
        return int(valeur.scaleb(decimales))
    if isinstance(valeur, date):
        return valeur.toordinal()
    if isinstance(valeur, int):
        return valeur * int(10**decimales)
    return str(valeur)


def _reduire(arbre: Arbre) -> Propriete:
    calculer = compiler(arbre)

    def reduire(environnement: Environnement) -> Constante | None:
        resultat = calculer(environnement)
        return None if resultat is None else int(resultat)

    return reduire


def _reduire_famille(feuille: Feuille) -> Propriete:
    """L'appartenance à une famille de codes CPV ; les codes déjà vus sont retenus."""
    assert feuille.famille is not None
    lire, comparer, contenir = compiler_lecture(feuille.lecture), feuille.operateur.comparer, feuille.famille.contenir
    classer = lru_cache(maxsize=CODES_GARDES)(lambda code: int(comparer(contenir(code), True)))

    def reduire_famille(environnement: Environnement) -> Constante | None:
        code = lire(environnement)
        return None if code is None else classer(code)

    return reduire_famille


def _lire_normalise(feuille: Feuille) -> Propriete:
    lire, decimales = compiler_lecture(feuille.lecture), feuille.lecture.champ.decimales or 0

    def lire_normalise(environnement: Environnement) -> Constante | None:
        return mettre_a_l_echelle(lire(environnement), decimales)

    return lire_normalise


def _ecarter_du_parametre(feuille: Feuille) -> Propriete:
    """La différence entière entre la donnée et le paramètre, absente si l'un des deux manque."""
    lire, decimales = compiler_lecture(feuille.lecture), feuille.lecture.champ.decimales or 0
    assert feuille.parametre is not None
    cle = feuille.parametre

    def ecarter(environnement: Environnement) -> Constante | None:
        valeur, seuil = lire(environnement), environnement[CADRE].get(cle)
        if valeur is None or seuil is None:
            return None
        return int(Decimal(valeur - seuil).scaleb(decimales))

    return ecarter


def _traduire_feuille(feuille: Feuille, catalogue: Catalogue) -> tuple[Dnf, Dnf]:
    operateur, lecture = feuille.operateur, feuille.lecture
    identite = (lecture.portee, lecture.cle, lecture.champ.chemin, repr(lecture.defaut))
    # Un texte libre peut dépasser ce que le module C sait comparer : il se réduit en oui ou non.
    if operateur.famille == "comparaison" and lecture.champ.genre != "texte":
        if feuille.parametre is not None:
            nom = catalogue.nommer(
                ("ecart", identite, feuille.parametre), lecture, lambda: _ecarter_du_parametre(feuille)
            )
            borne: Constante = 0
        else:
            nom = catalogue.nommer(("valeur", identite), lecture, lambda: _lire_normalise(feuille))
            normalisee = mettre_a_l_echelle(feuille.constante, lecture.champ.decimales or 0)
            assert normalisee is not None  # une feuille sans paramètre a une constante
            borne = normalisee
        vrai, faux = Atome(nom, operateur.symbole, borne), Atome(nom, operateur.contraire, borne)
        return [frozenset({vrai})], [frozenset({faux})]
    courte = operateur.famille == "appartenance" and len(feuille.constante) <= VALEURS_EN_TERMES
    if courte and lecture.champ.genre != "texte":
        nom = catalogue.nommer(("valeur", identite), lecture, lambda: _lire_normalise(feuille))
        bornes = sorted(
            (
                b
                for b in (mettre_a_l_echelle(v, lecture.champ.decimales or 0) for v in feuille.constante)
                if b is not None
            ),
            key=str,
        )
        dedans: Dnf = [frozenset({Atome(nom, "==", borne)}) for borne in bornes]
        dehors: Dnf = [frozenset(Atome(nom, "!=", borne) for borne in bornes)]
        return (dedans, dehors) if operateur.nom == "parmi" else (dehors, dedans)
    cle = (
        operateur.famille,
        identite,
        operateur.nom,
        feuille.constante,
        feuille.famille,
    )
    reduire = _reduire_famille if feuille.famille is not None else _reduire
    nom = catalogue.nommer(cle, lecture, lambda: reduire(feuille))
    return [frozenset({Atome(nom, "==", 1)})], [frozenset({Atome(nom, "==", 0)})]
