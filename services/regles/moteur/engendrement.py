"""Des règles du métier aux règles engendrées : ce que le moteur à règles engendrées fera tirer, et pour dire quoi.

Chaque règle du métier se décide en quatre temps. Les gardes (période, conditions d'application que plusieurs règles
partagent) se calculent une fois pour toutes les règles et tous les lots, et écartent d'emblée la plupart des règles.
Le tri dit si les autres concernent, le fond si elles sont respectées, les nuances ce qui excuse ou atténue une
violation. Chaque temps ne soumet que les règles que le précédent a laissées en suspens.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.regles.conditions import Arbre, FamilleCpv, Feuille, Noeud, parcourir
from services.regles.moteur.bouquet import Bouquet, composer_bouquet
from services.regles.moteur.termes import (
    VRAI,
    Atome,
    Catalogue,
    Dnf,
    Propriete,
    Terme,
    absorber,
    croiser,
    traduire_arbre,
)
from services.regles.regle import Regle

# Étiquettes : un bit chacune, réunies en un masque par règle.
HORS, EN_VIGUEUR, SANS_DATE = 1, 2, 4
ECARTEE, RETENUE = 8, 16
RESPECTEE, VIOLEE = 32, 64
ATTENUEE, ENTIERE = 128, 256
PREMIERE_DEROGATION = 9
"""Trois bits par dérogation : invoquée, motivée, non motivée ; puis deux bits par garde : vraie, fausse."""

CPV_DU_LOT = "cpv"
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

    Les familles dont le code CPV du lot doit relever sont dans `bouquet` ; les autres propriétés, dans `communes` (les
    mêmes pour tous les lots) et `locales`, vont avec le groupe de dates dont elles lisent le cadre. `periodes` associe
    sa propriété à chaque fenêtre ; `lues` réunit les données de l'élément courant dont un verdict dépend.
    `gardes_de[rang]` compte les gardes de la règle, `triees` réunit celles dont le tri reste à faire.
    """

    bouquet: Bouquet
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
    """Une des conditions que `applicable_si` exige ensemble, traduite.

    `famille` est celle dont le code CPV du lot doit relever, si la condition ne dit que cela.
    """

    cle: Cle
    commune: bool
    famille: FamilleCpv | None


def engendrer(regles: Sequence[Regle]) -> Engendrees:
    """Rend ce qu'engendrent les règles d'un niveau.

    Lève MoteurIndisponible si une règle est trop combinatoire.
    """
    groupes = range(1 + max((r.groupe for r in regles), default=0))
    catalogues = [Catalogue(prefixe=f"g{groupe}p" if groupe else "p") for groupe in groupes]
    conditions = [_lister_conditions(regle, catalogues[regle.groupe]) for regle in regles]
    usages = Counter(condition.cle for siennes in conditions for condition in siennes if condition.commune)
    familles = (c.famille for siennes in conditions for c in siennes if c.famille is not None)
    engendrees = Engendrees(composer_bouquet(CPV_DU_LOT, familles))
    for rang, (regle, siennes) in enumerate(zip(regles, conditions, strict=True)):
        gardes = [condition for condition in siennes if usages[condition.cle] >= PARTAGE_MIN]
        reste = [condition for condition in siennes if usages[condition.cle] < PARTAGE_MIN]
        _engendrer_gardes(rang, regle, gardes, engendrees)
        _engendrer_tri(rang, reste, engendrees)
        _engendrer_jugement(rang, regle, catalogues[regle.groupe], engendrees)
    for groupe, catalogue in enumerate(catalogues):
        engendrees.communes |= {nom: (groupe, calcul) for nom, calcul in catalogue.communes.items()}
        engendrees.locales |= {nom: (groupe, calcul) for nom, calcul in catalogue.locales.items()}
        engendrees.lues |= catalogue.lues
    return engendrees


