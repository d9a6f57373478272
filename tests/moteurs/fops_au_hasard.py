"""Tirer des FOP au hasard, à graine fixe : tous les champs que lisent les règles d'un paquet, à leurs bornes.

Rien n'est écrit règle par règle : champs, seuils, codes CPV et dates charnières sont relevés dans le paquet, si bien
qu'une règle nouvelle est couverte le jour où elle est livrée.
"""

import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from services.regles.cas import completer_fop
from services.regles.champs import CHAMPS, Champ
from services.regles.conditions import Feuille, parcourir
from services.regles.faits import CALCULS
from services.regles.fop import DATE_MAX, DATE_MIN, DIVISIONS_CPV
from services.regles.paquet import Paquet
from services.regles.referentiels import EntreeCpv

INGREDIENTS: Mapping[str, tuple[str, ...]] = {
    "date_de_reference": ("date_lancement",),
    "valeur_besoin_ht": ("montant_ht", "montant_max_ht", "montant_operation_ht", "forme", "nature"),
    "est_accord_cadre": ("forme",),
    "est_formalisee": ("procedure",),
    "est_sans_concurrence": ("procedure",),
    "base_legale_dispense": ("base_legale_procedure",),
    "base_legale_innovation": ("base_legale_procedure",),
    "base_legale_centrale": ("base_legale_procedure",),
    "lots_dispenses.cumul_ht": ("montant_ht", "procedure"),
    "lots_dispenses.part": ("montant_ht", "procedure"),
    "petits_lots.cumul_ht": ("montant_ht", "procedure"),
    "petits_lots.part": ("montant_ht", "procedure"),
    "capacites.ca_multiple": (
        "capacites.ca_minimal_ht",
        "montant_ht",
        "montant_max_ht",
        "montant_operation_ht",
        "forme",
        "nature",
    ),
    "lots_effectifs": (),
    "lots[].criteres_poids_total": ("criteres[].poids",),
    "lots[].est_sans_concurrence": ("procedure",),
    "criteres[].est_environnemental": ("criteres[].type", "criteres[].sous_type"),
    "criteres[].est_social": ("criteres[].type", "criteres[].sous_type"),
    "lots[].criteres[].est_environnemental": ("criteres[].type", "criteres[].sous_type"),
    "lots[].criteres[].est_social": ("criteres[].type", "criteres[].sous_type"),
}
"""Ce que l'acheteur saisit pour qu'un fait calculé existe."""

DEDUITS: Mapping[str, tuple[str, ...]] = {
    "nature": ("cpv",),
    "acheteur.type": ("acheteur.siret",),
    "acheteur.qualite": ("acheteur.siret",),
    "acheteur.spaser": ("acheteur.siret",),
}
"""Ce qui complète une donnée absente."""

PAS: Mapping[int, Decimal] = {rang: Decimal(1).scaleb(-rang) for rang in range(7)}
MAXIMA: Mapping[int, Decimal] = {
    0: Decimal(3_650),
    2: Decimal("999999999999.99"),
    3: Decimal(1_200),
    4: Decimal(100),
    6: Decimal(1),
}
MINIMA: Mapping[int, Decimal] = {3: Decimal("0.001")}
TEXTES = (
    "R2122-3",
    "R. 2122-8",
    "article R2122‑9-1 du code",
    "néant",
    "   ",
    "L'œuvre « déjà là », à 50 %",
    'guillemets "droits" et \\ barre',
    "😀 été",
    "e\u0301tude décomposée",
    "é" * 300,
    "y",
)
SIRETS_HORS_REFERENTIEL = ("21690002700014", "22690001700014", "23690002300011", "55210055400013")
"""Une commune, un département, une région, une entreprise : ce que le SIREN dit, ou ne dit pas, d'un inconnu."""
SOUS_TYPES = ("carbone", "cycle_de_vie", "insertion", "egalite_fh", "dechets", "autre_chose")


@dataclass(slots=True)
class _Branche:
    champ: Champ | None = None
    liste: bool = False
    enfants: dict[str, "_Branche"] = field(default_factory=dict)


