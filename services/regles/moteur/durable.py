"""Le moteur engendré : durable-rules, dans le profil étroit où il a été mesuré sûr.

Chaque fiche engendre des règles à un seul antécédent, sur des propriétés plates et normalisées. Ce qui tire est vrai ;
ce qui ne tire pas est « donnée manquante » : une règle perdue ne peut donc jamais devenir un « conforme ». Le module C
est piloté directement : pas d'hôte, pas de fil, pas de minuterie, pas d'action. Un appel à la fois par processus.

Les limites écrites ici (64 conditions en attente, 512 voisines, 256 règles de même fin, 252 propriétés) sont celles du
module C 2.0.28 ; les dépasser le fait planter ou boucler, d'où les bornes plus étroites tenues à la compilation.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from services.regles.moteur.port import (
    CONFORME,
    ECART,
    ERREUR,
    HORS_PERIODE,
    INDETERMINE,
    NON_APPLICABLE,
    Donnees,
    Issue,
    Jugement,
    MoteurIndisponible,
    Situation,
    separer_par_niveau,
)
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

try:
    import durable_rules_engine as _moteur_c
except ImportError:  # Python 3.13 et plus, ou pas de compilateur à l'installation
    _moteur_c = None

PILE_MAX = 60
VOISINES_MAX = 480
MEME_FIN_MAX = 240
PROPRIETES_MAX = 240
PROPRIETES_VISEES = 40
"""Le module C relit tout le fait à chaque préfixe vrai : un éclat lit peu de propriétés. Mesuré plat de 32 à 48."""

# Étiquettes des règles engendrées : un bit chacune, réunies en un masque par règle. Elles se posent en trois temps : le
# tri dit si la règle concerne, le fond si elle est respectée, les nuances ce qui excuse ou atténue une violation.
_HORS, _NON_APPLICABLE, _CONCERNEE, _CONFORME, _VIOLEE, _ATTENUEE, _ENTIERE = 1, 2, 4, 8, 16, 32, 64
_PREMIERE_DEROGATION = 7
_TRI = _HORS | _NON_APPLICABLE | _CONCERNEE
_FOND = _CONFORME | _VIOLEE
_OPERATEURS_C = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}
_SID = "s"
_FAIT = "f"
_RETRAIT = orjson.dumps({"sid": _SID, "id": _FAIT}).decode()
_BATTEMENT = orjson.dumps({"sid": _SID, "id": "hb", "hb": 1}).decode()
_RETRAIT_BATTEMENT = orjson.dumps({"sid": _SID, "id": "hb"}).decode()

AUCUN_ELEMENT: Sequence[Donnees] = ({},)
"""Le niveau consultation se juge une fois, sans élément courant."""

_VERROU = threading.Lock()
"""Un seul appel à la fois dans le processus : affirmer, vider, retirer ne sont pas un geste atomique."""


def etre_disponible() -> bool:
    """Dit si durable-rules est installé et importable."""
    return _moteur_c is not None


@dataclass(frozen=True, slots=True)
class RegleEngendree:
    """Une règle à un antécédent : la règle métier, l'étiquette qu'elle pose, et ses atomes."""

    regle: int
    etiquette: int
    terme: Terme


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

    @property
    def nombre_engendre(self) -> int:
        """Nombre de règles engendrées, consultation et lot."""
        return self._consultation.nombre_engendre + self._lot.nombre_engendre


class _Niveau:
    """Les règles d'un niveau (consultation ou lot), leurs propriétés et leurs éclats compilés."""

    def __init__(self, regles: Sequence[Regle]) -> None:
        self._regles = regles
        self._tri: list[_Eclat] = []
        self._fond: list[_Eclat] = []
        self._nuances: list[_Eclat] = []
        catalogues = [Catalogue() for _ in range(1 + max((r.groupe for r in regles), default=0))]
        engendrees: list[RegleEngendree] = []
        for rang, regle in enumerate(regles):
            engendrees += engendrer(rang, regle, catalogues[regle.groupe])
        # Les noms sont uniques d'un groupe de dates à l'autre : le préfixe les distingue.
        self._communes = _prefixer_calculs([catalogue.communes for catalogue in catalogues])
        self._locales = _prefixer_calculs([catalogue.locales for catalogue in catalogues])
        self._periodes = {f"periode{fenetre}": fenetre for fenetre in sorted({r.fenetre for r in regles})}
        self._decodeurs = [_Decodeur(regle) for regle in regles]
        self.nombre_engendre = len(engendrees)
        verifier_collisions([*self._periodes, *self._communes, *self._locales])
        temps = (
            (self._tri, [e for e in engendrees if e.etiquette & _TRI]),
            (self._fond, [e for e in engendrees if e.etiquette & _FOND]),
            (self._nuances, [e for e in engendrees if not e.etiquette & (_TRI | _FOND)]),
        )
        try:
            for eclats, siennes in temps:
                for lot in repartir(siennes, regles):
                    eclats.append(_Eclat(lot, frozenset(self._locales)))
        except BaseException:
            self.fermer()
            raise
        self._lectrices: dict[str, set[int]] = {}
        for eclat in (*self._tri, *self._fond, *self._nuances):
            for rang, lues in eclat.lues.items():
                for nom in lues:
                    self._lectrices.setdefault(nom, set()).add(rang)

    def juger(self, situation: Situation, elements: Sequence[Donnees]) -> tuple[tuple[Issue, ...], ...]:
        """Juge le niveau pour chaque élément ; ce qui vaut pour tous n'est calculé qu'une fois."""
        communes: dict[str, Any] = {}
        for nom, fenetre in self._periodes.items():
            periode = situation.periodes[fenetre]
            communes[nom] = 2 if periode is None else int(periode)
        seance = _Seance(situation, communes, {}, set())
        return tuple(self._juger_un(seance, element) for element in elements)

    def _juger_un(self, seance: "_Seance", element: Donnees) -> tuple[Issue, ...]:
        """Trie, juge le fond des seules règles qui concernent, nuance les seules violations."""
        masques = [0] * len(self._regles)
        en_panne: set[int] = set()
        locales: dict[str, Any] = {}
        for eclats, bit in ((self._tri, 0), (self._fond, _CONCERNEE), (self._nuances, _VIOLEE)):
            for eclat in eclats:
                regles = eclat.regles if not bit else {rang for rang in eclat.regles if masques[rang] & bit}
                if not regles:
                    continue
                communes_lues, locales_lues = eclat.lister_lues(regles)
                en_panne |= self._relever(communes_lues, self._communes, seance.communes, seance, {})
                en_panne |= self._relever(locales_lues, self._locales, locales, seance, element)
                valeurs = {nom: v for nom in communes_lues if (v := seance.communes[nom]) is not None}
                for nom in locales_lues:
                    if (v := locales[nom]) is not None:
                        valeurs[nom] = v
                try:
                    eclat.appliquer(valeurs, masques, seance.deja)
                except Exception:  # une panne est une erreur dite sur les règles de l'éclat, jamais un verdict
                    en_panne |= regles
                    eclat.renaitre()
        en_panne |= seance.en_panne
        issues = [decodeur.decoder(masque) for decodeur, masque in zip(self._decodeurs, masques, strict=True)]
        for rang in en_panne:
            issues[rang] = ERREUR
        return tuple(issues)

    def _relever(
        self,
        noms: Iterable[str],
        calculs: Mapping[str, tuple[int, Propriete]],
        connues: dict[str, Any],
        seance: "_Seance",
        element: Donnees,
    ) -> set[int]:
        """Ajoute à `connues` les propriétés qui y manquent (None : absente) ; rend les règles qu'une panne en prive."""
        en_panne: set[int] = set()
        situation = seance.situation
        for nom in noms:
            if nom in connues:
                continue
            groupe, calculer = calculs[nom]
            try:
                connues[nom] = calculer((situation.consultation, element, situation.cadres[groupe]))
            except Exception:  # la propriété manque : ses règles le diront
                connues[nom] = None
                en_panne |= self._lectrices[nom]
        if calculs is self._communes:
            seance.en_panne |= en_panne
        return en_panne

    def fermer(self) -> None:
        for eclat in (*self._tri, *self._fond, *self._nuances):
            eclat.fermer()
        self._tri, self._fond, self._nuances = [], [], []


