"""L'explication : ce que chaque contrôle a lu, à quoi il l'a comparé, ce qu'il en a conclu.

L'arbre est parcouru en entier, sans court-circuit : l'examen sert au rapport (trace, données à demander), au contrôle
des cas et à la couverture. Il ne décide rien : les moteurs décident.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from services.regles.champs import CHAMPS
from services.regles.conditions import Arbre, Feuille, Lecture, Noeud, Quantificateur
from services.regles.faits import CALCULS, Faits, trouver_demande
from services.regles.paquet import Cadrage
from services.regles.parametres import ValeurDatee
from services.regles.regle import Regle
from services.regles.trivalent import Trivalent, conjuguer, disjoindre

Provenance = Literal["saisi", "herite", "calcule", "suppose", "simule", "absent"]
Resultat = Literal["vrai", "faux", "inconnu"]
RESULTATS: dict[Trivalent, Resultat] = {True: "vrai", False: "faux", None: "inconnu"}


@dataclass(slots=True)
class Vu:
    """Un nœud examiné : son résultat, la donnée lue et son chemin, ses enfants."""

    arbre: Arbre
    resultat: Trivalent
    chemin: str = ""
    demande: str = ""
    valeur: Any = None
    provenance: Provenance = "absent"
    seuil: ValeurDatee | None = None
    enfants: tuple["Vu", ...] = ()

    def parcourir(self) -> Iterator["Vu"]:
        """Rend ce nœud et tous ceux qu'il contient, dans l'ordre de lecture."""
        yield self
        for enfant in self.enfants:
            yield from enfant.parcourir()


def proteger(numero: str) -> str:
    """Rend le numéro d'un lot sans le crochet qui fermerait son chemin trop tôt."""
    return numero.replace("]", "⟧")


@dataclass(frozen=True, slots=True)
class Lieu:
    """Où l'on est dans la FOP : l'élément courant, le début de son chemin, la provenance de ses données."""

    element: dict[str, Any]
    chemin: str
    provenances: dict[str, Any]

    def nommer(self, cle: str) -> str:
        return f"{self.chemin}.{cle}" if self.chemin else cle


_DEMANDES = {chemin: trouver_demande(chemin) for chemin in (*CHAMPS, *CALCULS)}
"""La donnée à demander, par chemin du schéma : calculée une fois, lue à chaque contrôle examiné."""


class Examen:
    """Examine les arbres d'une règle sur les faits d'une FOP (et sur un lot, pour une règle de niveau lot)."""

    def __init__(self, regle: Regle, faits: Faits, cadrage: Cadrage, rang_lot: int | None) -> None:
        self._faits = faits
        self._cadre = cadrage.cadres[regle.groupe]
        self._seuils = cadrage.valeurs[regle.groupe]
        self._lieu = self._situer_lot(rang_lot) if rang_lot is not None else Lieu({}, "", {})

    def _situer_lot(self, rang: int) -> Lieu:
        numero = self._faits.numeros[rang]
        chemin = "" if numero is None else f"lots[{proteger(numero)}]"
        return Lieu(self._faits.lots[rang], chemin, self._faits.provenances_lots[rang])

    def examiner(self, arbre: Arbre, lieu: Lieu | None = None) -> Vu:
        """Rend l'arbre examiné en entier."""
        ici = self._lieu if lieu is None else lieu
        if isinstance(arbre, Noeud):
            enfants = tuple([self.examiner(enfant, ici) for enfant in arbre.enfants])
            resultats = [enfant.resultat for enfant in enfants]
            return Vu(arbre, conjuguer(resultats) if arbre.toutes else disjoindre(resultats), enfants=enfants)
        if isinstance(arbre, Quantificateur):
            return self._examiner_liste(arbre, ici)
        return self._examiner_feuille(arbre, ici)

    def _lire(self, lecture: Lecture, lieu: Lieu) -> tuple[Any, str, str, Provenance]:
        cle, demande = lecture.cle, _DEMANDES[lecture.champ.chemin]
        donnees, provenances, chemin = self._faits.consultation, self._faits.provenances, cle
        if lecture.portee == "element":
            donnees, provenances, chemin = lieu.element, lieu.provenances, lieu.nommer(cle)
            demande = lieu.nommer(demande.rpartition("[].")[2])
        elif lecture.portee == "cadre":
            donnees = self._cadre
        valeur = donnees.get(cle)
        if valeur is None:
            return lecture.defaut, chemin, demande, "absent" if lecture.defaut is None else "suppose"
        provenance: Provenance = provenances.get(cle, "calcule" if lecture.champ.chemin in CALCULS else "saisi")
        return valeur, chemin, demande, provenance

    def _examiner_liste(self, arbre: Quantificateur, lieu: Lieu) -> Vu:
        elements, chemin, demande, provenance = self._lire(arbre.liste, lieu)
        if elements is None:
            return Vu(arbre, None, chemin, demande)
        enfants = tuple(
            self.examiner(arbre.verifie, self._situer_element(arbre.liste, chemin, rang, element))
            for rang, element in enumerate(elements)
        )
        resultats = [enfant.resultat for enfant in enfants]
        resultat = conjuguer(resultats) if arbre.tous else disjoindre(resultats)
        return Vu(arbre, resultat, chemin, demande, elements, provenance, enfants=enfants)

    def _situer_element(self, liste: Lecture, chemin: str, rang: int, element: dict[str, Any]) -> Lieu:
        if liste.cle in ("lots_effectifs", "lots") and liste.portee == "consultation":
            return self._situer_lot(rang)
        return Lieu(element, f"{chemin}[{rang + 1}]", {})

    def _examiner_feuille(self, feuille: Feuille, lieu: Lieu) -> Vu:
        valeur, chemin, demande, provenance = self._lire(feuille.lecture, lieu)
        seuil = self._seuils.get(feuille.parametre) if feuille.parametre is not None else None
        resultat = self._comparer(feuille, valeur, seuil)
        return Vu(feuille, resultat, chemin, demande, valeur, provenance, seuil)

    @staticmethod
    def _comparer(feuille: Feuille, valeur: Any, seuil: ValeurDatee | None) -> Trivalent:
        operateur = feuille.operateur
        if operateur.famille == "presence":
            return (valeur is not None) is feuille.constante
        if valeur is None:
            return None
        if feuille.parametre is not None:
            return None if seuil is None else operateur.comparer(valeur, seuil.valeur)
        if feuille.famille is not None:
            return operateur.comparer(feuille.famille.contenir(valeur), True)
        lu = len(valeur) if operateur.famille == "taille" else valeur
        return operateur.comparer(lu, feuille.constante)


