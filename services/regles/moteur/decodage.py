"""Des étiquettes posées à l'issue d'une règle ; deux conclusions contraires sont une erreur."""

from services.regles.moteur.engendrement import (
    ATTENUEE,
    ECARTEE,
    EN_VIGUEUR,
    ENTIERE,
    HORS,
    PREMIERE_DEROGATION,
    RESPECTEE,
    RETENUE,
    SANS_DATE,
    VIOLEE,
)
from services.regles.moteur.port import (
    CONFORME,
    ECART,
    ERREUR,
    HORS_PERIODE,
    INDETERMINE,
    NON_APPLICABLE,
    Issue,
)
from services.regles.regle import Regle

MASQUES_GARDES = 1024
"""Masques dont une règle retient l'issue."""


class Decodeur:
    """Lit l'issue d'une règle dans le masque des étiquettes posées.

    Gardes et tri retiennent la règle quand toutes les étiquettes `requises` sont posées.
    """

    def __init__(self, regle: Regle, gardes: int, triee: bool) -> None:
        """`gardes` compte les gardes de la règle ; `triee` dit si le tri la retient ou l'écarte encore ensuite."""
        self._sans_ecart = regle.fiche.sans_ecart
        self._attenuable = regle.alerte_si is not None
        self._derogations = len(regle.derogations)
        premiere = PREMIERE_DEROGATION + 3 * self._derogations
        self._vraies = sum(1 << (premiere + 2 * numero) for numero in range(gardes))
        self._fausses = self._vraies << 1
        self.requises = EN_VIGUEUR | self._vraies | (RETENUE if triee else 0)
        self._ecartees: dict[int, Issue | None] = {}
        self._connues: dict[int, Issue] = {}

    def ecarter(self, masque: int) -> Issue | None:
        """Rend l'issue que les gardes suffisent à donner ; None si la règle reste en suspens."""
        if masque not in self._ecartees:
            self._ecartees[masque] = self._lire_gardes(masque)
        return self._ecartees[masque]

    def decoder(self, masque: int) -> Issue:
        """Rend l'issue de la règle, tous temps passés."""
        issue = self._connues.get(masque)
        if issue is None:
            if len(self._connues) >= MASQUES_GARDES:
                self._connues.clear()
            issue = self._connues[masque] = self._lire_gardes(masque) or self._lire_tri(masque)
        return issue

    def _lire_gardes(self, masque: int) -> Issue | None:
        periode = masque & (HORS | EN_VIGUEUR | SANS_DATE)
        if periode not in (0, HORS, EN_VIGUEUR, SANS_DATE) or (masque & self._vraies) << 1 & masque:
            return ERREUR
        if periode == 0:
            return INDETERMINE
        if periode == HORS:
            return HORS_PERIODE
        return NON_APPLICABLE if masque & self._fausses else None

    def _lire_tri(self, masque: int) -> Issue:
        if masque & ECARTEE:
            return ERREUR if masque & RETENUE else NON_APPLICABLE
        return self._lire_fond(masque) if masque & self.requises == self.requises else INDETERMINE

    def _lire_fond(self, masque: int) -> Issue:
        fond = masque & (RESPECTEE | VIOLEE)
        if fond != VIOLEE:
            return {0: INDETERMINE, RESPECTEE: CONFORME}.get(fond, ERREUR)
        invoquee = -1
        for numero in range(self._derogations):
            base = 1 << (PREMIERE_DEROGATION + 3 * numero)
            if masque & base:
                motivee, non_motivee = bool(masque & base << 1), bool(masque & base << 2)
                if motivee and non_motivee:
                    return ERREUR
                if motivee:
                    return Issue("derogation", numero)
                if not non_motivee:
                    return INDETERMINE
                invoquee = numero
                break
        if self._sans_ecart:
            return Issue("alerte", invoquee)
        if not self._attenuable:
            return Issue("ecart", invoquee) if invoquee >= 0 else ECART
        force = masque & (ATTENUEE | ENTIERE)
        if force == 0:
            return INDETERMINE
        if force == ATTENUEE | ENTIERE:
            return ERREUR
        return Issue("alerte" if force == ATTENUEE else "ecart", invoquee)