@dataclass(slots=True)
class _Seance:
    """Ce que partagent les lots d'une même situation : propriétés communes, faits déjà soumis, pannes communes."""

    situation: Situation
    communes: dict[str, Any]
    deja: dict[tuple[int, str], list[str]]
    en_panne: set[int]


def engendrer(rang: int, regle: Regle, catalogue: Catalogue) -> list[RegleEngendree]:
    """Rend les règles engendrées d'une règle métier, étiquette par étiquette."""
    prefixe = f"g{regle.groupe}"
    periode = f"periode{regle.fenetre}"
    en_vigueur: Dnf = [frozenset({Atome(periode, "==", 1)})]
    pas_echue: Dnf = [frozenset({Atome(periode, ">=", 1)})]

    def traduire(arbre: Any) -> tuple[Dnf, Dnf]:
        vrai, faux = traduire_arbre(arbre, catalogue)
        return _prefixer(vrai, prefixe), _prefixer(faux, prefixe)

    applicable, inapplicable = traduire(regle.applicable_si) if regle.applicable_si is not None else (VRAI, [])
    respectee, violee = traduire(regle.exige)
    formes: list[tuple[int, Dnf]] = [
        (_HORS, [frozenset({Atome(periode, "==", 0)})]),
        (_NON_APPLICABLE, croiser(pas_echue, inapplicable)),
        (_CONCERNEE, croiser(en_vigueur, applicable)),
        (_CONFORME, respectee),
        (_VIOLEE, violee),
    ]
    if regle.alerte_si is not None:
        attenuee, entiere = traduire(regle.alerte_si)
        formes += [(_ATTENUEE, attenuee), (_ENTIERE, entiere)]
    for numero, derogation in enumerate(regle.derogations):
        base = 1 << (_PREMIERE_DEROGATION + 3 * numero)
        invoquee, _ = traduire(derogation.si)
        motivee, non_motivee = traduire(derogation.justifie_par)
        formes += [(base, invoquee), (base << 1, motivee), (base << 2, non_motivee)]
    return [RegleEngendree(rang, etiquette, terme) for etiquette, dnf in formes for terme in absorber(dnf)]


