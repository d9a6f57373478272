"""De la FOP aux faits : des données plates, complétées sans jamais inventer, chacune avec sa provenance.

Un fait est *saisi*, *hérité* (le lot tient de la consultation), *calculé* (déduit d'autres données), *supposé* (valeur
par défaut, toujours visible au rapport) ou *simulé* (date de lancement donnée par l'appelant). Un fait absent n'a pas
de clé.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from typing import Any, Literal

from services.regles.champs import CHAMPS, Champ
from services.regles.fop import Fop

Provenance = Literal["saisi", "herite", "calcule", "suppose", "simule"]
Donnees = dict[str, Any]

SUPPOSITIONS: dict[str, str] = {
    "type_contrat": "marche",
    "livre": "1",
    "acheteur.qualite": "pouvoir_adjudicateur",
}
"""Ce que l'outil suppose faute de réponse : le cas, de très loin le plus courant, d'une collectivité."""

SANS_SCHEMA = "aucun"
TYPES_PAR_SIREN = {"21": "commune", "22": "departement", "23": "region"}
"""Catégorie que disent les deux premiers chiffres d'un SIREN public (répertoire Sirene de l'Insee)."""

HERITES = (
    "cpv",
    "nature",
    "criteres",
    "clauses_env",
    "clauses_soc",
    "reservation",
    "agec",
    "egalim",
    "vehicules",
    "procedure",
)
"""Données que le lot tient de la consultation quand il ne les porte pas."""

HERITES_EN_BLOC = frozenset({"reservation"})
"""Objets hérités entiers : mêler deux réservations donnerait une réservation que personne n'a écrite."""

COMMUNES = ("cpv", "nature", "procedure")
"""Données que la consultation tient de ses lots quand ils portent tous la même."""

DISTINCTES_SELON_MOTIF = {
    "pilotage_impossible": True,
    "concurrence_technique_cout": True,
    "risque_infructueux": True,
    "prestations_non_distinctes": False,
}
"""Ce que le motif de non-allotissement dit des prestations : L2113-11 ne se comprend que si elles sont distinctes."""

SANS_CONCURRENCE = frozenset({"sans_publicite_ni_mise_en_concurrence", "bon_de_commande", "lettre_de_consultation"})
FORMALISEES = frozenset(
    {
        "appel_offres_ouvert",
        "appel_offres_restreint",
        "procedure_avec_negociation",
        "dialogue_competitif",
        "concours",
    }
)
ACCORDS_CADRES = frozenset({"accord_cadre_bons_de_commande", "accord_cadre_marches_subsequents", "accord_cadre_mixte"})
SOUS_TYPES_ENVIRONNEMENTAUX = frozenset(
    {
        "carbone",
        "cycle_de_vie",
        "energie",
        "dechets",
        "biodiversite",
        "eau",
        "reemploi",
        "recycle",
        "transport",
        "biosource",
        "emballages",
        "economie_circulaire",
        "plastique_usage_unique",
        "fin_de_vie",
        "durabilite",
        "reparabilite",
        "pollution",
        "substances",
        "chantier_vert",
    }
)
SOUS_TYPES_SOCIAUX = frozenset({"insertion", "egalite_fh", "handicap", "alternance"})

# R2122-8 (petits montants) n'est pas une base propre : c'est le seuil même que la règle vérifie.
# Tirets, points et espaces de toutes sortes : l'article se saisit de dix façons.
_TIRET = r"\s*[-‐‑‒–—−_.]\s*"
_BASE_LEGALE = re.compile(
    rf"(?<![A-Za-z0-9])R\s*\.?\s*\*?\s*2122{_TIRET}(?:[1-7]|9(?:{_TIRET}1)?)(?![0-9])", re.IGNORECASE
)
_INNOVATION = re.compile(rf"(?<![A-Za-z0-9])R\s*\.?\s*\*?\s*2122{_TIRET}9{_TIRET}1(?![0-9])", re.IGNORECASE)
# Une centrale d'achat a déjà mis en concurrence : qui s'y fournit est réputé l'avoir fait (L2113-4).
_CENTRALE = re.compile(rf"(?<![A-Za-z0-9])L\s*\.?\s*2113{_TIRET}[2-4](?![0-9])", re.IGNORECASE)
_MILLIONIEME = Decimal("0.000001")
MULTIPLE_MAX = Decimal(1_000_000)
"""Au-delà, le rapport n'a plus de sens, et ne tiendrait pas dans un entier de 64 bits au millionième."""


