"""Le moteur direct : l'arbre devient des fermetures Python, en logique de Kleene.

Il contrôle le moteur à règles engendrées, sert d'oracle aux tests, rejoue les grands portefeuilles, et répond seul là
où durable-rules ne s'installe pas.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from services.regles.conditions import Arbre, Feuille, Lecture, Noeud, Quantificateur
from services.regles.moteur.port import (
    ALERTE,
    AUCUN_ELEMENT,
    CADRE,
    CONFORME,
    ECART,
    ERREUR,
    HORS_PERIODE,
    INDETERMINE,
    NON_APPLICABLE,
    RANG_DE_PORTEE,
    Donnees,
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

_A_CALCULER: Final = object()

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
    """Rend la fermeture d'un contrôle ; sa lecture y est écrite, un appel de plus coûterait autant que comparer."""
    rang, cle, defaut = RANG_DE_PORTEE[feuille.lecture.portee], feuille.lecture.cle, feuille.lecture.defaut
    comparer, borne, parametre = feuille.operateur.comparer, feuille.constante, feuille.parametre
    if parametre is not None:

        def comparer_au_parametre(environnement: Environnement) -> Trivalent:
            valeur, seuil = environnement[rang].get(cle), environnement[CADRE].get(parametre)
            if valeur is None:
                valeur = defaut
            return None if valeur is None or seuil is None else comparer(valeur, seuil)

        return comparer_au_parametre
    if feuille.operateur.famille == "presence":

        def etre_renseigne(environnement: Environnement) -> Trivalent:
            valeur = environnement[rang].get(cle)
            return (valeur is not None or defaut is not None) is borne

        return etre_renseigne
    if feuille.famille is not None or feuille.operateur.famille == "taille":
        juger = _compiler_reduction(feuille)

        def reduire_et_juger(environnement: Environnement) -> Trivalent:
            valeur = environnement[rang].get(cle)
            if valeur is None:
                valeur = defaut
            return None if valeur is None else juger(valeur)

        return reduire_et_juger

    def lire_et_comparer(environnement: Environnement) -> Trivalent:
        valeur = environnement[rang].get(cle)
        if valeur is None:
            valeur = defaut
        return None if valeur is None else comparer(valeur, borne)

    return lire_et_comparer


def _compiler_reduction(feuille: Feuille) -> Callable[[Any], bool]:
    """Rend le contrôle d'une appartenance à une famille, dont les codes déjà vus sont retenus, ou d'une taille."""
    comparer, borne, famille = feuille.operateur.comparer, feuille.constante, feuille.famille
    if famille is None:
        return lambda liste: comparer(len(liste), borne)
    contenir = famille.contenir
    return lru_cache(maxsize=CODES_GARDES)(lambda code: comparer(contenir(code), True))


class _RegleCompilee:
    """Une règle en fermetures, prête à rendre son issue ; `gardes` désigne les siennes parmi celles du niveau."""

    __slots__ = ("alerte", "applicable", "derogations", "exige", "fenetre", "gardes", "groupe", "sans_ecart")

    def __init__(self, regle: Regle, gardes: Sequence[int], reste: Sequence[Arbre]) -> None:
        self.groupe, self.fenetre = regle.groupe, regle.fenetre
        self.gardes = tuple(gardes)
        self.sans_ecart = regle.fiche.sans_ecart
        self.applicable = _compiler_conjonction([compiler(arbre) for arbre in reste]) if reste else None
        self.exige = compiler(regle.exige)
        self.derogations = tuple((compiler(d.si), compiler(d.justifie_par)) for d in regle.derogations)
        self.alerte = compiler(regle.alerte_si) if regle.alerte_si is not None else None

    def juger(self, environnement: Environnement, en_suspens: bool) -> Issue:
        """Rend l'issue d'une règle que ses gardes n'écartent pas ; `en_suspens` si période ou garde est inconnue."""
        if self.applicable is not None:
            applicable = self.applicable(environnement)
            if applicable is False:
                return NON_APPLICABLE
            if applicable is None:
                return INDETERMINE
        if en_suspens:
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


