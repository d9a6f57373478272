"""Engendrer de quoi mesurer : un paquet de règles et des fiches opération, les mêmes à chaque exécution.

Les règles engendrées approchent la densité des règles livrées (une dizaine de contrôles, une douzaine de
règles à un antécédent chacune) : plus pauvres, elles flatteraient le moteur. Elles passent par le chargement
du produit ; leur droit est imaginaire, elles ne servent à rien d'autre qu'à ce banc.
"""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from services.regles.paquet import Paquet, charger_paquet

GRAINE = 20261121
PART_DE_NIVEAU_LOT = 3
"""Règles de niveau lot, sur dix ; réparties régulièrement : 150 et 400 règles en ont la même part."""

Condition = dict[str, Any]
Tirage = Callable[[Random], Condition]

_JOUR_ZERO = date(2026, 1, 1)
_NATURES = ["travaux", "fournitures", "services"]
_PROCEDURES = [
    "lettre_de_consultation",
    "bon_de_commande",
    "procedure_adaptee",
    "procedure_adaptee",
    "appel_offres_ouvert",
    "appel_offres_restreint",
]
_FORMES = ["ordinaire", "accord_cadre_bons_de_commande", "accord_cadre_mixte", "marche_subsequent"]
_TYPES_CRITERE = ["prix", "cout_global", "technique", "environnemental", "social", "delai"]
_TYPES_ENV = ["dechets", "emballages", "reemploi", "recycle", "biosource", "transport_livraison"]
_TYPES_SOC = ["insertion", "alternance", "egalite_fh", "handicap"]
_FAMILLES = ["mobilier", "informatique", "papier", "textiles"]
_CPV = ["45214210", "45233140", "39130000", "30213100", "55524000", "90910000", "71200000", "15110000"]
_MONTANTS = ["montant_ht", "valeur_besoin_ht", "montant_max_ht"]
_FACULTATIFS = ["marche_global_type", "reservation.type", "ccag"]
_MOTIFS = ["pilotage_impossible", "concurrence_technique_cout", "prestations_non_distinctes"]
_TYPES_ACHETEUR = ["commune", "epci", "departement", "region"]
_SOURCE = {"texte": "Texte imaginaire", "article": "B1", "provenance": "C", "confiance": "haute"}
_ALIAS = {f"seuil_{rang}": f"banc.seuil_{rang}" for rang in range(6)}
_ALIAS_PARTS = {f"taux_{rang}": f"banc.taux_{rang}" for rang in range(4)}

_BOOLEENS = (
    "groupement_commandes", "urgence_justifiee", "reponse_electronique", "pse", "confie_service_public",
    "traite_donnees_personnelles", "innovant", "objet_insertion", "charte_chantier_vert", "rgaa_exige",
    "cadre_reponse_environnemental", "maintenance_incluse", "eclairage_exterieur", "clause_rgpd",
    "analyse_cycle_de_vie", "chantier.diagnostic_pemd", "allotissement.prestations_distinctes",
    "questionnaire.insertion_etudiee.reponse",
)  # fmt: skip
_ENUMERES: tuple[tuple[str, list[str]], ...] = (
    ("nature", _NATURES),
    ("procedure", sorted(set(_PROCEDURES))),
    ("forme", _FORMES),
    ("acheteur.type", _TYPES_ACHETEUR),
    ("ccag", ["travaux", "fcs", "pi", "tic"]),
    ("variantes", ["autorisees", "exigees", "interdites"]),
    ("classe_achat", ["basique", "a_gains", "critique", "strategique"]),
)


# --- Contrôles ----------------------------------------------------------------------------------------------


def _tirer_montant(rng: Random) -> int:
    return rng.choice([25_000, 40_000, 60_000, 90_000, 140_000, 221_000, 500_000, 1_000_000, 5_404_000])


def _tirer_jour(rng: Random) -> str:
    return (_JOUR_ZERO + timedelta(days=rng.randrange(900))).isoformat()


def _borner(rng: Random, fait: str, borne: Any) -> Condition:
    return {"fait": fait, rng.choice(["au_moins", "plus_de", "au_plus", "moins_de"]): borne}


