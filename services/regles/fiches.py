"""La fiche de règle, telle qu'un juriste l'écrit en YAML.

Les modèles de ce fichier sont la définition du format : le JSON Schema publié (`openapi/fiche-regle.schema.json`) en
est engendré, avec la prose de chaque clé.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.regles.conditions import Condition

Corpus = Literal[
    "ccp",
    "agec",
    "egalim",
    "batiment",
    "espace_public",
    "vehicules",
    "numerique",
    "personnes",
    "pnad",
    "spaser_vra",
    "spaser_drome",
]
Axe = Literal[
    "environnement",
    "social",
    "procedure",
    "allotissement",
    "execution",
    "economie_circulaire",
    "alimentation",
    "acces_entreprises",
]
Nature = Literal["obligation", "engagement_local", "objectif_annuel", "recommandation"]
Gravite = Literal["bloquant", "majeur", "mineur", "information"]
Confiance = Literal["haute", "moyenne", "basse"]
Provenance = Literal["L", "S", "C", "T"]
Piece = Literal["RC", "CCAP", "CCTP", "LETTRE_DE_CONSULTATION", "ACTE_ENGAGEMENT", "RAPPORT_PRESENTATION"]
Theme = Literal[
    "critere_environnemental",
    "condition_environnementale",
    "specification_environnementale",
    "critere_social",
    "condition_sociale",
    "reservation",
    "economie_circulaire",
    "alimentation",
    "allotissement",
    "procedure",
    "acces_entreprises",
    "execution",
    "protection",
    "suivi",
    "justification",
]
NomVerdict = Literal[
    "hors_periode", "non_applicable", "conforme", "derogation", "ecart", "alerte", "indetermine", "erreur"
]

FamilleCorpus = Literal["loi", "engagement_local", "plan_national"]
FAMILLES: dict[Corpus, FamilleCorpus] = {
    "ccp": "loi",
    "agec": "loi",
    "egalim": "loi",
    "batiment": "loi",
    "espace_public": "loi",
    "vehicules": "loi",
    "numerique": "loi",
    "personnes": "loi",
    "pnad": "plan_national",
    "spaser_vra": "engagement_local",
    "spaser_drome": "engagement_local",
}
LIBELLES_CORPUS: dict[Corpus, str] = {
    "ccp": "Code de la commande publique",
    "agec": "Loi AGEC (économie circulaire, plastiques)",
    "egalim": "EGALIM (restauration collective)",
    "batiment": "Bâtiment et construction",
    "espace_public": "Voirie, espaces verts, éclairage",
    "vehicules": "Véhicules et mobilité",
    "numerique": "Numérique",
    "personnes": "Protection des personnes et de leurs données",
    "pnad": "Plan national pour des achats durables",
    "spaser_vra": "SPASER de Valence Romans Agglo",
    "spaser_drome": "SPASER du Département de la Drôme",
}
NATURES_SANS_ECART: frozenset[Nature] = frozenset({"objectif_annuel", "recommandation"})


class _Ecrit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Texte = Annotated[str, Field(min_length=1, max_length=4000)]


class Effet(_Ecrit):
    """Quand la règle vaut, et quelle date de la FOP le décide."""

    du: date = Field(description="Premier jour d'effet (compris).")
    au: date | None = Field(None, description="Dernier jour d'effet (compris) ; absent : toujours en vigueur.")
    apres_terme: Literal["taire", "signaler"] = Field(
        "taire", description="`signaler` : une notice du rapport dit que le texte est échu."
    )
    date_de_reference: list[str] = Field(
        default=["date_lancement"],
        min_length=1,
        description="Données de la FOP ; la première présente décide.",
    )

    @model_validator(mode="after")
    def _verifier_ordre(self) -> "Effet":
        if self.au is not None and self.au < self.du:
            raise ValueError("`au` doit suivre `du` ; corriger l'une des deux dates")
        return self


class Reference(_Ecrit):
    """Un texte qui fonde la règle, avec la façon dont il a été lu."""

    texte: Texte = Field(description="Nom du texte : code, loi, décret, schéma.")
    article: Texte = Field(description="Article, engagement ou fiche-action.")
    role: Literal["fondement", "date_effet", "derogation", "taux", "perimetre", "interpretation"]
    url: str | None = Field(None, pattern=r"^https?://", description="Lien, exigé pour un texte de loi.")
    piece: str | None = Field(None, description="Pièce et page, exigées pour un SPASER.")
    provenance: Provenance = Field(
        description="L : article lu sur Légifrance par un tiers ; S : source secondaire ; C : connaissance non "
        "recontrôlée ; T : texte intégral lu."
    )
    confiance: Confiance


class Donnee(_Ecrit):
    """Ce que la fiche précise d'une donnée qu'elle lit."""

    question: str | None = Field(None, description="Question propre à cette règle, à défaut de celle de la FOP.")
    si_absent: dict[Literal["supposer"], Any] | None = Field(
        None, description="Valeur supposée quand la donnée manque ; la supposition est visible au rapport."
    )


class Derogation(_Ecrit):
    """Une exception prévue par la règle elle-même."""

    id: Texte
    titre: Texte
    reference: Texte
    si: Condition = Field(description="Vrai : l'exception est invoquée.")
    justifie_par: Condition = Field(description="Vrai : elle est motivée ; faux : l'écart demeure.")
    clauses: list[str] = Field(default=[], description="Clauses à joindre quand la dérogation est retenue.")


class Messages(_Ecrit):
    """Une phrase par verdict possible, avec ses variables `{{ chemin | filtre }}`."""

    ecart: str | None = None
    alerte: str | None = None
    indetermine: str | None = None
    conforme: str | None = None
    derogation: str | None = None
    derogation_incomplete: str | None = None
    non_applicable: str | None = None
    hors_periode: str | None = None


class Remede(_Ecrit):
    """Ce qu'il faut faire, où, et les clauses qui y répondent."""

    action: Texte
    ou: list[Piece | Literal["FOP"]] = Field(min_length=1)
    clauses: list[str] = Field(default=[], description="Clauses précises qui répondent à la règle.")
    du_segment: list[Theme] = Field(
        default=[], description="Thèmes dont le clausier propose les clauses les plus propres au segment du lot."
    )