@dataclass(frozen=True, slots=True)
class Calcul:
    """Un fait calculé : sa description, et la donnée à demander quand il manque."""

    champ: Champ
    demande: str


def _calculer(
    chemin: str, genre: str, description: str, demande: str, decimales: int | None = None
) -> tuple[str, Calcul]:
    champ = Champ(
        chemin=chemin,
        genre=genre,  # type: ignore[arg-type]
        description=description,
        question=None,
        unite="EUR_HT" if decimales == 2 else None,
        valeurs=(),
        decimales=decimales,
        exemple=None,
    )
    return chemin, Calcul(champ, demande)


CALCULS: Mapping[str, Calcul] = dict(
    (
        _calculer("date_de_reference", "date", "Date qui décide du droit applicable à la règle.", "date_lancement"),
        _calculer(
            "valeur_besoin_ht",
            "nombre",
            "Valeur du besoin : la plus haute des valeurs déclarées.",
            "montant_ht",
            2,
        ),
        _calculer("est_accord_cadre", "booleen", "Le contrat est un accord-cadre.", "forme"),
        _calculer("est_formalisee", "booleen", "La procédure est formalisée.", "procedure"),
        _calculer("est_sans_concurrence", "booleen", "La procédure se passe de publicité.", "procedure"),
        _calculer(
            "base_legale_dispense",
            "booleen",
            "Un article R2122-1 à R2122-9-1 est invoqué.",
            "base_legale_procedure",
        ),
        _calculer(
            "base_legale_innovation",
            "booleen",
            "L'article R2122-9-1 (achat innovant) est invoqué.",
            "base_legale_procedure",
        ),
        _calculer(
            "base_legale_centrale",
            "booleen",
            "L'achat passe par une centrale d'achat (L2113-2 à L2113-4).",
            "base_legale_procedure",
        ),
        _calculer(
            "lots_dispenses.cumul_ht",
            "nombre",
            "Somme des lots dispensés d'une consultation.",
            "lots[].montant_ht",
            2,
        ),
        _calculer(
            "lots_dispenses.part",
            "nombre",
            "Part des lots dispensés dans la valeur totale.",
            "lots[].montant_ht",
            6,
        ),
        _calculer(
            "capacites.ca_multiple",
            "nombre",
            "Chiffre d'affaires minimal exigé, rapporté à la valeur du marché.",
            "montant_ht",
            6,
        ),
        _calculer(
            "lots[].criteres_poids_total",
            "nombre",
            "Somme des poids des critères.",
            "criteres",
            4,
        ),
        _calculer(
            "petits_lots.cumul_ht",
            "nombre",
            "Somme des lots passés hors procédure formalisée d'une consultation formalisée.",
            "lots[].montant_ht",
            2,
        ),
        _calculer(
            "petits_lots.part",
            "nombre",
            "Part de ces petits lots dans la valeur totale.",
            "lots[].montant_ht",
            6,
        ),
        _calculer("lots_effectifs", "liste", "Les lots, ou la consultation prise comme lot unique.", "lots"),
        _calculer(
            "lots[].est_sans_concurrence",
            "booleen",
            "La procédure du lot se passe de publicité.",
            "procedure",
        ),
        _calculer("criteres[].est_environnemental", "booleen", "Le critère porte sur l'environnement.", "type"),
        _calculer("criteres[].est_social", "booleen", "Le critère porte sur le social ou l'emploi.", "type"),
        _calculer(
            "lots[].criteres[].est_environnemental",
            "booleen",
            "Le critère porte sur l'environnement.",
            "type",
        ),
        _calculer("lots[].criteres[].est_social", "booleen", "Le critère porte sur le social ou l'emploi.", "type"),
    )
)


@dataclass(frozen=True, slots=True)
class AcheteurConnu:
    """Ce que le référentiel des acheteurs sait d'un SIREN."""

    type: str
    qualite: str
    spaser: str


@dataclass(frozen=True, slots=True)
class Faits:
    """Les faits d'une FOP : ceux de la consultation, ceux de chaque lot (un lot unique s'il n'y en a pas).

    `numeros[i]` est le numéro du lot i, ou None pour le lot unique. Les provenances taisent ce qui est
    saisi.
    """

    consultation: Donnees
    lots: tuple[Donnees, ...]
    numeros: tuple[str | None, ...]
    provenances: dict[str, Provenance]
    provenances_lots: tuple[dict[str, Provenance], ...]
    notices: tuple[str, ...]