def _egaler(rng: Random, fait: str, valeurs: list[str]) -> Condition:
    return {"fait": fait, "egal": rng.choice(valeurs)}


def _choisir(rng: Random, fait: str, valeurs: list[str]) -> Condition:
    if rng.random() < 0.6:
        return {"fait": fait, rng.choice(["egal", "egal", "different"]): rng.choice(valeurs)}
    return {"fait": fait, rng.choice(["parmi", "hors"]): rng.sample(valeurs, rng.choice([2, 2, 3]))}


def _preciser_cpv(rng: Random, fait: str) -> Condition:
    operateur = rng.choice(["commence_par", "commence_par", "ne_commence_par"])
    if rng.random() < 0.5:
        return {"fait": fait, operateur: {"referentiel": f"familles_agec.{rng.choice(_FAMILLES)}"}}
    return {"fait": fait, operateur: rng.sample(["45", "39", "3021", "55", "909", "15", "71"], 2)}


def _quantifier(rng: Random, prefixe: str) -> Condition:
    """Un contrôle sur une liste : un élément au moins, ou chaque élément, en vérifie un ou deux autres."""
    listes: list[tuple[str, list[Condition]]] = [
        (
            "criteres",
            [_egaler(rng, ".type", _TYPES_CRITERE), _borner(rng, ".poids", rng.choice([5, 10, 20]))],
        ),
        ("criteres", [{"fait": ".est_environnemental", "egal": True}, _borner(rng, ".poids", 10)]),
        ("clauses_env", [_egaler(rng, ".type", _TYPES_ENV), {"fait": ".verifiable", "egal": True}]),
        ("clauses_soc", [_egaler(rng, ".type", _TYPES_SOC), _borner(rng, ".heures", rng.choice([50, 300]))]),
        ("agec", [_egaler(rng, ".famille", _FAMILLES), _comparer_au_taux(rng, ".part_reemploi")]),
    ]
    liste, verifie = rng.choice(listes)
    conditions = verifie[: rng.choice([1, 2, 2])]
    sens = rng.choice(["pour_un", "pour_un", "pour_chaque"])
    return {
        sens: prefixe + liste,
        "verifie": conditions[0] if len(conditions) == 1 else {"toutes": conditions},
    }


def _comparer_au_taux(rng: Random, fait: str) -> Condition:
    return {"fait": fait, "au_moins": {"parametre": rng.choice(sorted(_ALIAS_PARTS))}}


def _comparer_au_seuil(rng: Random, fait: str) -> Condition:
    return _borner(rng, fait, {"parametre": rng.choice(sorted(_ALIAS))})


_DE_CONSULTATION: tuple[tuple[int, Tirage], ...] = (
    (10, lambda rng: {"fait": rng.choice(_BOOLEENS), "egal": rng.random() < 0.5}),
    (10, lambda rng: _choisir(rng, *rng.choice(_ENUMERES))),
    (4, lambda rng: _comparer_au_seuil(rng, rng.choice(_MONTANTS))),
    (3, lambda rng: _borner(rng, rng.choice(_MONTANTS), _tirer_montant(rng))),
    (2, lambda rng: _borner(rng, "duree_mois", rng.choice([6, 12, 24, 48]))),
    (2, lambda rng: {"fait": "date_de_reference", rng.choice(["avant", "a_partir_du"]): _tirer_jour(rng)}),
    (1, lambda rng: {"fait": "date_limite_offres", rng.choice(["avant", "a_partir_du"]): _tirer_jour(rng)}),
    (2, lambda rng: _preciser_cpv(rng, "cpv")),
    (4, lambda rng: {"fait": rng.choice(_FACULTATIFS), "renseigne": rng.random() < 0.5}),
    (4, lambda rng: _quantifier(rng, "")),
    (1, lambda rng: {"fait": rng.choice(["criteres", "clauses_env", "lots"]), "nombre_au_moins": 2}),
    (1, lambda rng: {"fait": "publicites", "contient": rng.choice(["boamp", "joue", "profil_acheteur"])}),
    (1, lambda rng: {"pour_un": "lots_effectifs", "verifie": _comparer_au_seuil(rng, ".montant_ht")}),
)  # fmt: skip
_DE_LOT: tuple[tuple[int, Tirage], ...] = (
    (5, lambda rng: _choisir(rng, ".nature", _NATURES)),
    (3, lambda rng: _choisir(rng, ".procedure", sorted(set(_PROCEDURES)))),
    (5, lambda rng: _preciser_cpv(rng, ".cpv")),
    (5, lambda rng: _comparer_au_seuil(rng, ".montant_ht")),
    (3, lambda rng: _borner(rng, ".montant_ht", _tirer_montant(rng))),
    (3, lambda rng: {"fait": ".est_sans_concurrence", "egal": rng.random() < 0.5}),
    (2, lambda rng: {"fait": ".reservation.type", "renseigne": rng.random() < 0.5}),
    (2, lambda rng: _comparer_au_taux(rng, rng.choice([".egalim.part_bio", ".egalim.part_durable_qualite"]))),
    (5, lambda rng: _quantifier(rng, ".")),
    (2, lambda rng: {"fait": rng.choice([".criteres", ".clauses_soc"]), "nombre_au_moins": 1}),
    (10, lambda rng: _tirer(rng, _DE_CONSULTATION)),
)  # fmt: skip