class Mention(_Ecrit):
    """Une précision ajoutée au constat à partir d'une date."""

    depuis: date
    texte: Texte


class Attendu(_Ecrit):
    """Ce qu'un cas attend du moteur."""

    verdict: NomVerdict | None = None
    lots: dict[str, NomVerdict] | None = Field(None, description="Un verdict par numéro de lot.")
    a_demander: list[str] | None = Field(None, description="Chemins demandés, exactement et dans l'ordre.")
    clauses: list[str] | None = Field(None, description="Clauses qui doivent être proposées.")
    parametres_absents: list[str] | None = None
    derogation: str | None = None
    message: Literal["derogation_incomplete"] | None = None

    @model_validator(mode="after")
    def _verifier_forme(self) -> "Attendu":
        if (self.verdict is None) == (self.lots is None):
            raise ValueError("attendre `verdict` ou `lots`, l'un des deux")
        return self


class Cas(_Ecrit):
    """Un exemple exécutable : une FOP partielle et le verdict attendu."""

    nom: Texte
    fop: dict[str, Any]
    attendu: Attendu


class Fiche(_Ecrit):
    """Une règle : ce qu'elle demande, à qui, depuis quand, sur quel fondement, et quoi faire quand elle manque."""

    format: Literal[1]
    id: str = Field(pattern=r"^[A-Z][A-Z0-9]*([-.][A-Z0-9]+)*$", description="Identifiant, jamais réemployé.")
    version: int = Field(ge=1)
    remplace: str | None = Field(None, pattern=r"^.+@\d+$", description="`ID@version` de la fiche remplacée.")
    titre: Texte
    question_metier: Texte
    corpus: Corpus
    axe: Axe
    nature: Nature
    niveau: Literal["consultation", "lot"] = Field(description="`lot` : un verdict par lot.")
    statut: Literal["brouillon", "active", "suspendue", "abrogee"]
    relecture_juridique: Literal["a_faire", "faite"] = Field(
        description="`faite` seulement après lecture par un juriste."
    )
    responsable: Texte
    couverture: Literal["complete", "partielle_sur_signale", "partielle_sous_signale"] = Field(
        description="Ce que la règle avoue de ses limites."
    )
    confiance: Confiance
    effet: Effet
    references: list[Reference] = Field(min_length=1)
    verifie_le: date = Field(description="Dernière lecture des sources.")
    note: str | None = Field(None, description="Ambiguïté connue et lecture retenue ; affichée.")
    mentions: list[Mention] = Field(default=[])
    parametres: dict[str, str] = Field(default={}, description="Alias vers une clé de paramètre daté.")
    donnees: dict[str, Donnee] = Field(default={})
    applicable_si: Condition | None = None
    exige: Condition
    derogations: list[Derogation] = Field(default=[])
    alerte_si: Condition | None = Field(None, description="Vrai : la violation n'est qu'une alerte.")
    gravite: Gravite
    messages: Messages
    remede: Remede
    cas: list[Cas] = Field(min_length=1)

    @property
    def cle(self) -> str:
        """L'identifiant et la version : `CCP-ENV-CRITERE@1`."""
        return f"{self.id}@{self.version}"

    @property
    def famille(self) -> FamilleCorpus:
        """La loi, l'engagement local ou le plan national : jamais confondus."""
        return FAMILLES[self.corpus]

    @property
    def sans_ecart(self) -> bool:
        """Vrai si la règle ne peut jamais donner d'écart (objectif annuel, recommandation)."""
        return self.nature in NATURES_SANS_ECART
