"""Le moteur engendré : durable-rules, dans le profil étroit où il a été mesuré sûr.

Chaque fiche engendre des règles à un seul antécédent, sur des propriétés plates et normalisées. Ce qui tire est vrai ;
ce qui ne tire pas est « donnée manquante » : une règle perdue ne peut donc jamais devenir un « conforme ». Le module C
est piloté directement : pas d'hôte, pas de fil, pas de minuterie, pas d'action. Un appel à la fois par processus.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson

from services.regles.moteur.bouquet import Bouquet
from services.regles.moteur.decodage import Decodeur
from services.regles.moteur.engendrement import VIOLEE, Engendrees, RegleEngendree, engendrer
from services.regles.moteur.port import (
    AUCUN_ELEMENT,
    ELEMENT,
    ERREUR,
    INDETERMINE,
    Donnees,
    Environnement,
    Issue,
    Jugement,
    MoteurIndisponible,
    Situation,
    separer_par_niveau,
)
from services.regles.moteur.repartition import ranger, repartir, verifier_collisions
from services.regles.moteur.termes import CODES_GARDES, Atome, Constante, Propriete, Terme
from services.regles.regle import Regle

try:
    import durable_rules_engine as _moteur_c
except ImportError:  # Python 3.13 et plus, ou pas de compilateur à l'installation
    _moteur_c = None

_OPERATEURS_C = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}
_SID = "s"
_FAIT = "f"
_RETRAIT = orjson.dumps({"sid": _SID, "id": _FAIT}).decode()
_BATTEMENT = orjson.dumps({"sid": _SID, "id": "hb", "hb": 1}).decode()
_RETRAIT_BATTEMENT = orjson.dumps({"sid": _SID, "id": "hb"}).decode()

LECTURES_GARDEES: Final = 256
"""Sous-ensembles de règles dont un éclat retient les propriétés lues."""

_A_RELEVER: Final = object()
_VERROU = threading.Lock()
"""Un seul appel à la fois dans le processus : affirmer, vider, retirer ne sont pas un geste atomique."""

Regles = int
"""Un ensemble de règles d'un niveau : le bit de rang r dit si la règle r en est."""
Lues = tuple[tuple[str, int, Propriete], ...]
"""Des propriétés à relever : leur nom, le groupe de dates dont elles lisent le cadre, leur calcul."""
TOUTES: Final[Regles] = -1


def _lire_periode(_: Environnement) -> None:
    """Une période est toujours connue d'avance : elle vient de la situation, non des faits."""


_PERIODE: Final[tuple[int, Propriete]] = (0, _lire_periode)


def reunir(rangs: Iterable[int]) -> Regles:
    """Rend l'ensemble de ces règles.

    >>> reunir([0, 3])
    9
    """
    ensemble = 0
    for rang in rangs:
        ensemble |= 1 << rang
    return ensemble


def lister(regles: Regles) -> Iterator[int]:
    """Rend, dans l'ordre, le rang de chaque règle de l'ensemble.

    >>> list(lister(9))
    [0, 3]
    """
    while regles:
        bit = regles & -regles
        yield bit.bit_length() - 1
        regles ^= bit


def etre_disponible() -> bool:
    """Dit si durable-rules est installé et importable."""
    return _moteur_c is not None


class MoteurDurable:
    """Calcule chaque règle par durable-rules. Protégé par un verrou : plusieurs fils peuvent l'appeler."""

    nom = "durable"

    def __init__(self, regles: Sequence[Regle]) -> None:
        """Compile les règles.

        Lève MoteurIndisponible si durable-rules n'est pas installé ou si une règle sort du profil sûr.
        """
        if _moteur_c is None:
            raise MoteurIndisponible("durable-rules n'est pas installé (Python 3.13 et plus, ou pas de compilateur C)")
        consultation, lot = separer_par_niveau(regles)
        self._consultation = _Niveau(consultation)
        try:
            self._lot = _Niveau(lot)
        except BaseException:
            self._consultation.fermer()
            raise

    def juger(self, situation: Situation) -> Jugement:
        """Rend le jugement ; un éclat en panne rend `erreur` sur ses règles, et repart d'un état neuf."""
        with _VERROU:
            return Jugement(
                self._consultation.juger(situation, AUCUN_ELEMENT)[0],
                self._lot.juger(situation, situation.lots),
            )

    def fermer(self) -> None:
        """Rend la mémoire du module C ; sans cela, chaque rechargement en perdrait."""
        with _VERROU:
            self._consultation.fermer()
            self._lot.fermer()