def _prefixer_calculs(groupes: Sequence[Mapping[str, Propriete]]) -> dict[str, tuple[int, Propriete]]:
    return {f"g{rang}{nom}": (rang, calcul) for rang, calculs in enumerate(groupes) for nom, calcul in calculs.items()}


def _prefixer(dnf: Dnf, prefixe: str) -> Dnf:
    return [frozenset(Atome(prefixe + a.propriete, a.symbole, a.constante) for a in terme) for terme in dnf]


class _Decodeur:
    """Lit l'issue d'une règle dans le masque des étiquettes posées ; deux conclusions contraires sont une erreur."""

    def __init__(self, regle: Regle) -> None:
        self._sans_ecart = regle.fiche.sans_ecart
        self._attenuable = regle.alerte_si is not None
        self._derogations = len(regle.derogations)
        self._connues: dict[int, Issue] = {}

    def decoder(self, masque: int) -> Issue:
        issue = self._connues.get(masque)
        if issue is None:
            issue = self._connues[masque] = self._lire(masque)
        return issue

    def _lire(self, masque: int) -> Issue:
        tri = masque & _TRI
        if tri != _CONCERNEE:
            return {0: INDETERMINE, _HORS: HORS_PERIODE, _NON_APPLICABLE: NON_APPLICABLE}.get(tri, ERREUR)
        fond = masque & _FOND
        if fond != _VIOLEE:
            return {0: INDETERMINE, _CONFORME: CONFORME}.get(fond, ERREUR)
        invoquee = -1
        for numero in range(self._derogations):
            base = 1 << (_PREMIERE_DEROGATION + 3 * numero)
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
        force = masque & (_ATTENUEE | _ENTIERE)
        if force == 0:
            return INDETERMINE
        if force == _ATTENUEE | _ENTIERE:
            return ERREUR
        return Issue("alerte" if force == _ATTENUEE else "ecart", invoquee)