class Tirage:
    """Ce qu'il faut savoir d'un paquet pour tirer des FOP qui touchent toutes ses règles."""

    def __init__(self, paquet: Paquet) -> None:
        self.chemins: set[str] = set()
        self.jours: list[date] = []
        self._nombres: dict[int, list[Decimal]] = {}
        self._textes: dict[str, list[str]] = {}
        self._preferes: dict[str, set[str]] = {}
        self._exemples = [completer_fop(cas.fop) for regle in paquet.regles for cas in regle.fiche.cas if cas.fop]
        self._cpvs: list[str] = []
        self._sirets: list[str] = []
        nombres: dict[int, set[Decimal]] = {}
        jours: set[date] = {date(2026, 9, 15)}
        prefixes: set[str] = set(DIVISIONS_CPV)
        for regle in paquet.regles:
            effet = regle.fiche.effet
            jours |= {effet.du, *([effet.au] if effet.au is not None else [])}
            jours |= {mention.depuis for mention in regle.fiche.mentions}
            self.chemins.update(effet.date_de_reference)
            for arbre in regle.lister_arbres():
                for noeud in parcourir(arbre):
                    lecture = noeud.lecture if isinstance(noeud, Feuille) else noeud.liste
                    self._retenir(lecture.champ.chemin)
                    if isinstance(noeud, Feuille):
                        self._relever_bornes(noeud, paquet, nombres, jours, prefixes)
        for cle in {cle for regle in paquet.regles for cle in regle.fiche.parametres.values()}:
            for ligne in paquet.parametres[cle].valeurs:
                jours |= {ligne.depuis, *([ligne.jusqu_au] if ligne.jusqu_au is not None else [])}
        for referentiel in paquet.referentiels.values():
            for entree in referentiel.values():
                if isinstance(entree, EntreeCpv):
                    prefixes.update(entree.cpv, entree.sauf, entree.exact)
                    prefixes.update(borne for plage in entree.plages for borne in plage)
                elif hasattr(entree, "siret"):
                    self._sirets.append(entree.siret)
        if {"nature", "cpv"} & self.chemins:
            self.chemins |= {"nature", "cpv"}
        un_jour = timedelta(days=1)
        self.jours = sorted(
            {
                j + ecart
                for j in jours
                for ecart in (-un_jour, timedelta(0), un_jour)
                if DATE_MIN <= j + ecart <= DATE_MAX
            }
        )
        for decimales, valeurs in nombres.items():
            pas = PAS[decimales]
            minimum, maximum = MINIMA.get(decimales, Decimal(0)), MAXIMA[decimales]
            voisins = {v + ecart for v in valeurs for ecart in (-pas, Decimal(0), pas)}
            self._nombres[decimales] = sorted({min(max(v, minimum), maximum) for v in voisins})
        self._cpvs = sorted(
            code
            for prefixe in prefixes
            for code in {prefixe.ljust(8, "0"), prefixe.ljust(8, "9")}
            if code[:2] in DIVISIONS_CPV
        )
        self._racine = self._dresser(sorted(self.chemins), "")
        self._du_lot = self._dresser(sorted(c for c in self.chemins if f"lots[].{c}" in CHAMPS), "lots[].")

    def _retenir(self, chemin: str) -> None:
        for saisi in INGREDIENTS[chemin] if chemin in CALCULS else (chemin,):
            propre = saisi.removeprefix("lots[].")
            if propre not in ("lots", "numero"):
                self.chemins.add(propre)

    def _relever_bornes(
        self,
        feuille: Feuille,
        paquet: Paquet,
        nombres: dict[int, set[Decimal]],
        jours: set[date],
        prefixes: set[str],
    ) -> None:
        champ, constante = feuille.lecture.champ, feuille.constante
        if feuille.famille is not None:
            prefixes.update(p for p in feuille.famille.gagnants if 2 <= len(p) <= 8)
        if champ.genre == "nombre":
            decimales = champ.decimales or 0
            bornes: set[Any] = set(constante) if isinstance(constante, frozenset) else {constante}
            if feuille.parametre is not None:
                bornes = {ligne.valeur for ligne in paquet.parametres[feuille.parametre].valeurs}
            nombres.setdefault(decimales, set()).update(b for b in bornes if isinstance(b, Decimal))
        elif isinstance(constante, date):
            jours.add(constante)
        elif champ.genre == "enumere" and constante is not None:
            valeurs = constante if isinstance(constante, frozenset) else {constante}
            self._preferes.setdefault(champ.chemin.removeprefix("lots[]."), set()).update(
                v for v in valeurs if v in champ.valeurs
            )
        elif champ.genre == "texte" and not isinstance(constante, bool | int | None):
            textes = constante if isinstance(constante, frozenset) else {constante}
            self._textes.setdefault(champ.chemin.removeprefix("lots[]."), []).extend(sorted(map(str, textes)))

    def _dresser(self, chemins: Sequence[str], prefixe: str) -> _Branche:
        racine = _Branche()
        for chemin in chemins:
            branche, lu = racine, prefixe
            for partie in chemin.split("."):
                nom = partie.removesuffix("[]")
                lu += nom
                branche = branche.enfants.setdefault(nom, _Branche(CHAMPS[lu]))
                branche.liste = branche.champ is not None and branche.champ.genre == "liste"
                lu += "[]." if branche.liste else "."
        self._garnir(racine)
        return racine

    def _garnir(self, branche: _Branche) -> None:
        """Une liste d'objets dont aucune règle ne lit l'intérieur a quand même besoin d'éléments."""
        for enfant in branche.enfants.values():
            self._garnir(enfant)
        champ = branche.champ
        if champ is None or not branche.liste or champ.valeurs or branche.enfants:
            return
        dessous = {c: f for c, f in CHAMPS.items() if c.startswith(f"{champ.chemin}[].")}
        for chemin, contenu in dessous.items():
            if contenu.genre in ("enumere", "texte"):
                branche.enfants[chemin.rpartition(".")[2]] = _Branche(contenu)
                return

    # ------------------------------------------------------------------------------------------------- tirer

    def _alterer(self, fop: dict[str, Any], hasard: random.Random) -> dict[str, Any]:
        for nom in hasard.sample(sorted(self._racine.enfants), hasard.choice((0, 1, 1, 2, 4))):
            if nom == "acheteur":
                continue
            valeur = self._tirer_branche(self._racine.enfants[nom], hasard, 0.2)
            if valeur is None or hasard.random() < 0.3:
                fop.pop(nom, None)
            else:
                fop[nom] = valeur
        if hasard.random() < 0.2:
            fop["lots"] = self._tirer_lots(hasard)
        return fop

    def _inventer(self, hasard: random.Random) -> dict[str, Any]:
        absence = hasard.choice((0.05, 0.2, 0.2, 0.5, 0.8))
        fop = self._tirer_objet(self._racine, hasard, absence)
        acheteur: dict[str, Any] = fop.get("acheteur") or {}
        fop["acheteur"] = acheteur
        if self._sirets and hasard.random() < 0.6:
            acheteur["siret"] = hasard.choice(self._sirets)
        else:
            acheteur["nom"] = "Acheteur d'essai"
        fop["objet"] = "FOP d'essai"
        sort = hasard.random()
        if sort < 0.1:
            fop["lots"] = []
        elif sort < 0.75:
            fop["lots"] = self._tirer_lots(hasard)
        if hasard.random() < 0.15:
            self._viser_une_part(fop, hasard)
        return fop

    def _tirer_lots(self, hasard: random.Random) -> list[dict[str, Any]]:
        absence = hasard.choice((0.2, 0.5, 0.8))
        numerotes = hasard.random() < 0.8
        numeros = hasard.sample(range(1, 30), 8)
        lots: list[dict[str, Any]] = []
        for rang in range(hasard.randint(1, 8)):
            lot = self._tirer_objet(self._du_lot, hasard, absence)
            if numerotes:
                lot["numero"] = numeros[rang]
            else:
                lot["objet"] = f"Lot d'essai {rang}"
            lots.append(lot)
        return lots

    def _viser_une_part(self, fop: dict[str, Any], hasard: random.Random) -> None:
        """Fait tomber le cumul des lots dispensés à un centime d'une part que lit une règle."""
        parts = [part for part in self._nombres.get(6, []) if 0 < part < 1]
        if not fop.get("lots") or not parts or "procedure" not in self.chemins:
            return
        fop["procedure"] = hasard.choice(("procedure_adaptee", "appel_offres_ouvert"))
        total = Decimal(hasard.randint(1, 50) * 10_000)
        fop["montant_ht"] = str(total)
        cumul = (total * hasard.choice(parts)).quantize(PAS[2]) + hasard.choice((-1, 0, 1)) * PAS[2]
        for rang, lot in enumerate(fop["lots"]):
            lot.pop("procedure", None)
            lot["montant_ht"] = "1000"
            if rang == 0:
                lot |= {"procedure": "lettre_de_consultation", "montant_ht": str(max(cumul, Decimal(0)))}

    def _tirer_objet(self, branche: _Branche, hasard: random.Random, absence: float) -> dict[str, Any]:
        objet: dict[str, Any] = {}
        for nom, enfant in branche.enfants.items():
            if hasard.random() < absence:
                if hasard.random() < 0.1:
                    objet[nom] = None
                continue
            valeur = self._tirer_branche(enfant, hasard, absence)
            if valeur is not None:
                objet[nom] = valeur
        return objet

    def _tirer_branche(self, branche: _Branche, hasard: random.Random, absence: float) -> Any:
        if branche.enfants and not branche.liste:
            return self._tirer_objet(branche, hasard, absence) or None
        assert branche.champ is not None
        if not branche.liste:
            return self.tirer_valeur(branche.champ, hasard)
        nombre = hasard.choice((0, 1, 1, 2, 3))
        if branche.champ.valeurs:
            return hasard.sample(branche.champ.valeurs, min(nombre, len(branche.champ.valeurs)))
        if not branche.enfants:
            return ["Écolabel", "NF"][:nombre]
        elements = [self._tirer_objet(branche, hasard, min(absence, 0.3)) for _ in range(nombre)]
        return [e for e in elements if any(_etre_renseigne(v) for v in e.values())]

    def tirer_valeur(self, champ: Champ, hasard: random.Random) -> Any:
        """Rend une valeur valide du champ, de préférence à une borne."""
        if champ.genre == "booleen":
            return hasard.random() < 0.5
        if champ.genre == "enumere":
            preferes = sorted(self._preferes.get(champ.chemin.removeprefix("lots[]."), ()))
            return hasard.choice(preferes if preferes and hasard.random() < 0.7 else champ.valeurs)
        if champ.genre == "date":
            return hasard.choice(self.jours).isoformat()
        if champ.genre == "cpv":
            return hasard.choice(self._cpvs)
        if champ.genre == "nombre":
            return self._tirer_nombre(champ.decimales or 0, hasard)
        if champ.chemin == "acheteur.siret":
            return hasard.choice([*self._sirets, *SIRETS_HORS_REFERENTIEL])
        if champ.chemin.endswith("sous_type"):
            return hasard.choice(SOUS_TYPES)
        connus = self._textes.get(champ.chemin.removeprefix("lots[]."), [])
        return hasard.choice([*connus, *TEXTES])

    def _tirer_nombre(self, decimales: int, hasard: random.Random) -> str | int:
        bornes = self._nombres.get(decimales)
        if bornes and hasard.random() < 0.8:
            nombre = hasard.choice(bornes)
        else:
            maximum = min(MAXIMA[decimales], Decimal(10_000_000))
            tire = Decimal(hasard.randint(0, int(maximum / PAS[decimales]))) * PAS[decimales]
            nombre = max(tire, MINIMA.get(decimales, Decimal(0)))
        return int(nombre) if decimales == 0 else f"{nombre:f}"

    def tirer_plusieurs(self, graine: int, nombre: int) -> Iterator[dict[str, Any]]:
        """Rend `nombre` FOP valides, les mêmes pour une même graine.

        Une sur deux est toute neuve, l'autre un cas de fiche un peu changé ; chaque cas passe avant qu'un ne revienne.
        """
        hasard = random.Random(graine)
        restants: list[dict[str, Any]] = []
        for rang in range(nombre):
            if rang % 2 or not self._exemples:
                yield self._inventer(hasard)
                continue
            if not restants:
                restants = hasard.sample(self._exemples, len(self._exemples))
            yield self._alterer(copy.deepcopy(restants.pop()), hasard)


def _etre_renseigne(valeur: Any) -> bool:
    if valeur is None or (isinstance(valeur, str) and valeur.strip() in ("", "néant")):
        return False
    return not isinstance(valeur, dict) or any(map(_etre_renseigne, valeur.values()))