def trouver_champ(chemin: str) -> Champ | None:
    """Rend la description d'une donnée de la FOP ou d'un fait calculé ; None si le chemin n'existe pas."""
    champ = CHAMPS.get(chemin)
    if champ is not None:
        return champ
    calcul = CALCULS.get(chemin)
    return calcul.champ if calcul is not None else None


def trouver_demande(chemin: str) -> str:
    """Rend la donnée à demander pour connaître `chemin` (elle-même, sauf fait calculé).

    La forme est celle du schéma : `lots[].criteres[].type`.
    """
    calcul = CALCULS.get(chemin)
    if calcul is None:
        return chemin
    parent, separateur, _ = chemin.rpartition("[].")
    return f"{parent}{separateur}{calcul.demande}" if separateur else calcul.demande


def etablir_faits(fop: Fop, acheteurs: Mapping[str, AcheteurConnu], date_simulee: date | None = None) -> Faits:
    """Aplatit la FOP, hérite, complète, suppose. `acheteurs` est indexé par SIREN (9 chiffres). Ne lève rien.

    `date_simulee` tient lieu de `date_lancement` : c'est la question « et si je lançais ce jour-là ? ».
    """
    brut = fop.model_dump(exclude_none=True, exclude={"extensions"})
    lots_bruts: list[Donnees] | None = brut.pop("lots", None)
    consultation: Donnees = {}
    _aplatir(brut, "", consultation)
    provenances: dict[str, Provenance] = {}
    if date_simulee is not None:
        consultation["date_lancement"] = date_simulee
        provenances["date_lancement"] = "simule"
    _marquer_criteres(consultation.get("criteres"))
    _uniformiser_articles(consultation)
    _reprendre_des_lots(consultation, provenances, lots_bruts)
    _completer_nature(consultation, provenances)
    lots, numeros, provenances_lots = _etablir_lots(lots_bruts, consultation, provenances)
    if lots_bruts is not None:
        consultation["lots"] = list(lots) if lots_bruts else []
    consultation["lots_effectifs"] = list(lots)
    notices = _relever_incoherences(consultation, lots, lots_bruts)
    _completer_consultation(consultation, provenances, lots, numeros, acheteurs)
    return Faits(consultation, lots, numeros, provenances, provenances_lots, notices)


def _aplatir(objet: Donnees, prefixe: str, sortie: Donnees) -> None:
    for cle, valeur in objet.items():
        genre = type(valeur)
        if genre is dict:
            _aplatir(valeur, f"{prefixe}{cle}.", sortie)
        elif (genre is list or genre is tuple) and valeur and type(valeur[0]) is dict:
            elements: list[Donnees] = []
            for element in valeur:
                plat: Donnees = {}
                _aplatir(element, "", plat)
                elements.append(plat)
            sortie[prefixe + cle] = elements
        else:
            sortie[prefixe + cle] = valeur


def _marquer_criteres(criteres: list[Donnees] | None) -> None:
    for critere in criteres or ():
        sorte, sous_type = critere.get("type"), critere.get("sous_type")
        if sorte is None and sous_type is None:
            continue
        critere["est_environnemental"] = sorte == "environnemental" or sous_type in SOUS_TYPES_ENVIRONNEMENTAUX
        critere["est_social"] = sorte == "social" or sous_type in SOUS_TYPES_SOCIAUX
        # Un sous-type seul ne dit non de rien : sans type, seul le oui est sûr.
        if sorte is None:
            for marque in ("est_environnemental", "est_social"):
                if not critere[marque]:
                    del critere[marque]


def deduire_nature(cpv: str) -> str:
    """Rend la nature que désigne un code CPV (règlement (CE) 213/2008 : 45 travaux ; 03-44 et 48 fournitures)."""
    division = int(cpv[:2])
    if division == 45:
        return "travaux"
    return "fournitures" if division < 45 or division == 48 else "services"


def _completer_nature(donnees: Donnees, provenances: dict[str, Provenance]) -> None:
    if "nature" not in donnees and "cpv" in donnees:
        donnees["nature"] = deduire_nature(donnees["cpv"])
        provenances["nature"] = "calcule"