# ----------------------------------------------------------------------------------------------- répartir en éclats


def empiler(racine: dict[Atome, Any], terme: Sequence[Atome]) -> None:
    """Ajoute un terme à l'arbre de préfixes où le module C range ses conditions."""
    noeud = racine
    for atome in terme:
        noeud = noeud.setdefault(atome, {})


def mesurer_pile(noeud: Mapping[Atome, Any]) -> int:
    """Rend la profondeur de pile que prendrait le module C si toutes les conditions de l'arbre étaient vraies.

    À chaque préfixe vrai, il empile les voisines encore à voir.
    """
    profondeur = len(noeud)
    for rang, enfant in enumerate(noeud.values()):
        if enfant:
            profondeur = max(profondeur, rang + mesurer_pile(enfant))
    return profondeur


def ranger(terme: Terme) -> tuple[Atome, ...]:
    """Rend les atomes d'un terme dans un ordre fixe (le même d'une exécution à l'autre).

    La période d'abord, puis les propriétés dans l'ordre où les fiches les lisent : ce que le plus de règles partagent
    vient en tête, et l'arbre de préfixes du module C reste étroit.
    """
    return tuple(sorted(terme, key=_classer))


@cache
def _classer(atome: Atome) -> tuple[bool, int, str, str, str]:
    nom = atome.propriete
    return not nom.startswith("periode"), len(nom), nom, atome.symbole, str(atome.constante)


def repartir(engendrees: Sequence[RegleEngendree], regles: Sequence[Regle]) -> list[list[RegleEngendree]]:
    """Répartit les règles engendrées en éclats qui ne peuvent dépasser aucune limite du module C.

    Une règle métier tient toujours dans un seul éclat, pour qu'une panne ne coupe pas un verdict en deux. Celles qui
    lisent les mêmes propriétés vont ensemble, pour que le fait de chaque éclat reste court.
    Lève MoteurIndisponible si une règle seule dépasse une limite.
    """
    par_regle: dict[int, list[RegleEngendree]] = {}
    for engendree in engendrees:
        par_regle.setdefault(engendree.regle, []).append(engendree)
    rangees = {rang: [ranger(engendree.terme) for engendree in groupe] for rang, groupe in par_regle.items()}
    lues = {rang: {atome.propriete for terme in termes for atome in terme} for rang, termes in rangees.items()}
    restantes = sorted(par_regle, key=lambda rang: (-len(lues[rang]), rang))
    eclats: list[list[RegleEngendree]] = []
    while restantes:
        premiere = restantes.pop(0)
        gabarit = _Gabarit()
        if not gabarit.admettre(rangees[premiere]):
            raise MoteurIndisponible(f"{regles[premiere].fiche.id} : règle trop combinatoire pour le moteur engendré")
        eclat, vues = list(par_regle[premiere]), set(lues[premiere])
        while restantes:
            voisine = min(restantes, key=lambda rang: (len(lues[rang] - vues), -len(lues[rang]), rang))
            if len(vues | lues[voisine]) > PROPRIETES_VISEES or not gabarit.admettre(rangees[voisine]):
                break
            restantes.remove(voisine)
            eclat += par_regle[voisine]
            vues |= lues[voisine]
        eclats.append(eclat)
    return eclats


