"""La couverture ternaire : chaque contrôle de chaque règle a-t-il été vu vrai, faux et inconnu par les cas ?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from services.regles.cas import lire_fop_du_cas
from services.regles.conditions import Arbre, Feuille, Noeud, Quantificateur, parcourir
from services.regles.erreurs import FopInvalide
from services.regles.faits import SUPPOSITIONS, etablir_faits
from services.regles.fiches import Fiche
from services.regles.paquet import Paquet
from services.regles.parametres import Parametre
from services.regles.regle import Regle
from services.regles.trace import RESULTATS, Dossier, Resultat, Vu

TOUS: frozenset[Resultat] = frozenset({"vrai", "faux", "inconnu"})
SANS_INCONNU: frozenset[Resultat] = frozenset({"vrai", "faux"})
ORDONNES = frozenset({"au_moins", "plus_de", "au_plus", "moins_de", "a_partir_du", "avant"})
CENTIMES = 2
JAMAIS_ABSENTS = frozenset(
    {"base_legale_dispense", "base_legale_centrale", "base_legale_innovation", "lots_effectifs", *SUPPOSITIONS}
)
"""Faits que l'outil calcule ou suppose toujours."""


@dataclass(slots=True)
class ControleCouvert:
    """Un contrôle, ce qu'on doit en avoir vu, ce que les cas en ont montré."""

    fiche: Fiche
    ordonne: bool
    partie: str
    libelle: str
    exiges: frozenset[Resultat]
    vus: set[Resultat] = field(default_factory=set)
    a_la_borne: bool = False
    pres_de_la_borne: bool = False

    @property
    def manquants(self) -> list[Resultat]:
        """Résultats exigés que nul cas n'a produits."""
        return sorted(self.exiges - self.vus)


@dataclass(frozen=True, slots=True)
class Couverture:
    """La couverture d'un paquet par ses cas."""

    controles: tuple[ControleCouvert, ...]

    @property
    def exiges(self) -> int:
        """Nombre de résultats exigés."""
        return sum(len(controle.exiges) for controle in self.controles)

    @property
    def obtenus(self) -> int:
        """Nombre de résultats exigés et vus."""
        return sum(len(controle.exiges & controle.vus) for controle in self.controles)


def mesurer_couverture(paquet: Paquet) -> Couverture:
    """Examine tous les cas de chaque règle, sans court-circuit, et rend ce que chaque contrôle a montré."""
    return Couverture(tuple(controle for regle in paquet.regles for controle in _couvrir_regle(paquet, regle)))


def _couvrir_regle(paquet: Paquet, regle: Regle) -> list[ControleCouvert]:
    controles: dict[int, ControleCouvert] = {
        id(arbre): ControleCouvert(
            regle.fiche,
            _etre_ordonne(arbre),
            partie,
            decrire_controle(arbre),
            lister_possibles(arbre, paquet.parametres),
        )
        for partie, racine in _nommer_parties(regle)
        for arbre in parcourir(racine)
    }
    for cas in regle.fiche.cas:
        try:
            faits = etablir_faits(lire_fop_du_cas(cas), paquet.acheteurs)
        except FopInvalide:
            continue  # le jeu des cas le dira
        cadrage = paquet.cadrer(faits)
        for rang in range(len(faits.lots)) if regle.niveau_lot else [None]:
            for _, vue in Dossier(regle, faits, cadrage, rang).parties:
                for vu in vue.parcourir():
                    controle = controles.get(id(vu.arbre))
                    if controle is not None:
                        controle.vus.add(RESULTATS[vu.resultat])
                        _noter_bornes(controle, vu)
    return list(controles.values())


def _noter_bornes(controle: ControleCouvert, vu: Vu) -> None:
    """Note si le cas tombe sur la borne, ou juste à côté, du côté où le contrôle change d'avis."""
    if not isinstance(vu.arbre, Feuille) or vu.arbre.operateur.nom not in ORDONNES or vu.valeur is None:
        return
    borne = vu.seuil.valeur if vu.seuil is not None else vu.arbre.constante
    if borne is None:
        return
    if vu.valeur == borne:
        controle.a_la_borne = True
        return
    if isinstance(borne, date):
        proche = abs((vu.valeur - borne).days) <= 1
    else:
        decimales = vu.arbre.lecture.champ.decimales or 0
        pas = Decimal(1).scaleb(-decimales)
        # Un montant se joue au centime ; une part ou une durée, à un pas du champ ou à un vingtième de la borne.
        proche = abs(vu.valeur - borne) <= (pas if decimales == CENTIMES else max(pas, abs(borne) / 20))
    if proche and vu.resultat is not vu.arbre.operateur.comparer(borne, borne):
        controle.pres_de_la_borne = True