class _Niveau:
    """Les règles d'un niveau, et leurs gardes : les conditions d'application qui valent pour tous ses éléments."""

    def __init__(self, regles: Sequence[Regle]) -> None:
        rangs: dict[tuple[int, Arbre], int] = {}
        compilees: list[_RegleCompilee] = []
        for regle in regles:
            exigees = _deplier(regle.applicable_si) if regle.applicable_si is not None else []
            communes = [arbre for arbre in exigees if not _lire_l_element(arbre)]
            gardes = [rangs.setdefault((regle.groupe, arbre), len(rangs)) for arbre in communes]
            reste = [arbre for arbre in exigees if _lire_l_element(arbre)]
            compilees.append(_RegleCompilee(regle, gardes, reste))
        self._regles = tuple(compilees)
        self._gardes = tuple(compiler(arbre) for _, arbre in rangs)

    def juger(self, situation: Situation, elements: Sequence[Donnees]) -> tuple[tuple[Issue, ...], ...]:
        """Juge chaque élément ; une règle que ses gardes écartent l'est une fois pour tous."""
        environnements: list[Environnement] = [(situation.consultation, {}, cadre) for cadre in situation.cadres]
        connues: list[Any] = [_A_CALCULER] * len(self._gardes)
        issues: list[Issue] = []
        restantes: list[tuple[int, _RegleCompilee, bool]] = []
        for rang, regle in enumerate(self._regles):
            issue, en_suspens = self._passer_les_gardes(regle, situation, environnements[regle.groupe], connues)
            issues.append(INDETERMINE if issue is None else issue)
            if issue is None:
                restantes.append((rang, regle, en_suspens))
        rendues: list[tuple[Issue, ...]] = []
        for element in elements:
            environnements = [(situation.consultation, element, cadre) for cadre in situation.cadres]
            for rang, regle, en_suspens in restantes:
                try:
                    issues[rang] = regle.juger(environnements[regle.groupe], en_suspens)
                except Exception:  # une panne est une erreur dite, jamais un verdict ni un arrêt
                    issues[rang] = ERREUR
            rendues.append(tuple(issues))
        return tuple(rendues)

    def _passer_les_gardes(
        self, regle: _RegleCompilee, situation: Situation, environnement: Environnement, connues: list[Any]
    ) -> tuple[Issue | None, bool]:
        """Rend l'issue si période ou gardes en décident (sinon None), et si l'une d'elles est inconnue."""
        en_periode = situation.periodes[regle.fenetre]
        if en_periode is False:
            return HORS_PERIODE, False
        en_suspens = en_periode is None
        try:
            for numero in regle.gardes:
                valeur = connues[numero]
                if valeur is _A_CALCULER:
                    valeur = connues[numero] = self._gardes[numero](environnement)
                if valeur is False:
                    return NON_APPLICABLE, False
                if valeur is None:
                    en_suspens = True
        except Exception:  # une panne est une erreur dite, jamais un verdict ni un arrêt
            return ERREUR, False
        return None, en_suspens


def _deplier(arbre: Arbre) -> list[Arbre]:
    """Rend les conditions qu'un arbre exige ensemble."""
    if isinstance(arbre, Noeud) and arbre.toutes:
        return [condition for enfant in arbre.enfants for condition in _deplier(enfant)]
    return [arbre]


def _lire_l_element(arbre: Arbre) -> bool:
    """Dit si la condition dépend du lot courant ; dans un quantificateur, l'élément est celui de sa liste."""
    if isinstance(arbre, Noeud):
        return any(_lire_l_element(enfant) for enfant in arbre.enfants)
    lecture = arbre.liste if isinstance(arbre, Quantificateur) else arbre.lecture
    return lecture.portee == "element"


class MoteurDirect:
    """Calcule chaque règle par ses fermetures. Sans état entre deux jugements, utilisable par plusieurs fils."""

    nom = "direct"

    def __init__(self, regles: Sequence[Regle]) -> None:
        consultation, lot = separer_par_niveau(regles)
        self._consultation, self._lot = _Niveau(consultation), _Niveau(lot)

    def juger(self, situation: Situation) -> Jugement:
        """Rend le jugement ; une règle en panne rend l'issue `erreur`, les autres continuent."""
        return Jugement(
            self._consultation.juger(situation, AUCUN_ELEMENT)[0], self._lot.juger(situation, situation.lots)
        )

    def fermer(self) -> None:
        """Rien à libérer."""