class _Gabarit:
    """Ce qu'un éclat prend déjà des limites du module C."""

    def __init__(self) -> None:
        self._racine: dict[Atome, Any] = {}
        self._fins: Counter[Atome] = Counter()
        self._atomes: set[Atome] = set()

    def admettre(self, termes: Sequence[tuple[Atome, ...]]) -> bool:
        """Ajoute les termes d'une règle et dit si l'éclat tient encore ; sinon, il ne doit plus servir."""
        for terme in termes:
            empiler(self._racine, terme)
            self._atomes.update(terme)
            if terme:
                self._fins[terme[-1]] += 1
        return (
            len(self._atomes) <= VOISINES_MAX
            and max(self._fins.values(), default=0) <= MEME_FIN_MAX
            and len({atome.propriete for atome in self._atomes}) <= PROPRIETES_MAX
            and mesurer_pile(self._racine) <= PILE_MAX - 1  # une place pour le battement
        )


def verifier_collisions(noms: Iterable[str]) -> None:
    """Refuse deux noms de propriété que le module C confondrait : il ne compare que des empreintes FNV de 32 bits.

    Lève MoteurIndisponible.
    """
    tous = [*noms, "hb", "k", "sid", "id"]
    for calculer in (_hacher_fnv1, _hacher_fnv1a):
        vus: dict[int, str] = {}
        for nom in tous:
            empreinte = calculer(nom)
            if vus.setdefault(empreinte, nom) != nom:
                raise MoteurIndisponible(f"propriétés indiscernables pour le module C : {vus[empreinte]} et {nom}")


def _hacher_fnv1(nom: str) -> int:
    empreinte = 2166136261
    for octet in nom.encode():
        empreinte = (empreinte * 16777619) & 0xFFFFFFFF ^ octet
    return empreinte


def _hacher_fnv1a(nom: str) -> int:
    empreinte = 2166136261
    for octet in nom.encode():
        empreinte = ((empreinte ^ octet) * 16777619) & 0xFFFFFFFF
    return empreinte


class _Eclat:
    """Un jeu compilé par le module C : quelques dizaines de règles engendrées, un état, un fait à la fois."""

    def __init__(self, engendrees: Sequence[RegleEngendree], locales: frozenset[str]) -> None:
        """Compile les règles ; `locales` nomme les propriétés qui dépendent de l'élément courant."""
        self.regles = {engendree.regle for engendree in engendrees}
        self.lues: dict[int, set[str]] = {}
        self._poses: dict[str, tuple[int, int]] = {}
        definition: dict[str, Any] = {"hb": {"all": [{"m": {"hb": 1}}]}}
        for rang, engendree in enumerate(engendrees):
            nom = f"r{rang}"
            self._poses[nom] = (engendree.regle, engendree.etiquette)
            atomes = ranger(engendree.terme) or (Atome("k", "==", 1),)
            ecrits = [_ecrire_atome(atome) for atome in atomes]
            definition[nom] = {"all": [{"m": {"$and": ecrits} if len(ecrits) > 1 else ecrits[0]}]}
            self.lues.setdefault(engendree.regle, set()).update(atome.propriete for atome in atomes)
        for lues in self.lues.values():
            lues.discard("k")
        self._separees = {rang: (sorted(lues - locales), sorted(lues & locales)) for rang, lues in self.lues.items()}
        self._toutes = self._reunir(self.regles)
        self._jeu = _moteur_c.create_ruleset("verifop", orjson.dumps(definition).decode())
        self._amorce = False
        self._amorcer()

    def lister_lues(self, regles: set[int]) -> tuple[list[str], list[str]]:
        """Rend les propriétés que lisent ces règles de l'éclat : communes à tous les lots, puis locales."""
        return self._toutes if len(regles) == len(self.regles) else self._reunir(regles)

    def _reunir(self, regles: Iterable[int]) -> tuple[list[str], list[str]]:
        communes: dict[str, None] = {}
        locales: dict[str, None] = {}
        for rang in regles:
            siennes, du_lot = self._separees[rang]
            communes.update(dict.fromkeys(siennes))
            locales.update(dict.fromkeys(du_lot))
        return list(communes), list(locales)

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
            regle, etiquette = self._poses[nom]
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