def _reprendre_des_lots(
    consultation: Donnees, provenances: dict[str, Provenance], lots_bruts: list[Donnees] | None
) -> None:
    """Ce que tous les lots disent pareil, la consultation le dit aussi."""
    for cle in COMMUNES if lots_bruts else ():
        valeurs = {lot.get(cle) for lot in lots_bruts or ()}
        if cle not in consultation and len(valeurs) == 1 and None not in valeurs:
            consultation[cle] = valeurs.pop()
            provenances[cle] = "calcule"


def _etablir_lots(
    lots_bruts: list[Donnees] | None, consultation: Donnees, provenances_consultation: dict[str, Provenance]
) -> tuple[tuple[Donnees, ...], tuple[str | None, ...], tuple[dict[str, Provenance], ...]]:
    legs = _rassembler_legs(consultation)
    if not lots_bruts:
        unique: Donnees = {cle: valeur for bloc in legs.values() for cle, valeur in bloc.items()}
        for cle in ("objet", "montant_ht"):
            if cle in consultation:
                unique[cle] = consultation[cle]
        _marquer_procedure(unique)
        _totaliser_poids(unique)
        return (unique,), (None,), (provenances_consultation,)
    lots: list[Donnees] = []
    provenances: list[dict[str, Provenance]] = []
    for brut in lots_bruts:
        lot: Donnees = {}
        provenance: dict[str, Provenance] = {}
        _aplatir(brut, "", lot)
        _marquer_criteres(lot.get("criteres"))
        _uniformiser_articles(lot)
        if "nature" not in lot and "cpv" in lot:
            # Le CPV propre du lot dit sa nature mieux que la nature de la consultation entière.
            _completer_nature(lot, provenance)
        for nom, bloc in legs.items():
            if nom in HERITES_EN_BLOC and nom in brut:
                continue
            for cle, valeur in bloc.items():
                if cle not in lot:
                    lot[cle] = valeur
                    provenance[cle] = "herite"
        _marquer_procedure(lot)
        _totaliser_poids(lot)
        lots.append(lot)
        provenances.append(provenance)
    return tuple(lots), _numeroter(lots), tuple(provenances)


def _numeroter(lots: list[Donnees]) -> tuple[str, ...]:
    """Nomme chaque lot : son numéro, à défaut son rang ; deux lots n'ont jamais le même nom."""
    pris = {lot["numero"] for lot in lots if "numero" in lot}
    numeros: list[str] = []
    for rang, lot in enumerate(lots, start=1):
        numero = lot.get("numero") or str(rang)
        while "numero" not in lot and numero in pris:
            numero += "bis"
        pris.add(numero)
        numeros.append(numero)
    return tuple(numeros)


def _rassembler_legs(consultation: Donnees) -> dict[str, Donnees]:
    legs: dict[str, Donnees] = {nom: {} for nom in HERITES}
    for cle, valeur in consultation.items():
        nom = cle.partition(".")[0]
        if nom in legs:
            legs[nom][cle] = valeur
    return legs


def _marquer_procedure(lot: Donnees) -> None:
    if "procedure" in lot:
        lot["est_sans_concurrence"] = lot["procedure"] in SANS_CONCURRENCE


def _totaliser_poids(lot: Donnees) -> None:
    poids = [critere.get("poids") for critere in lot.get("criteres") or ()]
    if poids and None not in poids:
        lot["criteres_poids_total"] = sum(poids, Decimal(0))


_ECRITURE_D_ARTICLE = re.compile(r"[\s.*]+")


def _uniformiser_articles(donnees: Donnees) -> None:
    """« L. 2113-12 » et « L2113-12 » sont le même article."""
    articles = donnees.get("reservation.articles")
    if articles is not None:
        donnees["reservation.articles"] = [_ECRITURE_D_ARTICLE.sub("", article).upper() for article in articles]


def _deviner_acheteur(consultation: Donnees, provenances: dict[str, Provenance]) -> None:
    """D'un SIRET hors du référentiel, le SIREN dit parfois la catégorie ; et aucun des deux schémas ne l'engage."""
    genre = TYPES_PAR_SIREN.get(consultation["acheteur.siret"][:2])
    if genre is not None and "acheteur.type" not in consultation:
        consultation["acheteur.type"] = genre
        provenances["acheteur.type"] = "calcule"
    if "acheteur.spaser" not in consultation:
        consultation["acheteur.spaser"] = SANS_SCHEMA
        provenances["acheteur.spaser"] = "suppose"


