"""Les mots du site : ce que lit un acheteur à la place d'un identifiant."""

from collections.abc import Mapping
from typing import Final

from services.regles.engagements import NatureEngagement, PriseEnCharge
from services.regles.fiches import Axe, Confiance, Gravite, Nature, NomVerdict, Piece, Provenance, Theme

AXES: Final[Mapping[Axe, str]] = {
    "procedure": "Procédure",
    "allotissement": "Allotissement",
    "environnement": "Environnement",
    "economie_circulaire": "Économie circulaire",
    "social": "Social et emploi",
    "alimentation": "Alimentation",
    "acces_entreprises": "Accès des entreprises",
    "execution": "Exécution",
}
NATURES: Final[Mapping[Nature, str]] = {
    "obligation": "obligation légale",
    "engagement_local": "engagement local",
    "objectif_annuel": "objectif annuel : jamais un écart sur une fiche seule",
    "recommandation": "recommandation : alerte au plus",
}
GRAVITES: Final[Mapping[Gravite, str]] = {
    "bloquant": "bloquant",
    "majeur": "majeur",
    "mineur": "mineur",
    "information": "information",
}
CONFIANCES: Final[Mapping[Confiance, str]] = {
    "haute": "confiance haute",
    "moyenne": "confiance moyenne, à confirmer",
    "basse": "confiance basse, à confirmer",
}
COUVERTURES: Final[Mapping[str, str]] = {
    "complete": "La règle voit tous les cas qu'elle vise.",
    "partielle_sur_signale": "La règle peut signaler à tort un cas particulier.",
    "partielle_sous_signale": "La règle peut manquer un cas particulier.",
}
PROVENANCES: Final[Mapping[Provenance, str]] = {
    "L": "article lu sur Légifrance par un tiers",
    "S": "source secondaire",
    "C": "connaissance non recontrôlée",
    "T": "texte intégral lu",
}
ROLES: Final[Mapping[str, str]] = {
    "fondement": "fondement",
    "date_effet": "date d'effet",
    "derogation": "exception",
    "taux": "seuil ou taux",
    "perimetre": "périmètre",
    "interpretation": "interprétation",
}
VERDICTS: Final[Mapping[NomVerdict, str]] = {
    "ecart": "Écart",
    "alerte": "Alerte",
    "indetermine": "À compléter",
    "conforme": "Conforme",
    "derogation": "Dérogation",
    "non_applicable": "Non applicable",
    "hors_periode": "Hors période",
    "erreur": "Erreur",
}
PIECES: Final[Mapping[Piece, str]] = {
    "RC": "Règlement de la consultation",
    "CCAP": "Cahier des clauses administratives",
    "CCTP": "Cahier des clauses techniques",
    "ACTE_ENGAGEMENT": "Acte d'engagement",
    "LETTRE_DE_CONSULTATION": "Lettre de consultation",
    "RAPPORT_PRESENTATION": "Rapport de présentation",
}
THEMES: Final[Mapping[Theme, str]] = {
    "critere_environnemental": "critère environnemental",
    "condition_environnementale": "condition d'exécution environnementale",
    "specification_environnementale": "spécification environnementale",
    "critere_social": "critère social",
    "condition_sociale": "condition d'exécution sociale",
    "reservation": "réservation",
    "economie_circulaire": "économie circulaire",
    "alimentation": "alimentation",
    "allotissement": "allotissement",
    "procedure": "procédure",
    "acces_entreprises": "accès des entreprises",
    "execution": "exécution",
    "protection": "protection des personnes et des données",
    "suivi": "suivi",
    "justification": "justification",
}
SEGMENTS_GENERAUX: Final[Mapping[str, str]] = {
    "tous": "Tous les achats",
    "travaux": "Travaux",
    "fournitures": "Fournitures",
    "services": "Services",
}
NATURES_D_ENGAGEMENT: Final[Mapping[NatureEngagement, str]] = {
    "consultation": "consultation",
    "lot": "lot",
    "portefeuille": "ensemble des marchés",
    "organisation": "organisation",
    "contexte": "contexte",
}
PRISES_EN_CHARGE: Final[Mapping[PriseEnCharge, str]] = {
    "regle": "Règle",
    "indicateur": "Indicateur",
    "hors_outil": "Hors outil",
}