@dataclass(slots=True)
class _Seance:
    """Ce que partagent les lots d'une même situation : propriétés communes déjà relevées, faits déjà soumis.

    `communes` vaut None où la propriété est absente ; `pannes` réunit les règles que l'une d'elles prive de verdict.
    """

    situation: Situation
    communes: dict[str, Constante | None]
    deja: dict[tuple[int, str], list[str]]
    pannes: Regles = 0


@dataclass(slots=True)
class _Examen:
    """Un élément en cours de jugement : où lire, ce qui est déjà relevé, les étiquettes posées, les règles en panne."""

    environnements: Sequence[Environnement]
    masques: list[int]
    locales: dict[str, Constante | None]
    pannes: Regles = 0


class _Niveau:
    """Les règles d'un niveau (consultation ou lot), leurs propriétés et leurs éclats compilés."""

    def __init__(self, regles: Sequence[Regle]) -> None:
        self._eclats: dict[str, list[_Eclat]] = {}
        engendrees = engendrer(regles)
        self._bouquet = engendrees.bouquet
        verifier_collisions(
            [
                *engendrees.periodes,
                *engendrees.communes,
                *engendrees.locales,
                *self._bouquet.lister_proprietes(),
            ]
        )
        self._periodes, self._lues = engendrees.periodes, sorted(engendrees.lues)
        self._decodeurs = [
            Decodeur(regle, gardes, rang in engendrees.triees)
            for rang, (regle, gardes) in enumerate(zip(regles, engendrees.gardes_de, strict=True))
        ]
        self._requises = [decodeur.requises for decodeur in self._decodeurs]
        temps = {
            "gardes": engendrees.gardes,
            "tri": engendrees.tri,
            "fond": engendrees.fond,
            "nuances": engendrees.nuances,
        }
        try:
            for nom, siennes in temps.items():
                self._eclats[nom] = []
                for lot in repartir(siennes, regles):
                    self._eclats[nom].append(_Eclat(lot, engendrees))
        except BaseException:
            self.fermer()
            raise
        self._lectrices: dict[str, Regles] = {}
        for eclats in self._eclats.values():
            for eclat in eclats:
                for rang, noms in eclat.lues.items():
                    for nom in noms:
                        self._lectrices[nom] = self._lectrices.get(nom, 0) | 1 << rang

    def juger(self, situation: Situation, elements: Sequence[Donnees]) -> tuple[tuple[Issue, ...], ...]:
        """Juge le niveau pour chaque élément ; ce qui vaut pour tous n'est calculé qu'une fois."""
        seance = _Seance(situation, {}, {})
        for nom, fenetre in self._periodes.items():
            periode = situation.periodes[fenetre]
            seance.communes[nom] = 2 if periode is None else int(periode)
        examen = self._ouvrir(seance, {}, [0] * len(self._decodeurs))
        self._soumettre("gardes", TOUTES, seance, examen)
        ecartees = [decodeur.ecarter(masque) for decodeur, masque in zip(self._decodeurs, examen.masques, strict=True)]
        for rang in lister(examen.pannes | seance.pannes):
            ecartees[rang] = ERREUR
        suspens = [rang for rang, issue in enumerate(ecartees) if issue is None]
        issues = [issue or INDETERMINE for issue in ecartees]
        rendues: dict[object, tuple[Issue, ...]] = {}
        identites = [self._identifier(element) for element in elements]
        for element, identite in zip(elements, identites, strict=True):
            if identite in rendues:
                continue
            du_lot = self._ouvrir(seance, element, examen.masques.copy())
            self._juger_suspens(suspens, seance, du_lot)
            pannes = du_lot.pannes | seance.pannes
            for rang in suspens:
                issues[rang] = ERREUR if pannes >> rang & 1 else self._decodeurs[rang].decoder(du_lot.masques[rang])
            rendues[identite] = tuple(issues)
        return tuple(rendues[identite] for identite in identites)

    def _identifier(self, element: Donnees) -> object:
        """Rend ce que les règles lisent de l'élément : deux lots de même identité sont jugés ensemble.

        Une liste n'a que sa place en mémoire pour identité : celle qu'un lot hérite de la consultation les réunit.
        """
        try:
            lus = [element.get(cle) for cle in self._lues]
        except Exception:  # un élément illisible ne ressemble qu'à lui ; ses règles diront la panne
            return object()
        return tuple([id(lu) if type(lu) is list else lu for lu in lus])

    def _ouvrir(self, seance: _Seance, element: Donnees, masques: list[int]) -> _Examen:
        situation = seance.situation
        return _Examen([(situation.consultation, element, cadre) for cadre in situation.cadres], masques, {})

    def _juger_suspens(self, suspens: Sequence[int], seance: _Seance, examen: _Examen) -> None:
        """Trie ce que les gardes laissent en suspens, juge le fond de ce qui concerne, nuance les seules violations."""
        masques, requises = examen.masques, self._requises
        self._soumettre("tri", reunir(suspens), seance, examen)
        concernees = [rang for rang in suspens if masques[rang] & requises[rang] == requises[rang]]
        self._soumettre("fond", reunir(concernees), seance, examen)
        self._soumettre("nuances", reunir(rang for rang in concernees if masques[rang] & VIOLEE), seance, examen)

    def _soumettre(self, temps: str, voulues: Regles, seance: _Seance, examen: _Examen) -> None:
        """Soumet aux éclats d'un temps les règles voulues ; leurs étiquettes et leurs pannes vont à l'examen."""
        for eclat in self._eclats[temps]:
            siennes = eclat.regles & voulues
            if not siennes:
                continue
            communes, locales = eclat.lister_lues(siennes)
            valeurs: dict[str, Any] = {}
            seance.pannes |= self._relever(communes, seance.communes, examen.environnements, valeurs)
            examen.pannes |= self._relever(locales, examen.locales, examen.environnements, valeurs)
            try:
                if eclat.classer is not None:
                    code = examen.environnements[0][ELEMENT].get(self._bouquet.cle)
                    if code is not None:
                        valeurs.update(eclat.classer(code))
                eclat.appliquer(valeurs, examen.masques, seance.deja)
            except Exception:  # une panne est une erreur dite sur les règles de l'éclat, jamais un verdict
                examen.pannes |= siennes
                eclat.renaitre()

    def _relever(
        self,
        lues: Lues,
        connues: dict[str, Constante | None],
        environnements: Sequence[Environnement],
        valeurs: dict[str, Any],
    ) -> Regles:
        """Ajoute à `valeurs` les propriétés présentes, calculées une fois ; rend les règles qu'une panne en prive."""
        pannes = 0
        for nom, groupe, calculer in lues:
            valeur: Any = connues.get(nom, _A_RELEVER)
            if valeur is _A_RELEVER:
                try:
                    valeur = calculer(environnements[groupe])
                except Exception:  # la propriété manque : ses règles le diront
                    valeur = None
                    pannes |= self._lectrices[nom]
                connues[nom] = valeur
            if valeur is not None:
                valeurs[nom] = valeur
        return pannes

    def fermer(self) -> None:
        for eclats in self._eclats.values():
            for eclat in eclats:
                eclat.fermer()
        self._eclats = {}


