"""Le moteur direct : l'arbre devient des fermetures Python, en logique de Kleene.

Il contrôle le moteur à règles engendrées, sert d'oracle aux tests, rejoue les grands portefeuilles, et répond seul là
où durable-rules ne s'installe pas.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from services.regles.conditions import Arbre, Feuille, Lecture, Noeud, Quantificateur
from services.regles.moteur.port import (
    ALERTE,
    CADRE,
    CONFORME,
    ECART,
    ERREUR,
    HORS_PERIODE,
    INDETERMINE,
    NON_APPLICABLE,
    RANG_DE_PORTEE,
    Environnement,
    Issue,
    Jugement,
    Situation,
    separer_par_niveau,
)
from services.regles.regle import Regle
from services.regles.trivalent import Trivalent

CODES_GARDES = 1024
"""Codes CPV dont on retient, par contrôle, s'ils relèvent de la famille."""

Calcul = Callable[[Environnement], Trivalent]
Lecteur = Callable[[Environnement], Any]


def compiler(arbre: Arbre) -> Calcul:
    """Rend la fermeture qui calcule l'arbre dans un environnement."""
    if isinstance(arbre, Noeud):
        enfants = tuple(compiler(enfant) for enfant in arbre.enfants)
        return _compiler_conjonction(enfants) if arbre.toutes else _compiler_disjonction(enfants)
    if isinstance(arbre, Quantificateur):
        return _compiler_quantificateur(arbre)
    return _compiler_feuille(arbre)


def _compiler_conjonction(enfants: Sequence[Calcul]) -> Calcul:
    def calculer(environnement: Environnement) -> Trivalent:
        resultat: Trivalent = True
        for enfant in enfants:
            valeur = enfant(environnement)
            if valeur is False:
                return False
            if valeur is None:
                resultat = None
        return resultat

    return calculer


def _compiler_disjonction(enfants: Sequence[Calcul]) -> Calcul:
    def calculer(environnement: Environnement) -> Trivalent:
        resultat: Trivalent = False
        for enfant in enfants:
            valeur = enfant(environnement)
            if valeur is True:
                return True
            if valeur is None:
                resultat = None
        return resultat

    return calculer


def _compiler_quantificateur(arbre: Quantificateur) -> Calcul:
    lire = compiler_lecture(arbre.liste)
    verifier = compiler(arbre.verifie)
    decisif = not arbre.tous

    def calculer(environnement: Environnement) -> Trivalent:
        elements = lire(environnement)
        if elements is None:
            return None
        consultation, _, cadre = environnement
        resultat: Trivalent = not decisif
        for element in elements:
            valeur = verifier((consultation, element, cadre))
            if valeur is decisif:
                return decisif
            if valeur is None:
                resultat = None
        return resultat

    return calculer


def compiler_lecture(lecture: Lecture) -> Lecteur:
    """Rend la fermeture qui lit une donnée (ou sa valeur supposée) ; None si elle est absente."""
    rang, cle, defaut = RANG_DE_PORTEE[lecture.portee], lecture.cle, lecture.defaut
    if defaut is None:

        def lire(environnement: Environnement) -> Any:
            return environnement[rang].get(cle)

        return lire

    def lire_ou_supposer(environnement: Environnement) -> Any:
        valeur = environnement[rang].get(cle)
        return defaut if valeur is None else valeur

    return lire_ou_supposer