def _lister_conditions(regle: Regle, catalogue: Catalogue) -> list[_Condition]:
    conditions: list[_Condition] = []
    for arbre in _deplier(regle.applicable_si) if regle.applicable_si is not None else ():
        famille = _trouver_famille(arbre)
        if famille is not None:
            conditions.append(_Condition(((), ()), False, famille))
            continue
        vrai, faux = traduire_arbre(arbre, catalogue)
        simple = all(isinstance(noeud, Feuille) for noeud in parcourir(arbre))
        commune = simple and not any(atome.propriete in catalogue.locales for terme in vrai for atome in terme)
        conditions.append(_Condition((tuple(vrai), tuple(faux)), commune, None))
    return conditions


def _trouver_famille(arbre: Arbre) -> FamilleCpv | None:
    if not isinstance(arbre, Feuille) or arbre.operateur.nom != "commence_par":
        return None
    lecture = arbre.lecture
    du_lot = lecture.portee == "element" and lecture.cle == CPV_DU_LOT and lecture.defaut is None
    return arbre.famille if du_lot else None


def _deplier(arbre: Arbre) -> list[Arbre]:
    """Rend les conditions qu'un arbre exige ensemble."""
    if isinstance(arbre, Noeud) and arbre.toutes:
        return [condition for enfant in arbre.enfants for condition in _deplier(enfant)]
    return [arbre]


def _engendrer_gardes(rang: int, regle: Regle, gardes: Sequence[_Condition], engendrees: Engendrees) -> None:
    periode = f"d{regle.fenetre}"
    engendrees.periodes[periode] = regle.fenetre
    engendrees.gardes_de.append(len(gardes))
    formes: list[tuple[int, Sequence[Terme]]] = [
        (etiquette, [frozenset({Atome(periode, "==", valeur)})])
        for etiquette, valeur in ((HORS, 0), (EN_VIGUEUR, 1), (SANS_DATE, 2))
    ]
    for numero, garde in enumerate(gardes):
        vrai, faux = garde.cle
        vraie = 1 << (PREMIERE_DEROGATION + 3 * len(regle.derogations) + 2 * numero)
        formes += [(vraie, vrai), (vraie << 1, faux)]
    engendrees.gardes += [RegleEngendree(rang, etiquette, terme) for etiquette, dnf in formes for terme in dnf]


def _poser(temps: list[RegleEngendree], rang: int, etiquette: int, dnf: Dnf) -> None:
    temps += [RegleEngendree(rang, etiquette, terme) for terme in dnf]


def _engendrer_tri(rang: int, reste: Sequence[_Condition], engendrees: Engendrees) -> None:
    if not reste:
        return
    retenue, ecartee = VRAI, list[Terme]()
    for condition in reste:
        vrai, faux = map(list, condition.cle)
        if condition.famille is not None:
            vrai, faux = engendrees.bouquet.traduire(condition.famille)
            engendrees.lues.add(CPV_DU_LOT)
        retenue, ecartee = croiser(retenue, vrai), absorber([*ecartee, *faux])
    _poser(engendrees.tri, rang, RETENUE, retenue)
    _poser(engendrees.tri, rang, ECARTEE, ecartee)
    engendrees.triees.add(rang)


def _engendrer_jugement(rang: int, regle: Regle, catalogue: Catalogue, engendrees: Engendrees) -> None:
    respectee, violee = traduire_arbre(regle.exige, catalogue)
    _poser(engendrees.fond, rang, RESPECTEE, respectee)
    _poser(engendrees.fond, rang, VIOLEE, violee)
    if regle.alerte_si is not None:
        attenuee, entiere = traduire_arbre(regle.alerte_si, catalogue)
        _poser(engendrees.nuances, rang, ATTENUEE, attenuee)
        _poser(engendrees.nuances, rang, ENTIERE, entiere)
    for numero, derogation in enumerate(regle.derogations):
        base = 1 << (PREMIERE_DEROGATION + 3 * numero)
        invoquee, _ = traduire_arbre(derogation.si, catalogue)
        motivee, non_motivee = traduire_arbre(derogation.justifie_par, catalogue)
        _poser(engendrees.nuances, rang, base, invoquee)
        _poser(engendrees.nuances, rang, base << 1, motivee)
        _poser(engendrees.nuances, rang, base << 2, non_motivee)
