"""Ce que montre l'API d'une règle : un résumé pour la liste, tout ce qu'un juriste veut lire pour le détail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from services.regles.conditions import Condition, Controle, PourChaque, PourUn, Toutes, UneDe
from services.regles.fiches import (
    Attendu,
    Axe,
    Cas,
    Confiance,
    Corpus,
    Derogation,
    Donnee,
    Effet,
    FamilleCorpus,
    Gravite,
    Mention,
    Messages,
    Nature,
    Reference,
    Remede,
)
from services.regles.parametres import LigneDatee, Unite

Niveau = Literal["consultation", "lot"]


@dataclass(frozen=True, slots=True)
class RegleResumee:
    """Une règle du paquet, en bref."""

    id: Annotated[str, Field(description="Identifiant de la règle.", examples=["CCP-ENV-CRITERE"])]
    version: Annotated[int, Field(description="Version de la règle.")]
    titre: Annotated[str, Field(description="Ce que la règle demande.")]
    question_metier: Annotated[str, Field(description="La question qu'elle pose à la consultation.")]
    corpus: Annotated[Corpus, Field(description="Texte dont elle vient.")]
    libelle_corpus: Annotated[str, Field(description="Nom de ce texte.")]
    famille: Annotated[FamilleCorpus, Field(description="Loi, engagement local ou plan national.")]
    axe: Annotated[Axe, Field(description="Sujet de la règle.")]
    nature: Annotated[Nature, Field(description="Force de la règle.")]
    niveau: Annotated[Niveau, Field(description="`lot` : un verdict par lot.")]
    gravite: Annotated[Gravite, Field(description="Ce que vaut un écart.")]
    effet: Annotated[Effet, Field(description="Quand elle vaut, et quelle date de la fiche en décide.")]
    couverture: Annotated[str, Field(description="Ce que la règle avoue de ses limites.")]
    confiance: Annotated[Confiance, Field(description="Confiance dans la lecture du droit.")]
    relecture_juridique: Annotated[
        Literal["a_faire", "faite"], Field(description="`a_faire` tant qu'un juriste ne l'a pas relue.")
    ]
    verifie_le: Annotated[date, Field(description="Dernière lecture des sources.")]


@dataclass(frozen=True, slots=True)
class ListeDeRegles:
    """Les règles qui répondent aux filtres, dans l'ordre de leurs identifiants."""

    total: Annotated[int, Field(description="Nombre de règles rendues.")]
    regles: Annotated[list[RegleResumee], Field(description="Les règles.")]


@dataclass(frozen=True, slots=True)
class ParametreDeRegle:
    """Un paramètre daté que lit la règle, et toute son histoire."""

    alias: Annotated[str, Field(description="Nom du paramètre dans la règle.")]
    cle: Annotated[str, Field(description="Clé du paramètre dans le paquet.")]
    libelle: Annotated[str, Field(description="Ce que le paramètre représente.")]
    unite: Annotated[Unite, Field(description="Unité de ses valeurs.")]
    valeurs: Annotated[list[LigneDatee], Field(description="Ses valeurs, de la plus ancienne à la plus récente.")]


@dataclass(frozen=True, slots=True)
class ClauseDeRegle:
    """Une clause que la règle fait proposer."""

    id: Annotated[str, Field(description="Identifiant de la clause.")]
    titre: Annotated[str, Field(description="Titre de la clause.")]
    piece: Annotated[str, Field(description="Pièce où la mettre.")]
    ou: Annotated[str, Field(description="Article ou section de la pièce.")]


@dataclass(frozen=True, slots=True)
class RegleDetaillee(RegleResumee):
    """Une règle, telle que l'écrit sa fiche, avec les valeurs de ses paramètres et ses clauses."""

    versions: Annotated[list[int], Field(description="Ses versions dans le paquet, chacune avec sa période d'effet.")]
    remplace: Annotated[str | None, Field(description="Règle remplacée, `ID@version`.")]
    responsable: Annotated[str, Field(description="Qui en répond.")]
    references: Annotated[list[Reference], Field(description="Les textes qui la fondent.")]
    note: Annotated[str | None, Field(description="Ambiguïté connue et lecture retenue.")]
    mentions: Annotated[list[Mention], Field(description="Précisions ajoutées au constat à partir d'une date.")]
    parametres: Annotated[list[ParametreDeRegle], Field(description="Paramètres datés lus par la règle.")]
    donnees: Annotated[dict[str, Donnee], Field(description="Ce que la règle précise des données qu'elle lit.")]
    applicable_si: Annotated[Condition | None, Field(description="Quand elle s'applique ; absent : toujours.")]
    exige: Annotated[Condition, Field(description="Ce qu'elle exige.")]
    derogations: Annotated[list[Derogation], Field(description="Les exceptions qu'elle prévoit.")]
    alerte_si: Annotated[Condition | None, Field(description="Quand sa violation n'est qu'une alerte.")]
    messages: Annotated[Messages, Field(description="La phrase de chaque verdict.")]
    remede: Annotated[Remede, Field(description="Ce qu'il faut faire quand elle n'est pas respectée.")]
    clauses: Annotated[list[ClauseDeRegle], Field(description="Les clauses qu'elle fait proposer.")]
    cas: Annotated[list[Cas], Field(description="Les exemples exécutables qui la contrôlent.")]