def _tirer(rng: Random, choix: tuple[tuple[int, Tirage], ...]) -> Condition:
    return rng.choices([tirage for _, tirage in choix], [poids for poids, _ in choix])[0](rng)


# --- Fiches -------------------------------------------------------------------------------------------------


def _engendrer_fiche(rng: Random, rang: int) -> dict[str, Any]:
    de_lot = rang % 10 < PART_DE_NIVEAU_LOT

    def tirer() -> Condition:
        return _tirer(rng, _DE_LOT if de_lot else _DE_CONSULTATION)

    def composer() -> Condition:
        hasard = rng.random()
        if hasard < 0.15:
            return tirer()
        if hasard < 0.35:
            return {rng.choice(["une_de", "toutes"]): [tirer() for _ in range(rng.choice([2, 3]))]}
        if hasard < 0.7:
            return {"une_de": [tirer(), {"toutes": [tirer(), tirer()]}]}
        return {"une_de": [{"toutes": [tirer() for _ in range(nombre)]} for nombre in (2, rng.choice([2, 3]))]}

    nature = rng.choices(["obligation", "engagement_local", "recommandation"], [5, 3, 2])[0]
    avec_alerte = nature != "recommandation" and rng.random() < 0.75
    derogations = rng.sample(_MOTIFS, rng.choice([1, 2, 3])) if rng.random() < 0.25 else []
    gardes = [tirer() for _ in range(rng.choice([0, 1, 1, 2]))]
    fiche: dict[str, Any] = {
        "format": 1,
        "id": f"BANC-{rang:04d}",
        "version": 1,
        "titre": f"Règle imaginaire {rang}",
        "question_metier": "Sans objet : règle de banc.",
        "corpus": "ccp",
        "axe": "procedure",
        "nature": nature,
        "niveau": "lot" if de_lot else "consultation",
        "statut": "active",
        "relecture_juridique": "a_faire",
        "responsable": "banc",
        "couverture": "complete",
        "confiance": "haute",
        "effet": {
            "du": rng.choice(["2024-01-01", "2024-01-01", "2024-01-01", "2026-04-01", "2026-08-21"]),
            "au": rng.choice([None, None, None, "2028-12-31"]),
            "date_de_reference": ["date_notification_prevue", "date_lancement"][rang % 8 != 0 :],
        },
        "references": [{"role": "fondement", **_SOURCE}],
        "verifie_le": "2026-11-21",
        "parametres": {**_ALIAS, **_ALIAS_PARTS},
        "applicable_si": {"toutes": [{"fait": "type_contrat", "egal": "marche"}, *gardes]},
        "exige": composer(),
        "gravite": "majeur",
        "messages": {"ecart": "Règle imaginaire violée.", "alerte": "Règle imaginaire à surveiller."},
        "remede": {"action": "Rien à faire : règle de banc.", "ou": ["FOP"]},
        "cas": [{"nom": "sans objet", "fop": {}, "attendu": {"verdict": "indetermine"}}],
    }  # fmt: skip
    fiche["derogations"] = [
        {
            "id": f"BANC-{rang:04d}-D{numero}",
            "titre": "Exception imaginaire",
            "reference": "B0",
            "si": {"fait": "allotissement.motif", "egal": motif},
            "justifie_par": {"fait": "allotissement.motivation", "renseigne": True},
        }
        for numero, motif in enumerate(derogations, start=1)
    ]
    if avec_alerte:
        fiche["alerte_si"] = composer()
    if '"fait": "forme"' in json.dumps(fiche):
        fiche["donnees"] = {"forme": {"si_absent": {"supposer": "ordinaire"}}}
    return fiche


