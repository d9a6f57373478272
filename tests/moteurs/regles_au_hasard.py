"""Écrire un paquet de règles au hasard, en vrais fichiers : toutes les formes du langage, en petites combinaisons."""

import json
import random
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from services.regles.moteur.durable import MoteurDurable
from services.regles.moteur.port import MoteurIndisponible
from services.regles.paquet import Paquet, charger_paquet
from services.regles.regle import Regle
from tests.moteurs.atelier import FICHE

REGLES_ENGENDREES = 150

Ecrite = dict[str, Any]

PARAMETRES: Mapping[str, Any] = {
    cle: {
        "libelle": cle,
        "unite": unite,
        "apres_la_derniere_valeur": "erreur",
        "verifie_le": "2026-11-21",
        "valeurs": [
            {
                "depuis": depuis,
                "valeur": valeur,
                "confiance": "haute",
                "texte": "Texte d'essai",
                "article": "1",
                "parution": None,
                "provenance": "C",
            }
            for depuis, valeur in valeurs
        ],
    }
    for cle, unite, valeurs in (
        ("essai.montant", "EUR_HT", (("2019-01-01", 25000), ("2024-01-01", 40000.01), ("2027-01-01", "a_renseigner"))),
        ("essai.duree", "mois", (("2019-01-01", 48), ("2026-01-01", 47.5))),
        ("essai.part", "part", (("2019-01-01", 0.2), ("2025-06-01", 0.250001))),
        ("essai.jours", "jours", (("2019-01-01", 35),)),
    )
}
REFERENTIELS: Mapping[str, Any] = {
    "familles_agec": {
        "mobilier": {"libelle": "m", "cpv": ["39", "391"], "sauf": ["39137"], "origine": "essai", "provenance": "C"},
        "voisine": {"libelle": "v", "cpv": ["3912"], "exact": ["45000000"], "origine": "essai", "provenance": "C"},
    },
    "segments": {
        "plages": {
            "libelle": "p",
            "cpv": ["45"],
            "plages": [["75200000", "75250000"]],
            "origine": "essai",
            "provenance": "C",
        }
    },
}
ALIAS = {"seuil": "essai.montant", "duree": "essai.duree", "part": "essai.part", "jours": "essai.jours"}

NOMBRES: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "montant_ht": ("seuil", (0, 25000, 40000.01, 90000)),
    "montant_max_ht": ("seuil", (25000, 90000)),
    "valeur_besoin_ht": ("seuil", (40000, 90000)),
    "lots_dispenses.cumul_ht": ("seuil", (0, 1000)),
    "lots_dispenses.part": ("part", (0, 0.2)),
    "duree_mois": ("duree", (12, 48.5)),
    "avance_taux": ("part", (0.05, 0.2)),
    "delai_reception_jours": ("jours", (0, 30)),
    "egalim.part_bio": ("part", (0.2,)),
}
NOMBRES_DU_LOT: Mapping[str, tuple[str, tuple[float, ...]]] = {
    ".montant_ht": ("seuil", (0, 25000, 40000)),
    ".egalim.part_bio": ("part", (0.2,)),
    ".vehicules.nombre": ("", (0, 4)),
}
ENUMERES: Mapping[str, tuple[str, ...]] = {
    "procedure": ("procedure_adaptee", "appel_offres_ouvert", "bon_de_commande"),
    "nature": ("travaux", "fournitures", "services"),
    "forme": ("ordinaire", "accord_cadre_mixte", "marche_global"),
    "acheteur.spaser": ("vra_2023_2026", "aucun"),
    "acheteur.qualite": ("pouvoir_adjudicateur", "entite_adjudicatrice"),
    "livre": ("1", "5_autres"),
    "allotissement.motif": ("pilotage_impossible", "marche_global"),
}
ENUMERES_DU_LOT: Mapping[str, tuple[str, ...]] = {
    ".procedure": ("procedure_adaptee", "lettre_de_consultation"),
    ".nature": ("travaux", "services"),
    ".reservation.type": ("insertion", "ess"),
}
BOOLEENS = ("innovant", "pse", "groupement_commandes", "est_formalisee", "est_accord_cadre", "base_legale_dispense")
TEXTES = ("base_legale_procedure", "allotissement.motivation", "justification_duree")
LISTES: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "criteres": {".type": ("prix", "environnemental"), ".poids": (0, 10.5), ".est_environnemental": (True, False)},
    "clauses_env": {".type": ("dechets", "energie"), ".penalite": (True, False)},
    "clauses_soc": {".type": ("insertion",), ".heures": (0, 35.5)},
    "agec": {".famille": ("mobilier",), ".part_reemploi": (0.2,)},
}


