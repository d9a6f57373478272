"""Des règles du métier aux règles engendrées : ce que le moteur à règles engendrées fera tirer, et pour dire quoi.

Chaque règle du métier se décide en quatre temps. Les gardes (période, conditions d'application que plusieurs règles
partagent) se calculent une fois pour toutes les règles et tous les lots, et écartent d'emblée la plupart des règles.
Le tri dit si les autres concernent, le fond si elles sont respectées, les nuances ce qui excuse ou atténue une
violation. Chaque temps ne soumet que les règles que le précédent a laissées en suspens.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.regles.conditions import Arbre, Feuille, Noeud, parcourir
from services.regles.moteur.termes import Atome, Catalogue, Dnf, Propriete, Terme, traduire_arbre
from services.regles.regle import Regle

# Étiquettes : un bit chacune, réunies en un masque par règle.
HORS, EN_VIGUEUR, SANS_DATE = 1, 2, 4
ECARTEE, RETENUE = 8, 16
RESPECTEE, VIOLEE = 32, 64
ATTENUEE, ENTIERE = 128, 256
PREMIERE_DEROGATION = 9
"""Trois bits par dérogation : invoquée, motivée, non motivée ; puis deux bits par garde : vraie, fausse."""

PARTAGE_MIN = 3
"""Nombre de règles à partir duquel une condition d'application devient une garde, calculée pour toutes."""


@dataclass(frozen=True, slots=True)
class RegleEngendree:
    """Une règle à un antécédent : la règle métier, l'étiquette qu'elle pose, et ses atomes."""

    regle: int
    etiquette: int
    terme: Terme


@dataclass(slots=True)
class Engendrees:
    """Ce qu'engendrent les règles d'un niveau, temps par temps, et les propriétés que lisent les termes.

    Chaque propriété va avec le groupe de dates dont elle lit le cadre ; `lues` réunit les données de l'élément courant
    dont les locales dépendent ; `periodes` associe la propriété à la fenêtre.
    `gardes_de[rang]` compte les gardes de la règle, `triees` réunit celles dont le tri reste à faire.
    """

    gardes: list[RegleEngendree] = field(default_factory=list)
    tri: list[RegleEngendree] = field(default_factory=list)
    fond: list[RegleEngendree] = field(default_factory=list)
    nuances: list[RegleEngendree] = field(default_factory=list)
    communes: dict[str, tuple[int, Propriete]] = field(default_factory=dict)
    locales: dict[str, tuple[int, Propriete]] = field(default_factory=dict)
    lues: set[str] = field(default_factory=set)
    periodes: dict[str, int] = field(default_factory=dict)
    gardes_de: list[int] = field(default_factory=list)
    triees: set[int] = field(default_factory=set)


Cle = tuple[tuple[Terme, ...], tuple[Terme, ...]]
"""Ce qui distingue une condition traduite : ses termes vrais, ses termes faux."""


@dataclass(frozen=True, slots=True)
class _Condition:
    """Une des conditions que `applicable_si` exige ensemble, traduite."""

    arbre: Arbre
    cle: Cle
    commune: bool


def engendrer(regles: Sequence[Regle]) -> Engendrees:
    """Rend ce qu'engendrent les règles d'un niveau.

    Lève MoteurIndisponible si une règle est trop combinatoire.
    """
    groupes = range(1 + max((r.groupe for r in regles), default=0))
    catalogues = [Catalogue(prefixe=f"g{groupe}p") for groupe in groupes]
    conditions = [_lister_conditions(regle, catalogues[regle.groupe]) for regle in regles]
    usages = Counter(condition.cle for siennes in conditions for condition in siennes if condition.commune)
    engendrees = Engendrees()
    for rang, (regle, siennes) in enumerate(zip(regles, conditions, strict=True)):
        _engendrer_gardes(rang, regle, [c.cle for c in siennes if usages[c.cle] >= PARTAGE_MIN], engendrees)
        reste = tuple(c.arbre for c in siennes if usages[c.cle] < PARTAGE_MIN)
        _engendrer_jugement(rang, regle, reste, catalogues[regle.groupe], engendrees)
    for groupe, catalogue in enumerate(catalogues):
        engendrees.communes |= {nom: (groupe, calcul) for nom, calcul in catalogue.communes.items()}
        engendrees.locales |= {nom: (groupe, calcul) for nom, calcul in catalogue.locales.items()}
        engendrees.lues |= catalogue.lues
    return engendrees