class _Eclat:
    """Un jeu compilé par le module C : quelques dizaines de règles engendrées, un état, un fait à la fois."""

    def __init__(self, siennes: Sequence[RegleEngendree], engendrees: Engendrees) -> None:
        """Compile les règles ; un terme que plusieurs règles partagent ne tire qu'une fois, pour toutes."""
        poses: dict[Terme, list[tuple[int, int]]] = {}
        for engendree in siennes:
            poses.setdefault(engendree.terme, []).append((engendree.regle, engendree.etiquette))
        self.regles = reunir({engendree.regle for engendree in siennes})
        self.lues: dict[int, dict[str, None]] = {engendree.regle: {} for engendree in siennes}
        self._communes, self._locales = engendrees.communes, engendrees.locales
        self._gardees: dict[Regles, tuple[Lues, Lues]] = {}
        self._poses: dict[str, tuple[tuple[int, int], ...]] = {}
        definition: dict[str, Any] = {"hb": {"all": [{"m": {"hb": 1}}]}}
        for numero, (terme, posees) in enumerate(poses.items()):
            nom = f"r{numero}"
            self._poses[nom] = tuple(posees)
            atomes = ranger(terme)
            ecrits = [_ecrire_atome(atome) for atome in atomes or (Atome("k", "==", 1),)]
            definition[nom] = {"all": [{"m": {"$and": ecrits} if len(ecrits) > 1 else ecrits[0]}]}
            for regle, _ in posees:
                self.lues[regle].update(dict.fromkeys(atome.propriete for atome in atomes))
        self.classer = self._retenir_le_bouquet(engendrees.bouquet)
        self._jeu = _moteur_c.create_ruleset("verifop", orjson.dumps(definition).decode())
        self._amorce = False
        self._amorcer()

    def _retenir_le_bouquet(self, bouquet: Bouquet) -> Callable[[str], dict[str, int]] | None:
        """Rend ce qui relève, pour un code, les propriétés du bouquet que lit l'éclat ; les codes vus sont retenus."""
        toutes = set(bouquet.lister_proprietes())
        siennes = {nom for noms in self.lues.values() for nom in noms if nom in toutes}
        for noms in self.lues.values():
            for nom in siennes & noms.keys():
                del noms[nom]

        def classer(code: str) -> dict[str, int]:
            return {nom: valeur for nom, valeur in bouquet.relever(code).items() if nom in siennes}

        return lru_cache(maxsize=CODES_GARDES)(classer) if siennes else None

    def lister_lues(self, regles: Regles) -> tuple[Lues, Lues]:
        """Rend les propriétés que lisent ces règles de l'éclat : communes à tous les lots, puis locales."""
        lues = self._gardees.get(regles)
        if lues is None:
            if len(self._gardees) >= LECTURES_GARDEES:
                self._gardees.clear()
            noms = dict.fromkeys(nom for rang in lister(regles) for nom in self.lues[rang])
            lues = self._gardees[regles] = (
                tuple((nom, *self._communes.get(nom, _PERIODE)) for nom in noms if nom not in self._locales),
                tuple((nom, *self._locales[nom]) for nom in noms if nom in self._locales),
            )
        return lues

    def _amorcer(self) -> None:
        """Fait tirer une règle une fois : supprimer un état où rien n'a jamais tiré fait planter le module C.

        L'éclat n'est prêt qu'au bout du geste ; lève ce que le module C lève, ou MoteurIndisponible s'il reste muet.
        """
        self._pret = False
        etat = _moteur_c.assert_fact(self._jeu, _BATTEMENT)[1]
        if self._vider(etat) != ["hb"]:
            raise MoteurIndisponible("le module C ne répond pas au battement")
        self._amorce = True
        _moteur_c.retract_fact(self._jeu, _RETRAIT_BATTEMENT)
        self._pret = True

    def _vider(self, etat: int) -> list[str]:
        tirees: list[str] = []
        jeu, suivre = self._jeu, _moteur_c.complete_and_start_action
        action = _moteur_c.start_action_for_state(jeu, etat)
        message = action[1] if action is not None else None
        while message is not None:
            tirees.append(message[2 : message.index('"', 2)])
            message = suivre(jeu, etat)
        return tirees

    def appliquer(self, valeurs: dict[str, Any], masques: list[int], deja: dict[tuple[int, str], list[str]]) -> None:
        """Affirme le fait, vide ce qui tire dans `masques`, retire le fait. Lève ce que le module C lève.

        `deja` garde ce qu'un même fait a fait tirer : des lots que rien ne distingue ne sont soumis qu'une fois.
        """
        if not self._pret:
            raise MoteurIndisponible("éclat resté mort après une panne du module C")
        valeurs["sid"], valeurs["id"], valeurs["k"] = _SID, _FAIT, 1
        fait = orjson.dumps(valeurs).decode()
        tirees = deja.get((id(self), fait))
        if tirees is None:
            code, etat = _moteur_c.assert_fact(self._jeu, fait)
            tirees = self._vider(etat) if code == 0 else []
            _moteur_c.retract_fact(self._jeu, _RETRAIT)
            deja[id(self), fait] = tirees
        for nom in tirees:
            for regle, etiquette in self._poses[nom]:
                masques[regle] |= etiquette

    def renaitre(self) -> None:
        """Repart d'un état neuf après une panne : l'état interrompu ne rendrait plus rien pendant une minute.

        Si le module C ne s'en relève pas, l'éclat reste mort : ses règles rendront `erreur`, sans rien lever.
        """
        with suppress(Exception):
            self._supprimer_etat()
            self._amorcer()

    def fermer(self) -> None:
        with suppress(Exception):
            self._supprimer_etat()
        with suppress(Exception):
            _moteur_c.delete_ruleset(self._jeu)

    def _supprimer_etat(self) -> None:
        # Supprimer un état jamais amorcé ferait planter le processus.
        if self._amorce:
            self._amorce = False
            _moteur_c.delete_state(self._jeu, _SID)


def _ecrire_atome(atome: Atome) -> dict[str, Any]:
    if atome.symbole == "==":
        return {atome.propriete: atome.constante}
    return {_OPERATEURS_C[atome.symbole]: {atome.propriete: atome.constante}}