class _Ecrivain:
    def __init__(self, hasard: random.Random, *, lot: bool) -> None:
        self._hasard = hasard
        self._lot = lot

    def ecrire(self, profondeur: int) -> Ecrite:
        sort = self._hasard.random()
        if profondeur > 0 and sort < 0.45:
            enfants = [self.ecrire(profondeur - 1) for _ in range(self._hasard.randint(1, 3))]
            return {self._hasard.choice(("toutes", "une_de")): enfants}
        if sort < 0.6:
            return self._quantifier()
        return self._controler(du_lot=self._lot and self._hasard.random() < 0.5)

    def _quantifier(self) -> Ecrite:
        mot = self._hasard.choice(("pour_un", "pour_chaque"))
        if not self._lot and self._hasard.random() < 0.4:
            liste = self._hasard.choice(("lots_effectifs", "lots_effectifs", "lots"))
            interne = (
                self._parcourir(f".{self._hasard.choice(sorted(LISTES))}")
                if self._hasard.random() < 0.5
                else self._controler(du_lot=True)
            )
            return {mot: liste, "verifie": interne}
        point = "." if self._lot and self._hasard.random() < 0.5 else ""
        return self._parcourir(point + self._hasard.choice(sorted(LISTES)))

    def _parcourir(self, liste: str) -> Ecrite:
        mot = self._hasard.choice(("pour_un", "pour_chaque"))
        champs = LISTES[liste.removeprefix(".")]
        verifie = [self._controler_element(champs) for _ in range(self._hasard.randint(1, 2))]
        interne = verifie[0] if len(verifie) == 1 else {self._hasard.choice(("toutes", "une_de")): verifie}
        return {mot: liste, "verifie": interne}

    def _controler_element(self, champs: Mapping[str, tuple[Any, ...]]) -> Ecrite:
        fait = self._hasard.choice(sorted(champs))
        valeur = self._hasard.choice(champs[fait])
        if self._hasard.random() < 0.15:
            return {"fait": fait, "renseigne": self._hasard.random() < 0.5}
        if isinstance(valeur, bool | str):
            return {"fait": fait, self._hasard.choice(("egal", "different")): valeur}
        return {"fait": fait, self._hasard.choice(("au_moins", "plus_de", "au_plus", "moins_de", "egal")): valeur}

    def _controler(self, *, du_lot: bool) -> Ecrite:
        hasard = self._hasard
        sorte = hasard.choice(("nombre", "nombre", "enumere", "enumere", "booleen", "cpv", "taille", "date", "texte"))
        if sorte == "nombre":
            fait, (alias, constantes) = hasard.choice(sorted((NOMBRES_DU_LOT if du_lot else NOMBRES).items()))
            operateur = hasard.choice(("au_moins", "plus_de", "au_plus", "moins_de"))
            return {
                "fait": fait,
                operateur: {"parametre": alias} if alias and hasard.random() < 0.5 else hasard.choice(constantes),
            }
        if sorte == "enumere":
            fait, valeurs = hasard.choice(sorted((ENUMERES_DU_LOT if du_lot else ENUMERES).items()))
            if hasard.random() < 0.15:
                return {"fait": fait, "renseigne": hasard.random() < 0.5}
            if hasard.random() < 0.5:
                return {"fait": fait, hasard.choice(("egal", "different")): hasard.choice(valeurs)}
            return {
                "fait": fait,
                hasard.choice(("parmi", "hors")): hasard.sample(valeurs, hasard.randint(1, len(valeurs))),
            }
        if sorte == "cpv":
            borne = hasard.choice(
                (["45", "391"], ["7"], {"referentiel": "familles_agec.mobilier"}, {"referentiel": "segments.plages"})
            )
            if borne == ["7"]:
                borne = ["71", "79"]
            return {"fait": ".cpv" if du_lot else "cpv", hasard.choice(("commence_par", "ne_commence_par")): borne}
        if sorte == "taille":
            liste = ("." if du_lot else "") + hasard.choice(sorted(LISTES))
            operateur = hasard.choice(("nombre_egal", "nombre_au_moins", "nombre_au_plus"))
            return {"fait": liste, operateur: hasard.randint(0, 3)}
        if sorte == "date":
            fait = hasard.choice(("date_de_reference", "date_limite_offres", "date_lancement"))
            return {"fait": fait, hasard.choice(("a_partir_du", "avant")): hasard.choice(("2025-01-01", "2026-08-21"))}
        if sorte == "texte":
            if hasard.random() < 0.5:
                return {"fait": hasard.choice(TEXTES), "renseigne": hasard.random() < 0.5}
            if hasard.random() < 0.5:
                return {"fait": "publicites", "contient": hasard.choice(("joue", "boamp"))}
            return {"fait": "base_legale_procedure", hasard.choice(("egal", "different")): "R2122-3"}
        return {"fait": hasard.choice(BOOLEENS), hasard.choice(("egal", "different")): hasard.random() < 0.5}