def _lister_conditions(regle: Regle, catalogue: Catalogue) -> list[_Condition]:
    conditions: list[_Condition] = []
    for arbre in _deplier(regle.applicable_si) if regle.applicable_si is not None else ():
        vrai, faux = traduire_arbre(arbre, catalogue)
        simple = all(isinstance(noeud, Feuille) for noeud in parcourir(arbre))
        commune = simple and not any(atome.propriete in catalogue.locales for terme in vrai for atome in terme)
        conditions.append(_Condition(arbre, (tuple(vrai), tuple(faux)), commune))
    return conditions


def _deplier(arbre: Arbre) -> list[Arbre]:
    """Rend les conditions qu'un arbre exige ensemble."""
    if isinstance(arbre, Noeud) and arbre.toutes:
        return [condition for enfant in arbre.enfants for condition in _deplier(enfant)]
    return [arbre]


def _engendrer_gardes(rang: int, regle: Regle, gardes: Sequence[Cle], engendrees: Engendrees) -> None:
    periode = f"periode{regle.fenetre}"
    engendrees.periodes[periode] = regle.fenetre
    engendrees.gardes_de.append(len(gardes))
    formes: list[tuple[int, Sequence[Terme]]] = [
        (etiquette, [frozenset({Atome(periode, "==", valeur)})])
        for etiquette, valeur in ((HORS, 0), (EN_VIGUEUR, 1), (SANS_DATE, 2))
    ]
    for numero, (vrai, faux) in enumerate(gardes):
        vraie = 1 << (PREMIERE_DEROGATION + 3 * len(regle.derogations) + 2 * numero)
        formes += [(vraie, vrai), (vraie << 1, faux)]
    engendrees.gardes += [RegleEngendree(rang, etiquette, terme) for etiquette, dnf in formes for terme in dnf]


def _engendrer_jugement(
    rang: int, regle: Regle, reste: tuple[Arbre, ...], catalogue: Catalogue, engendrees: Engendrees
) -> None:
    def poser(temps: list[RegleEngendree], etiquette: int, dnf: Dnf) -> None:
        temps += [RegleEngendree(rang, etiquette, terme) for terme in dnf]

    if reste:
        retenue, ecartee = traduire_arbre(Noeud(True, reste) if len(reste) > 1 else reste[0], catalogue)
        poser(engendrees.tri, RETENUE, retenue)
        poser(engendrees.tri, ECARTEE, ecartee)
        engendrees.triees.add(rang)
    respectee, violee = traduire_arbre(regle.exige, catalogue)
    poser(engendrees.fond, RESPECTEE, respectee)
    poser(engendrees.fond, VIOLEE, violee)
    if regle.alerte_si is not None:
        attenuee, entiere = traduire_arbre(regle.alerte_si, catalogue)
        poser(engendrees.nuances, ATTENUEE, attenuee)
        poser(engendrees.nuances, ENTIERE, entiere)
    for numero, derogation in enumerate(regle.derogations):
        base = 1 << (PREMIERE_DEROGATION + 3 * numero)
        invoquee, _ = traduire_arbre(derogation.si, catalogue)
        motivee, non_motivee = traduire_arbre(derogation.justifie_par, catalogue)
        poser(engendrees.nuances, base, invoquee)
        poser(engendrees.nuances, base << 1, motivee)
        poser(engendrees.nuances, base << 2, non_motivee)