def _compiler_feuille(feuille: Feuille) -> Calcul:
    lecture, operateur = feuille.lecture, feuille.operateur
    lire = compiler_lecture(lecture)
    comparer, borne = operateur.comparer, feuille.constante
    if feuille.parametre is not None:
        parametre = feuille.parametre

        def comparer_au_parametre(environnement: Environnement) -> Trivalent:
            valeur, seuil = lire(environnement), environnement[CADRE].get(parametre)
            return None if valeur is None or seuil is None else comparer(valeur, seuil)

        return comparer_au_parametre
    if feuille.famille is not None:
        contenir = lru_cache(maxsize=CODES_GARDES)(feuille.famille.contenir)

        def appartenir(environnement: Environnement) -> Trivalent:
            valeur = lire(environnement)
            return None if valeur is None else comparer(contenir(valeur), True)

        return appartenir
    if operateur.famille == "presence":

        def etre_renseigne(environnement: Environnement) -> Trivalent:
            return (lire(environnement) is not None) is borne

        return etre_renseigne
    if operateur.famille == "taille":

        def mesurer(environnement: Environnement) -> Trivalent:
            valeur = lire(environnement)
            return None if valeur is None else comparer(len(valeur), borne)

        return mesurer

    if lecture.defaut is None:  # de loin le plus fréquent : la lecture est écrite ici, sans second appel
        rang, cle = RANG_DE_PORTEE[lecture.portee], lecture.cle

        def lire_et_comparer(environnement: Environnement) -> Trivalent:
            valeur = environnement[rang].get(cle)
            return None if valeur is None else comparer(valeur, borne)

        return lire_et_comparer

    def comparer_a_la_borne(environnement: Environnement) -> Trivalent:
        valeur = lire(environnement)
        return None if valeur is None else comparer(valeur, borne)

    return comparer_a_la_borne


class _RegleCompilee:
    """Une règle en fermetures, prête à rendre son issue."""

    __slots__ = ("alerte", "applicable", "derogations", "exige", "fenetre", "groupe", "sans_ecart")

    def __init__(self, regle: Regle) -> None:
        self.groupe, self.fenetre = regle.groupe, regle.fenetre
        self.sans_ecart = regle.fiche.sans_ecart
        self.applicable = compiler(regle.applicable_si) if regle.applicable_si is not None else None
        self.exige = compiler(regle.exige)
        self.derogations = tuple((compiler(d.si), compiler(d.justifie_par)) for d in regle.derogations)
        self.alerte = compiler(regle.alerte_si) if regle.alerte_si is not None else None

    def juger(self, environnement: Environnement, en_periode: Trivalent) -> Issue:
        if en_periode is False:
            return HORS_PERIODE
        applicable = True if self.applicable is None else self.applicable(environnement)
        if applicable is False:
            return NON_APPLICABLE
        if applicable is None or en_periode is None:
            return INDETERMINE
        respectee = self.exige(environnement)
        if respectee is True:
            return CONFORME
        if respectee is None:
            return INDETERMINE
        return self._qualifier(environnement)

    def _qualifier(self, environnement: Environnement) -> Issue:
        """La règle est violée : dérogation, alerte ou écart."""
        invoquee = -1
        for rang, (invoquer, justifier) in enumerate(self.derogations):
            if invoquer(environnement) is True:
                motivee = justifier(environnement)
                if motivee is True:
                    return Issue("derogation", rang)
                if motivee is None:
                    return INDETERMINE
                invoquee = rang
                break
        attenuee = self.sans_ecart or (self.alerte is not None and self.alerte(environnement))
        if attenuee is None:
            return INDETERMINE
        if invoquee >= 0:
            return Issue("alerte" if attenuee else "ecart", invoquee)
        return ALERTE if attenuee else ECART


class MoteurDirect:
    """Calcule chaque règle par ses fermetures. Sans état entre deux jugements, utilisable par plusieurs fils."""

    nom = "direct"

    def __init__(self, regles: Sequence[Regle]) -> None:
        consultation, lot = separer_par_niveau(regles)
        self._consultation = tuple(_RegleCompilee(regle) for regle in consultation)
        self._lot = tuple(_RegleCompilee(regle) for regle in lot)

    def juger(self, situation: Situation) -> Jugement:
        """Rend le jugement ; une règle en panne rend l'issue `erreur`, les autres continuent."""
        return Jugement(
            self._juger_niveau(self._consultation, situation, {}),
            tuple(self._juger_niveau(self._lot, situation, lot) for lot in situation.lots),
        )

    @staticmethod
    def _juger_niveau(
        regles: Sequence[_RegleCompilee], situation: Situation, element: dict[str, Any]
    ) -> tuple[Issue, ...]:
        environnements = [(situation.consultation, element, cadre) for cadre in situation.cadres]
        issues: list[Issue] = []
        for regle in regles:
            try:
                issues.append(regle.juger(environnements[regle.groupe], situation.periodes[regle.fenetre]))
            except Exception:  # une panne est une erreur dite, jamais un verdict ni un arrêt
                issues.append(ERREUR)
        return tuple(issues)

    def fermer(self) -> None:
        """Rien à libérer."""