@cache
def charger_paquet_au_hasard(graine: int) -> tuple[Paquet, tuple[Regle, ...]]:
    """Rend un paquet de règles au hasard, et cent cinquante d'entre elles que le moteur engendré sait porter."""
    with tempfile.TemporaryDirectory() as dossier:
        _ecrire_paquet(Path(dossier), random.Random(graine), REGLES_ENGENDREES + 30)
        paquet = charger_paquet(Path(dossier))
    regles: list[Regle] = []
    for regle in paquet.regles:
        try:
            MoteurDurable([regle]).fermer()
        except MoteurIndisponible:
            continue
        regles.append(regle)
    assert len(regles) >= REGLES_ENGENDREES
    return paquet, tuple(regles[:REGLES_ENGENDREES])


def _ecrire_paquet(dossier: Path, hasard: random.Random, nombre: int) -> None:
    contenus: dict[str, Any] = {
        "paquet.yaml": {"nom": "Essai", "version": "2026.11.0", "publie_le": "2026-11-21"},
        "parametres/essai.yaml": PARAMETRES,
        **{f"referentiels/{nom}.yaml": contenu for nom, contenu in REFERENTIELS.items()},
    }
    for rang in range(nombre):
        contenus[f"ccp/essai-{rang}.yaml"] = _ecrire_fiche(rang, hasard)
    for nom, contenu in contenus.items():
        fichier = dossier / nom
        fichier.parent.mkdir(parents=True, exist_ok=True)
        fichier.write_text(json.dumps(contenu, ensure_ascii=False, indent=1), encoding="utf-8")


def _ecrire_fiche(rang: int, hasard: random.Random) -> Ecrite:
    lot = hasard.random() < 0.4
    ecrivain = _Ecrivain(hasard, lot=lot)
    fiche: Ecrite = {
        **FICHE,
        "id": f"ESSAI-{rang}",
        "niveau": "lot" if lot else "consultation",
        "nature": hasard.choice(("obligation", "obligation", "objectif_annuel", "recommandation")),
        "effet": {
            "du": hasard.choice(("2019-01-01", "2024-06-01", "2026-08-21")),
            "au": hasard.choice((None, None, "2026-12-31")),
            "date_de_reference": hasard.choice((["date_lancement"], ["date_debut_execution", "date_lancement"])),
        },
        "parametres": ALIAS,
        "exige": ecrivain.ecrire(2),
    }
    if hasard.random() < 0.5:
        fiche["applicable_si"] = ecrivain.ecrire(1)
    if hasard.random() < 0.3:
        fiche["alerte_si"] = ecrivain.ecrire(1)
    if hasard.random() < 0.35:
        fiche["derogations"] = [
            {
                "id": f"ESSAI-{rang}-D{numero}",
                "titre": "Exception",
                "reference": "R1",
                "si": ecrivain.ecrire(1),
                "justifie_par": ecrivain.ecrire(1),
            }
            for numero in range(1, hasard.randint(2, 4))
        ]
    lues = json.dumps(fiche)
    suppositions = {"forme": "ordinaire", "pse": False, "innovant": False, "nature": "services"}
    fiche["donnees"] = {
        chemin: {"si_absent": {"supposer": valeur}}
        for chemin, valeur in suppositions.items()
        if f'"fait": "{chemin}"' in lues and hasard.random() < 0.3
    }
    return fiche