class Dossier:
    """L'examen d'une règle sur un niveau : chaque partie de la fiche n'est examinée qu'à la première demande."""

    def __init__(self, regle: Regle, faits: Faits, cadrage: Cadrage, rang_lot: int | None) -> None:
        """`rang_lot` désigne le lot pour une règle de niveau lot."""
        self._examen = Examen(regle, faits, cadrage, rang_lot)
        self._arbres: dict[str, Arbre] = {}
        if regle.applicable_si is not None:
            self._arbres["applicable_si"] = regle.applicable_si
        self._arbres["exige"] = regle.exige
        for rang, derogation in enumerate(regle.derogations):
            self._arbres[f"derogations[{rang}].si"] = derogation.si
            self._arbres[f"derogations[{rang}].justifie_par"] = derogation.justifie_par
        if regle.alerte_si is not None:
            self._arbres["alerte_si"] = regle.alerte_si
        self._vues: dict[str, Vu] = {}

    def trouver(self, nom: str) -> Vu | None:
        """Rend la vue d'une partie (`applicable_si`, `exige`, `alerte_si`, `derogations[0].si`…), ou None."""
        if nom not in self._vues:
            arbre = self._arbres.get(nom)
            if arbre is None:
                return None
            self._vues[nom] = self._examen.examiner(arbre)
        return self._vues[nom]

    @property
    def parties(self) -> tuple[tuple[str, Vu], ...]:
        """Toutes les parties de la fiche et leur vue, dans l'ordre de lecture."""
        return tuple((nom, vu) for nom in self._arbres if (vu := self.trouver(nom)) is not None)


def choisir_parties_en_suspens(regle: Regle, dossier: Dossier) -> list[Vu]:
    """Rend les vues dont dépend encore le verdict d'une règle indéterminée.

    On ne demande que ce qui peut trancher : l'applicabilité d'abord ; puis, une fois acquise, l'exigence ; puis, si
    elle est violée, la justification de la dérogation invoquée ou ce qui atténue l'écart.
    """
    for nom in ("applicable_si", "exige"):
        vu = dossier.trouver(nom)
        if vu is not None and vu.resultat is None:
            return [vu]
    exige = dossier.trouver("exige")
    if exige is not None and exige.resultat is True:
        return []
    for rang in range(len(regle.derogations)):
        invoquee = dossier.trouver(f"derogations[{rang}].si")
        justifiee = dossier.trouver(f"derogations[{rang}].justifie_par")
        if invoquee is not None and justifiee is not None and invoquee.resultat is True:
            if justifiee.resultat is not False:
                return [justifiee] if justifiee.resultat is None else []
            break
    attenuee = dossier.trouver("alerte_si")
    return [attenuee] if attenuee is not None and not regle.fiche.sans_ecart and attenuee.resultat is None else []