def _engendrer_parametres(rng: Random) -> dict[str, Any]:
    """Des seuils et des taux à deux dates ; la seconde valeur de l'un des seuils est inconnue."""

    def composer(unite: str, avant: Any, apres: Any) -> dict[str, Any]:
        return {
            "libelle": "Paramètre imaginaire",
            "unite": unite,
            "apres_la_derniere_valeur": "prolonger",
            "verifie_le": "2026-11-21",
            "valeurs": [
                {"depuis": "2019-01-01", "valeur": avant, "parution": None, **_SOURCE},
                {"depuis": "2027-01-01", "valeur": apres, "parution": None, **_SOURCE},
            ],
        }

    montants = {cle: composer("EUR_HT", _tirer_montant(rng), _tirer_montant(rng)) for cle in _ALIAS.values()}
    montants["banc.seuil_5"]["valeurs"][1]["valeur"] = "a_renseigner"
    return montants | {cle: composer("part", rng.choice([0.1, 0.2]), 0.5) for cle in _ALIAS_PARTS.values()}


def engendrer_paquet(nombre: int) -> Paquet:
    """Rend un paquet de `nombre` règles, chargé comme un vrai depuis un dossier temporaire.

    Les premières règles d'un grand paquet sont celles d'un petit : seul le nombre change.
    """
    fichiers: dict[str, Any] = {
        "paquet.yaml": {"nom": "banc", "version": "2026.11.1", "publie_le": "2026-11-21"},
        "parametres/banc.yaml": _engendrer_parametres(Random(GRAINE)),
        "referentiels/familles_agec.yaml": {
            famille: {"libelle": famille, "cpv": prefixes, "origine": "Imaginaire.", "provenance": "C"}
            for famille, prefixes in zip(_FAMILLES, [["391"], ["302", "3225"], ["30197"], ["181"]], strict=True)
        },
    }
    for rang in range(nombre):
        fichiers[f"ccp/banc-{rang:04d}.yaml"] = _engendrer_fiche(Random(f"{GRAINE}/regle/{rang}"), rang)
    with TemporaryDirectory(prefix="verifop-banc-") as nom:
        for chemin, contenu in fichiers.items():
            fichier = Path(nom, chemin)
            fichier.parent.mkdir(exist_ok=True)
            fichier.write_text(json.dumps(contenu, ensure_ascii=False), encoding="utf-8")  # du JSON est du YAML
        return charger_paquet(Path(nom))


# --- Fiches opération ---------------------------------------------------------------------------------------


def engendrer_fops(nombre: int, lots: int) -> list[dict[str, Any]]:
    """Rend `nombre` fiches opération variées de `lots` lots, prêtes à être écrites en JSON.

    Une donnée sur douze environ manque, comme dans une fiche en cours de saisie.
    """
    return [_engendrer_fop(Random(f"{GRAINE}/fop/{rang}"), lots) for rang in range(nombre)]


def _trouer(rng: Random, donnees: dict[str, Any], manque: float = 0.08) -> dict[str, Any]:
    return {cle: valeur for cle, valeur in donnees.items() if valeur is not None and rng.random() >= manque}


