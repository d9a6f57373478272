"""Convertir une donnée essentielle de la commande publique (DECP) en fiche opération.

Une DECP se publie après l'attribution : elle dit l'objet, l'acheteur, le montant, la durée, la procédure, jamais les
critères ni l'allotissement. Ce qu'elle tait reste absent de la fiche. Formats de 2019 et de 2024 (arrêté du 22 décembre
2022), en JSON ou en JSON par ligne.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from stdnum.fr import siret as stdnum_siret

from services.regles.erreurs import Anomalie, FopInvalide
from services.regles.fop import DATE_MAX, DATE_MIN
from services.regles.lecture_fop import decoder_json

CENTIME: Final = Decimal("0.01")
FORMES: Final[Mapping[str, str]] = {"marche subsequent": "marche_subsequent"}
"""« Marché » et « Accord-cadre » ne disent pas la forme : à bons de commande ou à marchés subséquents, à tranches…"""
PROCEDURES: Final[tuple[tuple[str, str], ...]] = (
    ("sans publicité", "sans_publicite_ni_mise_en_concurrence"),
    ("adaptée", "procedure_adaptee"),
    ("offres ouvert", "appel_offres_ouvert"),
    ("offres restreint", "appel_offres_restreint"),
    ("négociation", "procedure_avec_negociation"),
    ("négociée avec", "procedure_avec_negociation"),
    ("dialogue", "dialogue_competitif"),
)
"""Un morceau du libellé suffit : ils ont changé de 2019 à 2024, et se saisissent avec ou sans apostrophe."""
CCAG: Final[Mapping[str, str]] = {
    "travaux": "travaux",
    "fournitures courantes et services": "fcs",
    "prestations intellectuelles": "pi",
    "techniques de l'information et de la communication": "tic",
    "marchés industriels": "mi",
    "maitrise d'œuvre": "moe",
    "pas de ccag": "aucun",
}
_AUTRE = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class FopImportee:
    """Une fiche tirée d'une DECP, sous la forme que lit `lire_fop`, et ce qui n'a pas pu être repris."""

    nom: str
    fop: dict[str, Any]
    ecartes: list[str]


def lire_decp(octets: bytes) -> Iterator[dict[str, Any]]:
    """Rend les marchés d'un fichier : une liste, l'objet officiel `marches`, ou un marché par ligne.

    Lève FopInvalide si le fichier n'est rien de cela.
    """
    try:
        document = json.loads(octets, parse_float=Decimal)
    except ValueError:
        document = [decoder_json(ligne) for ligne in octets.splitlines() if ligne.strip()]
    if isinstance(document, dict) and "marches" in document:
        document = document["marches"]
        if isinstance(document, dict):
            document = document.get("marche", [])
    if isinstance(document, dict):
        document = [document]
    for rang, marche in enumerate(document if isinstance(document, list) else [document], start=1):
        if not isinstance(marche, dict):
            attendu = "un marché (objet JSON)"
            raise FopInvalide(
                [Anomalie("type_attendu", f"[{rang}]", f"/{rang - 1}", attendu, type(marche).__name__, "le retirer")]
            )
        yield marche


def convertir(marche: Mapping[str, Any]) -> FopImportee:
    """Rend la fiche d'un marché. Ne lève rien : ce qui ne se lit pas est écarté, et dit."""
    ecartes: list[str] = []
    identifiant = _lire_texte(marche.get("id")) or _lire_texte(marche.get("uid")) or "sans identifiant"
    acheteur = marche.get("acheteur")
    acheteur = acheteur if isinstance(acheteur, dict) else {}
    siret = _lire_siret(acheteur.get("id"), ecartes)
    montant = _lire_montant(marche.get("montant"), ecartes)
    notifie_le = _lire_date(marche.get("dateNotification"), ecartes)
    fop: dict[str, Any] = {
        "reference": identifiant[:64],
        "objet": (_lire_texte(marche.get("objet")) or f"Objet non publié (marché {identifiant})")[:1000],
        "acheteur": _retirer_absents({"siret": siret, "nom": _lire_texte(acheteur.get("nom"))}),
        "cpv": _lire_texte(marche.get("codeCPV")),
        "montant_ht": montant,
        "duree_mois": _lire_duree(marche.get("dureeMois"), ecartes),
        "forme": FORMES.get((_lire_texte(marche.get("nature")) or "").lower().replace("é", "e")),
        "procedure": _lire_procedure(marche.get("procedure"), ecartes),
        "ccag": CCAG.get((_lire_texte(marche.get("ccag")) or "").lower()),
        "innovant": marche.get("marcheInnovant") if isinstance(marche.get("marcheInnovant"), bool) else None,
        "clauses_env": _lire_clauses(marche, "considerationsEnvironnementales", "considerationEnvironnementale"),
        "clauses_soc": _lire_clauses(marche, "considerationsSociales", "considerationSociale"),
        "resultat": _retirer_absents(
            {
                "date_notification": notifie_le,
                "montant_attribue_ht": montant,
                "offres_recues": marche.get("offresRecues") if isinstance(marche.get("offresRecues"), int) else None,
            }
        ),
        "extensions": {"decp": _retirer_absents({"uid": _lire_texte(marche.get("uid")), "id": identifiant})},
    }
    if not fop["acheteur"]:
        fop["acheteur"] = {"nom": "Acheteur non publié"}
    nom = _AUTRE.sub("-", f"{siret or 'acheteur'}-{identifiant}").strip("-").lower()
    return FopImportee(nom, _retirer_absents(fop), ecartes)