LEXIQUE: Final[Mapping[type[BaseModel], Mapping[str, str]]] = {
    Reference: {"role": "Ce que le texte apporte à la règle.", "confiance": "Confiance dans cette lecture."},
    Mention: {"depuis": "Premier jour où la précision vaut.", "texte": "La précision."},
    Derogation: {
        "id": "Identifiant de l'exception.",
        "titre": "Titre de l'exception.",
        "reference": "Article qui la prévoit.",
    },
    Messages: {
        "ecart": "Règle violée.",
        "alerte": "Règle violée, sans blocage.",
        "indetermine": "Il manque de quoi conclure.",
        "conforme": "Règle respectée.",
        "derogation": "Exception invoquée et motivée.",
        "derogation_incomplete": "Exception invoquée sans être motivée.",
        "non_applicable": "Règle sans objet.",
        "hors_periode": "Règle pas en vigueur.",
    },
    Remede: {
        "action": "Ce qu'il faut faire.",
        "ou": "Dans quelles pièces.",
        "clauses": "Identifiants des clauses qui y répondent.",
    },
    Cas: {"nom": "Ce que montre le cas.", "fop": "Fiche partielle.", "attendu": "Ce que le moteur doit en dire."},
    Attendu: {
        "verdict": "Verdict attendu.",
        "parametres_absents": "Paramètres dont la valeur doit manquer.",
        "derogation": "Exception attendue.",
        "message": "Message attendu.",
    },
    Effet: {"apres_terme": "`signaler` : une notice du rapport dit que le texte est échu."},
    Toutes: {"toutes": "Les conditions à remplir ensemble."},
    UneDe: {"une_de": "Les conditions dont une suffit."},
    PourUn: {"pour_un": "La liste parcourue.", "verifie": "Ce qu'un élément au moins doit vérifier."},
    PourChaque: {"pour_chaque": "La liste parcourue.", "verifie": "Ce que chaque élément doit vérifier."},
    Controle: {},
    LigneDatee: {
        "depuis": "Premier jour où la valeur vaut.",
        "confiance": "Confiance dans cette valeur.",
        "texte": "Texte qui la fixe.",
        "article": "Article qui la fixe.",
        "provenance": "Lecture : `L` Légifrance, `S` source secondaire, `C` connaissance, `T` texte intégral.",
        "source": "Où il a été lu.",
        "note": "Précision.",
    },
}
"""La phrase de chaque champ des fiches qui n'en porte pas dans son modèle."""

EXEMPLE_RESUME: Final = {
    "id": "CCP-ENV-CRITERE",
    "version": 1,
    "titre": "Un critère d'attribution prend en compte l'environnement",
    "question_metier": "La consultation prévoit-elle, pour chaque lot, un critère environnemental de poids non nul ?",
    "corpus": "ccp",
    "libelle_corpus": "Code de la commande publique",
    "famille": "loi",
    "axe": "environnement",
    "nature": "obligation",
    "niveau": "lot",
    "gravite": "bloquant",
    "effet": {"du": "2026-08-21", "au": None, "apres_terme": "taire", "date_de_reference": ["date_lancement"]},
    "couverture": "partielle_sous_signale",
    "confiance": "haute",
    "relecture_juridique": "a_faire",
    "verifie_le": "2026-11-21",
}
EXEMPLE_LISTE: Final = {"total": 1, "regles": [EXEMPLE_RESUME]}
EXEMPLE_DETAIL: Final = {
    **EXEMPLE_RESUME,
    "versions": [1],
    "remplace": None,
    "responsable": "cellule juridique",
    "references": [
        {
            "texte": "Code de la commande publique",
            "article": "L2152-7",
            "role": "fondement",
            "url": None,
            "piece": None,
            "provenance": "S",
            "confiance": "haute",
        }
    ],
    "note": None,
    "mentions": [],
    "parametres": [],
    "donnees": {"forme": {"question": None, "si_absent": {"supposer": "ordinaire"}}},
    "applicable_si": {"fait": "type_contrat", "egal": "marche"},
    "exige": {
        "pour_un": ".criteres",
        "verifie": {"toutes": [{"fait": ".est_environnemental", "egal": True}, {"fait": ".poids", "plus_de": "0"}]},
    },
    "derogations": [],
    "alerte_si": None,
    "messages": {
        "ecart": "Aucun critère d'attribution de poids non nul ne prend en compte l'environnement.",
        "alerte": None,
        "indetermine": "Impossible de dire si un critère environnemental est prévu.",
        "conforme": "Un critère environnemental de poids non nul est prévu.",
        "derogation": None,
        "derogation_incomplete": None,
        "non_applicable": None,
        "hors_periode": None,
    },
    "remede": {
        "action": "Ajouter un critère environnemental pondéré et lié à l'objet du marché.",
        "ou": ["RC"],
        "clauses": ["RC-CRITERE-ENV-01"],
        "du_segment": [],
    },
    "clauses": [
        {
            "id": "RC-CRITERE-ENV-01",
            "titre": "Critère environnemental pondéré",
            "piece": "RC",
            "ou": "Article « Jugement des offres »",
        }
    ],
    "cas": [
        {
            "nom": "prix seul après le 21 août 2026",
            "fop": {"date_lancement": "2026-09-15", "criteres": [{"nom": "Prix", "type": "prix", "poids": 100}]},
            "attendu": {
                "verdict": "ecart",
                "lots": None,
                "a_demander": None,
                "clauses": ["RC-CRITERE-ENV-01"],
                "parametres_absents": None,
                "derogation": None,
                "message": None,
            },
        }
    ],
}