def _completer_consultation(
    consultation: Donnees,
    provenances: dict[str, Provenance],
    lots: tuple[Donnees, ...],
    numeros: tuple[str | None, ...],
    acheteurs: Mapping[str, AcheteurConnu],
) -> None:
    def calculer(cle: str, valeur: Any) -> None:
        if cle not in consultation:
            consultation[cle] = valeur
            provenances[cle] = "calcule"

    connu = acheteurs.get(str(consultation.get("acheteur.siret", ""))[:9])
    if connu is not None:
        calculer("acheteur.type", connu.type)
        calculer("acheteur.qualite", connu.qualite)
        calculer("acheteur.spaser", connu.spaser)
    elif "acheteur.siret" in consultation:
        _deviner_acheteur(consultation, provenances)
    alloti = numeros != (None,)
    if alloti and all("montant_ht" in lot for lot in lots):
        calculer("montant_ht", sum((lot["montant_ht"] for lot in lots), Decimal(0)))
    if "lots" in consultation:
        calculer("allotissement.alloti", len(consultation["lots"]) >= 2)
    motif = consultation.get("allotissement.motif")
    if motif in DISTINCTES_SELON_MOTIF:
        calculer("allotissement.prestations_distinctes", DISTINCTES_SELON_MOTIF[motif])
    if "date_limite_offres" in consultation and "date_lancement" in consultation:
        delai = (consultation["date_limite_offres"] - consultation["date_lancement"]).days
        if delai >= 0:
            calculer("delai_reception_jours", delai)
    if "forme" in consultation:
        calculer("est_accord_cadre", consultation["forme"] in ACCORDS_CADRES)
    if "procedure" in consultation:
        calculer("est_formalisee", consultation["procedure"] in FORMALISEES)
        calculer("est_sans_concurrence", consultation["procedure"] in SANS_CONCURRENCE)
    base = str(consultation.get("base_legale_procedure", ""))
    calculer("base_legale_dispense", _BASE_LEGALE.search(base) is not None)
    calculer("base_legale_innovation", _INNOVATION.search(base) is not None)
    calculer("base_legale_centrale", _CENTRALE.search(base) is not None)
    for cle, valeur in SUPPOSITIONS.items():
        if cle not in consultation:
            consultation[cle] = valeur
            provenances[cle] = "suppose"
    valeur_besoin = _estimer_besoin(consultation, lots)
    if valeur_besoin is not None:
        calculer("valeur_besoin_ht", valeur_besoin)
    valeur_marche = _estimer_marche(consultation, lots)
    if valeur_marche and "capacites.ca_minimal_ht" in consultation:
        # Arrondi vers le haut : un multiple à peine supérieur au plafond ne doit pas passer pour égal.
        multiple = consultation["capacites.ca_minimal_ht"] / valeur_marche
        calculer("capacites.ca_multiple", min(multiple, MULTIPLE_MAX).quantize(_MILLIONIEME, rounding=ROUND_UP))
    for nom, cumul in (
        ("lots_dispenses", _cumuler_lots_dispenses(consultation, lots)),
        ("petits_lots", _cumuler_petits_lots(consultation, lots)),
    ):
        if cumul is None:
            continue
        calculer(f"{nom}.cumul_ht", cumul)
        if cumul == 0:
            calculer(f"{nom}.part", Decimal(0))
        elif consultation.get("montant_ht"):
            # Arrondi vers le haut : une part à peine supérieure au plafond ne doit pas passer pour égale.
            calculer(f"{nom}.part", (cumul / consultation["montant_ht"]).quantize(_MILLIONIEME, rounding=ROUND_UP))


def _cumuler_petits_lots(consultation: Donnees, lots: tuple[Donnees, ...]) -> Decimal | None:
    """Le cumul des lots que R2123-1 2° laisse hors procédure formalisée, dispensés compris."""
    if "est_formalisee" not in consultation:
        return None
    if not consultation["est_formalisee"]:
        return Decimal(0)
    petits = [lot for lot in lots if lot["procedure"] not in FORMALISEES]
    if not all("montant_ht" in lot for lot in petits):
        return None
    return sum((lot["montant_ht"] for lot in petits), Decimal(0))