def _retirer_absents(donnees: Mapping[str, Any]) -> dict[str, Any]:
    return {cle: valeur for cle, valeur in donnees.items() if valeur is not None and valeur != {}}


def _lire_texte(valeur: Any) -> str | None:
    brut = str(valeur) if isinstance(valeur, str | int) and not isinstance(valeur, bool) else ""
    # Un objet publié porte parfois des tabulations verticales ou des retours mal convertis.
    texte = "".join(signe if unicodedata.category(signe)[0] != "C" else " " for signe in brut)
    return " ".join(texte.split()) or None


def _lire_siret(valeur: Any, ecartes: list[str]) -> str | None:
    siret = _lire_texte(valeur)
    if siret is None or not stdnum_siret.is_valid(siret):
        ecartes.append("SIRET de l'acheteur absent ou faux")
        return None
    return siret


def _lire_montant(valeur: Any, ecartes: list[str]) -> str | None:
    try:
        montant = Decimal(str(valeur)).quantize(CENTIME)
    except InvalidOperation:
        montant = Decimal(0)
    if montant <= 0:
        ecartes.append("montant absent, nul ou négatif")
        return None
    return f"{montant:f}"


def _lire_duree(valeur: Any, ecartes: list[str]) -> int | None:
    texte = _lire_texte(valeur) or ""
    if not texte.isascii() or not texte.isdigit() or not 0 < int(texte) <= 1200:
        ecartes.append("durée absente, nulle ou hors bornes")
        return None
    return int(texte)


def _lire_date(valeur: Any, ecartes: list[str]) -> str | None:
    try:
        jour = date.fromisoformat((_lire_texte(valeur) or "")[:10])
    except ValueError:
        jour = date.min
    if not DATE_MIN <= jour <= DATE_MAX:
        ecartes.append("date de notification absente ou hors bornes")
        return None
    return jour.isoformat()


def _lire_procedure(valeur: Any, ecartes: list[str]) -> str | None:
    libelle = (_lire_texte(valeur) or "").lower().replace("’", "'")
    trouvee = next((procedure for morceau, procedure in PROCEDURES if morceau in libelle), None)
    if trouvee is None:
        ecartes.append("procédure absente ou inconnue")
    return trouvee


def _lire_clauses(marche: Mapping[str, Any], cle: str, sous_cle: str) -> list[dict[str, str]] | None:
    """Rend la clause que la DECP déclare, une liste vide si elle déclare n'en avoir aucune, rien si elle n'en dit rien.

    Un critère déclaré n'est pas repris : une liste de critères réduite à lui tromperait.
    """
    declarees = marche.get(cle)
    valeurs = declarees.get(sous_cle) if isinstance(declarees, dict) else declarees
    if not isinstance(valeurs, list):
        return None
    libelles = [str(valeur).lower() for valeur in valeurs]
    if any(libelle.startswith("clause") for libelle in libelles):
        return [{"texte": "Clause déclarée aux données essentielles, texte non publié."}]
    return [] if libelles and all(libelle.startswith("pas de") for libelle in libelles) else None