def _nommer_parties(regle: Regle) -> Iterator[tuple[str, Arbre]]:
    if regle.applicable_si is not None:
        yield "applicable_si", regle.applicable_si
    yield "exige", regle.exige
    for derogation in regle.derogations:
        yield f"{derogation.fiche.id} si", derogation.si
        yield f"{derogation.fiche.id} justifie_par", derogation.justifie_par
    if regle.alerte_si is not None:
        yield "alerte_si", regle.alerte_si


def lister_possibles(arbre: Arbre, parametres: Mapping[str, Parametre]) -> frozenset[Resultat]:
    """Rend les résultats que l'arbre peut prendre.

    `renseigne`, une donnée supposée, un fait toujours établi ne sont jamais inconnus ; une comparaison à un paramètre
    dont aucune valeur n'est connue ne peut être que cela ; `parmi` toutes les valeurs d'un énuméré n'est jamais faux.
    """
    if isinstance(arbre, Noeud):
        enfants = [lister_possibles(enfant, parametres) for enfant in arbre.enfants]
        neutre: Resultat = "vrai" if arbre.toutes else "faux"
        return _combiner(enfants, neutre)
    if isinstance(arbre, Quantificateur):
        # La liste vide rend toujours la valeur neutre ; la liste absente, l'inconnu.
        neutre = "vrai" if arbre.tous else "faux"
        possibles = {neutre, *lister_possibles(arbre.verifie, parametres)}
        return frozenset(possibles if _etre_toujours_present(arbre) else {*possibles, "inconnu"})
    if arbre.operateur.famille == "presence":
        return SANS_INCONNU
    if arbre.parametre is not None:
        connu = any(ligne.valeur is not None for ligne in parametres[arbre.parametre].valeurs)
        return TOUS if connu else frozenset({"inconnu"})
    exclus: set[Resultat] = {"faux"} if _admettre_tout(arbre) else set()
    if _etre_toujours_present(arbre):
        exclus.add("inconnu")
    return TOUS - exclus


def _admettre_tout(feuille: Feuille) -> bool:
    """Vrai si `parmi` cite toutes les valeurs de l'énuméré : le contrôle ne sert alors qu'à poser la question."""
    return feuille.operateur.nom == "parmi" and set(feuille.lecture.champ.valeurs) == feuille.constante


def _combiner(enfants: list[frozenset[Resultat]], neutre: Resultat) -> frozenset[Resultat]:
    """Les résultats d'une conjonction (`neutre` vrai) ou d'une disjonction (`neutre` faux) de termes indépendants."""
    absorbant: Resultat = "faux" if neutre == "vrai" else "vrai"
    possibles: set[Resultat] = set()
    if all(neutre in enfant for enfant in enfants):
        possibles.add(neutre)
    if any(absorbant in enfant for enfant in enfants):
        possibles.add(absorbant)
    if any("inconnu" in enfant for enfant in enfants) and all(enfant & {neutre, "inconnu"} for enfant in enfants):
        possibles.add("inconnu")
    return frozenset(possibles)


def _etre_toujours_present(arbre: Feuille | Quantificateur) -> bool:
    lecture = arbre.lecture if isinstance(arbre, Feuille) else arbre.liste
    return lecture.defaut is not None or (lecture.portee == "consultation" and lecture.cle in JAMAIS_ABSENTS)


def _etre_ordonne(arbre: Feuille | Quantificateur) -> bool:
    return isinstance(arbre, Feuille) and arbre.operateur.nom in ORDONNES


def decrire_controle(arbre: Feuille | Quantificateur) -> str:
    """Écrit un contrôle en une ligne : `montant_ht < vra.e13.seuil`."""
    if isinstance(arbre, Quantificateur):
        return f"{'pour_chaque' if arbre.tous else 'pour_un'} {arbre.liste.source}"
    borne = arbre.parametre or (arbre.famille.nom if arbre.famille is not None else arbre.constante)
    if isinstance(borne, frozenset):
        borne = "[" + ", ".join(sorted(map(str, borne))) + "]"
    if isinstance(borne, bool):
        borne = "oui" if borne else "non"
    return f"{arbre.lecture.source} {arbre.operateur.nom} {borne}"