def _estimer_marche(consultation: Donnees, lots: tuple[Donnees, ...]) -> Decimal | None:
    """La valeur du marché : tous ses lots (R2121-1), ou le maximum de l'accord-cadre (R2121-8)."""
    valeurs: list[Decimal] = []
    if "montant_ht" in consultation:
        valeurs.append(consultation["montant_ht"])
    if all("montant_ht" in lot for lot in lots):
        # Un total saisi plus bas que ses lots est une erreur, que dit une notice : le seuil, lui, se juge au plus haut.
        valeurs.append(sum((lot["montant_ht"] for lot in lots), Decimal(0)))
    if "montant_max_ht" in consultation and consultation.get("est_accord_cadre") is not False:
        valeurs.append(consultation["montant_max_ht"])
    return max(valeurs) if valeurs else None


def _estimer_besoin(consultation: Donnees, lots: tuple[Donnees, ...]) -> Decimal | None:
    """La valeur du besoin : celle du marché, ou de l'opération de travaux dont il fait partie (R2121-5)."""
    marche = _estimer_marche(consultation, lots)
    if marche is None or "montant_operation_ht" not in consultation or consultation.get("nature") != "travaux":
        return marche
    operation: Decimal = consultation["montant_operation_ht"]
    return max(marche, operation)


def _cumuler_lots_dispenses(consultation: Donnees, lots: tuple[Donnees, ...]) -> Decimal | None:
    """Le cumul des petits lots (b du 2° de R2123-1), dispensés dans une consultation qui met en concurrence."""
    if "est_sans_concurrence" not in consultation:
        return None
    if consultation["est_sans_concurrence"]:
        return Decimal(0)
    petits = [lot for lot in lots if lot.get("est_sans_concurrence")]
    if not all("montant_ht" in lot for lot in petits):
        return None
    return sum((lot["montant_ht"] for lot in petits), Decimal(0))


def _relever_incoherences(
    donnees: Donnees, lots: tuple[Donnees, ...], lots_bruts: list[Donnees] | None
) -> tuple[str, ...]:
    """Ce que la fiche dit de contradictoire : signalé, jamais corrigé ni jugé."""
    notices = [texte for texte in (_confronter_montants(donnees, lots, lots_bruts),) if texte is not None]
    notices += _confronter_dates(donnees)
    alloti, nombre = donnees.get("allotissement.alloti"), len(lots_bruts) if lots_bruts is not None else None
    if alloti is False and nombre is not None and nombre >= 2:
        notices.append("La fiche déclare un marché non alloti mais décrit plusieurs lots.")
    if alloti is True and nombre is not None and nombre < 2:
        notices.append("La fiche déclare un marché alloti mais décrit moins de deux lots.")
    for rang, lot in enumerate(lots):
        notices += _confronter_lot(donnees, lot, "" if not lots_bruts else f" (lot {lot.get('numero') or rang + 1})")
    return tuple(dict.fromkeys(notices))


def _confronter_montants(donnees: Donnees, lots: tuple[Donnees, ...], lots_bruts: list[Donnees] | None) -> str | None:
    total, maximum = donnees.get("montant_ht"), donnees.get("montant_max_ht")
    detailles = bool(lots_bruts) and all("montant_ht" in lot for lot in lots)
    if detailles and total is not None and sum((lot["montant_ht"] for lot in lots), Decimal(0)) > total:
        return (
            "La somme des montants des lots dépasse le montant total : l'un des deux est à corriger "
            "(le montant total comprend tous les lots)."
        )
    if total is not None and maximum is not None and maximum < total:
        return "Le maximum de l'accord-cadre est inférieur au montant estimé."
    return None


def _confronter_dates(donnees: Donnees) -> list[str]:
    lancement = donnees.get("date_lancement")
    suites = {
        "date_limite_offres": "La date limite de réception des offres",
        "date_notification_prevue": "La date de notification prévue",
        "date_debut_execution": "Le début d'exécution",
    }
    return [
        f"{nom} précède la date de lancement."
        for cle, nom in suites.items()
        if lancement is not None and cle in donnees and donnees[cle] < lancement
    ]


def _confronter_lot(donnees: Donnees, lot: Donnees, suffixe: str) -> list[str]:
    notices: list[str] = []
    bio, durable = lot.get("egalim.part_bio"), lot.get("egalim.part_durable_qualite")
    if bio is not None and durable is not None and bio > durable:
        notices.append(f"La part de bio dépasse la part de produits durables, qui la comprend{suffixe}.")
    # Pour le social, un lot sans clause à côté d'un lot qui en porte est une pratique courante.
    if "clauses_env" in lot and not lot["clauses_env"] and donnees.get("clauses_env"):
        notices.append(f"Une liste vide de clauses environnementales écarte celles de la consultation{suffixe}.")
    return notices
