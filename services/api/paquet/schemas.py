"""Ce que montre l'API du paquet de règles : son identité, ses paramètres datés, ses référentiels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, Field

from services.regles.fiches import Confiance, Corpus
from services.regles.parametres import LigneDatee, Unite
from services.regles.rapport import MoteurCite
from services.regles.referentiels import Entree, EntreeAcheteur, EntreeCpv, EntreeDivision


@dataclass(frozen=True, slots=True)
class PaquetEnService:
    """Le paquet de règles en service, et le moteur qui le juge."""

    nom: Annotated[str, Field(description="Nom du paquet.")]
    version: Annotated[str, Field(description="Version publiée (AAAA.MM.rang).", examples=["2026.11.0"])]
    empreinte: Annotated[str, Field(description="Empreinte SHA-256 de ses fichiers.")]
    publie_le: Annotated[date, Field(description="Date de publication.")]
    moteur: Annotated[MoteurCite, Field(description="Le moteur qui juge.")]
    regles: Annotated[int, Field(description="Nombre de règles.")]
    regles_par_corpus: Annotated[dict[Corpus, int], Field(description="Nombre de règles par texte.")]
    parametres: Annotated[int, Field(description="Nombre de paramètres datés.")]
    clauses: Annotated[int, Field(description="Nombre de clauses.")]
    referentiels: Annotated[list[str], Field(description="Noms des référentiels.")]


@dataclass(frozen=True, slots=True)
class ValeurALaDate:
    """Ce que vaut un paramètre à la date demandée."""

    connue: Annotated[
        bool, Field(description="Faux : la valeur n'est pas connue ce jour-là ; jamais zéro, jamais celle d'avant.")
    ]
    valeur: Annotated[Decimal | bool | None, Field(description="La valeur, exacte ; absente si elle n'est pas connue.")]
    depuis: Annotated[date | None, Field(description="Premier jour où elle vaut.")]
    texte: Annotated[str | None, Field(description="Texte qui la fixe.")]
    article: Annotated[str | None, Field(description="Article qui la fixe.")]
    confiance: Annotated[Confiance | None, Field(description="Confiance dans cette valeur.")]
    mention: Annotated[str | None, Field(description="Réserve : valeur contestée ou prolongée.")]


@dataclass(frozen=True, slots=True)
class ParametreDate:
    """Un seuil ou un taux, à la date demandée et dans le temps."""

    cle: Annotated[str, Field(description="Clé du paramètre.", examples=["ccp.dispense.travaux"])]
    libelle: Annotated[str, Field(description="Ce qu'il représente.")]
    unite: Annotated[Unite, Field(description="Unité de ses valeurs.")]
    note: Annotated[str | None, Field(description="Précision.")]
    verifie_le: Annotated[date, Field(description="Dernière lecture des sources.")]
    a_la_date: Annotated[
        ValeurALaDate | None, Field(description="Sa valeur à la date demandée ; absente si aucune date n'est donnée.")
    ]
    historique: Annotated[list[LigneDatee], Field(description="Ses valeurs, de la plus ancienne à la plus récente.")]


@dataclass(frozen=True, slots=True)
class ListeDeParametres:
    """Les paramètres datés du paquet."""

    date: Annotated[date | None, Field(description="La date demandée.")]
    total: Annotated[int, Field(description="Nombre de paramètres.")]
    parametres: Annotated[list[ParametreDate], Field(description="Les paramètres, dans l'ordre des clés.")]


@dataclass(frozen=True, slots=True)
class Referentiel:
    """Un référentiel du paquet."""

    nom: Annotated[str, Field(description="Nom du référentiel.", examples=["familles_agec"])]
    entrees: Annotated[dict[str, Entree], Field(description="Ses entrées, par clé.")]


LEXIQUE: Final[Mapping[type[BaseModel], Mapping[str, str]]] = {
    EntreeCpv: {
        "libelle": "Nom de la famille d'achat.",
        "provenance": "Comment la correspondance a été lue : `L`, `S`, `C` ou `T`.",
        "note": "Précision.",
    },
    EntreeAcheteur: {
        "libelle": "Nom de l'acheteur.",
        "siret": "Numéro SIRET.",
        "type": "Catégorie de l'acheteur.",
        "qualite": "Pouvoir ou entité adjudicatrice.",
        "spaser": "Schéma d'achats responsables dont il relève.",
        "origine": "D'où vient la correspondance.",
    },
    EntreeDivision: {"libelle": "Nom de la division."},
}
"""La phrase de chaque champ des référentiels qui n'en porte pas dans son modèle."""

EXEMPLE_PAQUET: Final = {
    "nom": "VériFOP, règles de la commande publique",
    "version": "2026.11.0",
    "empreinte": "d783" * 16,
    "publie_le": "2026-11-21",
    "moteur": {"nom": "double", "degrade": False},
    "regles": 23,
    "regles_par_corpus": {"ccp": 10, "agec": 2, "egalim": 2, "pnad": 2, "spaser_vra": 5, "spaser_drome": 2},
    "parametres": 28,
    "clauses": 45,
    "referentiels": ["acheteurs", "divisions_cpv", "familles_agec", "segments"],
}
EXEMPLE_PARAMETRES: Final = {
    "date": "2026-09-15",
    "total": 1,
    "parametres": [
        {
            "cle": "ccp.dispense.fournitures_services",
            "libelle": "Marché sans publicité ni mise en concurrence, fournitures et services",
            "unite": "EUR_HT",
            "note": None,
            "verifie_le": "2026-11-21",
            "a_la_date": {
                "connue": True,
                "valeur": "40000",
                "depuis": "2020-01-01",
                "texte": "Décret n° 2019-1344 du 12 décembre 2019",
                "article": "R2122-8",
                "confiance": "haute",
                "mention": None,
            },
            "historique": [
                {
                    "depuis": "2020-01-01",
                    "jusqu_au": None,
                    "valeur": "40000",
                    "confiance": "haute",
                    "texte": "Décret n° 2019-1344 du 12 décembre 2019",
                    "article": "R2122-8",
                    "parution": "2019-12-13",
                    "provenance": "S",
                    "source": "JO",
                    "note": None,
                    "a_confirmer": None,
                }
            ],
        }
    ],
}
EXEMPLE_REFERENTIEL: Final = {
    "nom": "acheteurs",
    "entrees": {
        "valence_romans_agglo": {
            "libelle": "Valence Romans Agglo",
            "siret": "20004048300014",
            "type": "epci",
            "qualite": "pouvoir_adjudicateur",
            "spaser": "vra_2023_2026",
            "origine": "SIRET lu dans les données essentielles publiées",
        }
    },
}