def _engendrer_fop(rng: Random, lots: int) -> dict[str, Any]:
    lancement = _JOUR_ZERO + timedelta(days=30 * rng.randrange(24))
    fop = _trouer(
        rng,
        {
            "date_lancement": lancement.isoformat(),
            "date_limite_offres": (lancement + timedelta(days=rng.choice([15, 30, 35, 60]))).isoformat(),
            "date_notification_prevue": (lancement + timedelta(days=120)).isoformat(),
            "type_contrat": "marche",
            "nature": rng.choice(_NATURES),
            "cpv": rng.choice(_CPV),
            "montant_ht": f"{_tirer_montant(rng) + rng.choice([-1, 0, 1, 12_345.67]):.2f}",
            "montant_max_ht": rng.choice([None, _tirer_montant(rng)]),
            "duree_mois": rng.choice([3, 6, 12, 24, 36, 48]),
            "forme": rng.choice(_FORMES),
            "procedure": rng.choice(_PROCEDURES),
            "ccag": rng.choice(["travaux", "fcs", "pi", None]),
            "variantes": rng.choice(["autorisees", "interdites"]),
            "classe_achat": rng.choice(["basique", "a_gains", "strategique", None]),
            "publicites": rng.choice([["boamp"], ["boamp", "joue"], ["profil_acheteur"]]),
            "reservation": rng.choice([None, None, {"type": "insertion"}]),
            "allotissement": _trouer(rng, {
                "prestations_distinctes": rng.random() < 0.5,
                "motif": rng.choice([None, *_MOTIFS]),
                "motivation": rng.choice([None, "Six corps d'état à coordonner."]),
            }),
            "questionnaire": _trouer(rng, {"insertion_etudiee": rng.random() < 0.5}),
            "chantier": _trouer(rng, {"diagnostic_pemd": rng.random() < 0.5}),
            **_engendrer_exigences(rng),
            **{cle: rng.random() < 0.5 for cle in _BOOLEENS if "." not in cle},
        },
    )  # fmt: skip
    fop["objet"] = "Fiche engendrée pour le banc"
    fop["acheteur"] = {"nom": "Acheteur imaginaire", "type": rng.choice(_TYPES_ACHETEUR)}
    fop["lots"] = [_engendrer_lot(rng, rang) for rang in range(1, lots + 1)]
    return fop


def _engendrer_lot(rng: Random, rang: int) -> dict[str, Any]:
    # Un lot sur trois porte ses propres exigences ; les autres tiennent celles de la consultation.
    propres = _engendrer_exigences(rng) if rng.random() < 0.35 else {}
    return {
        "numero": str(rang),
        **_trouer(
            rng,
            {
                "objet": f"Lot {rang}",
                "cpv": rng.choice(_CPV),
                "nature": rng.choice([None, None, *_NATURES]),
                "montant_ht": f"{_tirer_montant(rng) / rng.choice([2, 3, 10]):.2f}",
                "procedure": rng.choice([None, None, *_PROCEDURES]),
                "egalim": rng.choice([None, {"part_bio": "0.25", "part_durable_qualite": "0.5"}]),
                **propres,
            },
        ),
    }


def _engendrer_exigences(rng: Random) -> dict[str, Any]:
    """Les critères, les clauses et les parts de réemploi d'une consultation ou d'un lot."""
    criteres = rng.sample(_TYPES_CRITERE, rng.choice([1, 2, 3]))
    clauses = rng.sample(_TYPES_ENV, rng.choice([0, 1, 2]))
    return {
        "criteres": [{"nom": t, **_trouer(rng, {"type": t, "poids": 100 // len(criteres)})} for t in criteres],
        "clauses_env": [{"type": t, **_trouer(rng, {"verifiable": rng.random() < 0.7})} for t in clauses],
        "clauses_soc": rng.choice(
            [[], [{"type": rng.choice(_TYPES_SOC), **_trouer(rng, {"heures": rng.choice([70, 350])})}]]
        ),
        "agec": rng.choice([None, [{"famille": rng.choice(_FAMILLES), "part_reemploi": "0.2"}]]),
    }