def relever_absents(vues: Sequence[Vu]) -> tuple[list[str], list[str]]:
    """Rend les données à demander et les paramètres sans valeur qui laissent ces vues inconnues, sans doublon."""
    demandes: dict[str, None] = {}
    parametres: dict[str, None] = {}

    def relever(vu: Vu) -> None:
        if vu.resultat is not None:
            return
        if isinstance(vu.arbre, Feuille):
            # Tant que le seuil est inconnu, la donnée ne trancherait rien : ne pas la demander pour rien.
            if vu.arbre.parametre is not None and vu.seuil is None:
                parametres[vu.arbre.parametre] = None
            else:
                demandes[vu.demande] = None
        elif isinstance(vu.arbre, Quantificateur) and vu.valeur is None:
            demandes[vu.demande] = None
        for enfant in vu.enfants:
            relever(enfant)

    for vu in vues:
        relever(vu)
    return list(demandes), list(parametres)


@dataclass(frozen=True, slots=True)
class SeuilLu:
    """Le paramètre daté auquel une donnée a été comparée."""

    cle: str
    valeur: Decimal | bool | None
    depuis: date | None
    texte: str | None
    article: str | None
    confiance: str | None


@dataclass(slots=True)
class ControleLu:
    """Un contrôle, tel que le rapport l'explique."""

    partie: str
    chemin: str
    libelle: str
    lu: Any
    provenance: Provenance
    operateur: str
    borne: Any
    parametre: SeuilLu | None
    resultat: Resultat


ELEMENTS_DECRITS = 5
"""Au-delà, décrire chaque élément d'une liste héritée par chaque lot ferait un rapport démesuré."""


def tracer(dossier: Dossier) -> list[ControleLu]:
    """Rend chaque contrôle examiné, avec ce qu'il a lu et conclu.

    D'une longue liste, seuls quelques éléments sont décrits, ceux qui décident d'abord ; le quantificateur dit combien
    elle en compte.
    """
    controles: list[ControleLu] = []
    for partie, racine in dossier.parties:
        _relever(partie, racine, controles)
    return controles


def _relever(partie: str, vu: Vu, controles: list[ControleLu]) -> None:
    if not isinstance(vu.arbre, Noeud):
        controles.append(_decrire(partie, vu))
    enfants = vu.enfants
    if isinstance(vu.arbre, Quantificateur) and len(enfants) > ELEMENTS_DECRITS:
        enfants = tuple(sorted(enfants, key=lambda enfant: enfant.resultat is not vu.resultat))[:ELEMENTS_DECRITS]
    for enfant in enfants:
        _relever(partie, enfant, controles)


def _decrire(partie: str, vu: Vu) -> ControleLu:
    arbre = vu.arbre
    if isinstance(arbre, Quantificateur):
        lu = None if vu.valeur is None else len(vu.valeur)
        operateur = "pour chaque" if arbre.tous else "pour un au moins"
        libelle = arbre.liste.champ.description
        return ControleLu(partie, vu.chemin, libelle, lu, vu.provenance, operateur, None, None, RESULTATS[vu.resultat])
    assert isinstance(arbre, Feuille)
    seuil = None
    if arbre.parametre is not None:
        valeur = vu.seuil
        seuil = SeuilLu(
            arbre.parametre,
            valeur.valeur if valeur else None,
            valeur.depuis if valeur else None,
            valeur.texte if valeur else None,
            valeur.article if valeur else None,
            valeur.confiance if valeur else None,
        )
    lu = (
        len(vu.valeur)
        if isinstance(vu.valeur, list | tuple) and arbre.operateur.famille in ("taille", "presence")
        else vu.valeur
    )
    borne = sorted(arbre.constante, key=str) if isinstance(arbre.constante, frozenset) else arbre.constante
    if arbre.famille is not None:
        borne = arbre.famille.libelle
    return ControleLu(
        partie,
        vu.chemin,
        arbre.lecture.champ.description,
        lu,
        vu.provenance,
        arbre.operateur.symbole,
        borne,
        seuil,
        RESULTATS[vu.resultat],
    )
