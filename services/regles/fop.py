"""La fiche opération (FOP) : son modèle, sa lecture tolérante, son empreinte.

La lecture se fait en deux temps. Un nettoyage, déduit du modèle et parcouru une seule fois, ramène ce qui est
écrit (texte rogné, « oui », libellé DECP, `"59999.99"`, CPV à clé…) à la forme canonique. Pydantic
vérifie ensuite cette forme, strictement. Ce que le nettoyage ne reconnaît pas, il le laisse tel quel : c'est
Pydantic qui le refuse.

Un champ absent, `null`, vide, ou valant « néant », « n/a » ou « à définir » est absent. Une liste vide est
renseignée : elle dit « il n'y en a pas ».
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from functools import cache
from json.encoder import encode_basestring_ascii
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    Strict,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from stdnum.fr import siret as stdnum_siret

from services.regles.erreurs import (
    Anomalie,
    FopInvalide,
    ajouter_reste,
    ecrire_chemin,
    ecrire_nombre,
    ecrire_pointeur,
    etiqueter,
    nommer_lu,
    signaler,
    traduire,
)

# --- Bornes -------------------------------------------------------------------------------------------------

LOTS_MAX: Final = 500
CRITERES_MAX: Final = 100
CLAUSES_MAX: Final = 100
ELEMENTS_MAX: Final = 100
"""Éléments au plus dans les autres listes."""
LONGUEUR_MAX_OBJET: Final = 1_000
LONGUEUR_MAX_TEXTE_LONG: Final = 20_000
LONGUEUR_MAX_TEXTE_COURT: Final = 300
LONGUEUR_MAX_REFERENCE: Final = 64
LONGUEUR_MAX_NUMERO: Final = 16
PROFONDEUR_MAX: Final = 32
TAILLE_MAX_CORPS: Final = 2 * 1024 * 1024
"""Octets au plus dans le corps JSON d'une FOP."""
ANOMALIES_MAX: Final = 100
CHIFFRES_MAX: Final = 28
"""Chiffres significatifs au plus : au-delà, Pydantic arrondit avant de compter les décimales."""
BITS_MAX: Final = 90
"""Taille au plus d'un entier à convertir : au-delà, il est hors de toutes les bornes."""
MONTANT_PLAFOND: Final = Decimal(10**12)
DUREE_MAX_MOIS: Final = Decimal(1_200)
DATE_MIN: Final = date(2000, 1, 1)
DATE_MAX: Final = date(2100, 12, 31)

ECHELLE_MONTANT: Final = 2
ECHELLE_PART: Final = 6
ECHELLE_POIDS: Final = 4
ECHELLE_DUREE: Final = 3
ECHELLE_ENTIER: Final = 0

DIVISIONS_CPV: Final = frozenset(
    f"{division:02}"
    for division in (
        *(3, 9, 14, 15, 16, 18, 19, 22, 24, 30, 31, 32, 33, 34, 35, 37, 38, 39, 41, 42, 43, 44, 45, 48),
        *(50, 51, 55, 60, 63, 64, 65, 66, 70, 71, 72, 73, 75, 76, 77, 79, 80, 85, 90, 92, 98),
    )
)
"""Les 45 divisions du vocabulaire commun des marchés publics (règlement (CE) n° 213/2008)."""


# --- Marques posées sur les types : lues par le nettoyage et par le catalogue des champs --------------------


@dataclass(frozen=True, slots=True)
class Echelle:
    """Le nombre exact de décimales d'un type de nombre."""

    decimales: int


@dataclass(frozen=True, slots=True)
class Forme:
    """Un texte à ramener à une forme : numéro de lot, code CPV, SIRET ou étiquette libre."""

    nom: Literal["numero", "cpv", "siret", "etiquette"]


class Libelles:
    """Les libellés admis en plus des valeurs d'une énumération : étiquette du libellé → valeur."""

    def __init__(self, **valeurs: str) -> None:
        self.valeurs: Mapping[str, str] = valeurs


@dataclass(frozen=True, slots=True)
class FormeCourte:
    """Un objet qui peut s'écrire d'un mot : la valeur seule remplit alors `champ`."""

    champ: str
    genre: Literal["booleen", "texte"]

    def __get_pydantic_json_schema__(self, schema: CoreSchema, suite: GetJsonSchemaHandler) -> JsonSchemaValue:
        court = {"type": "boolean"} if self.genre == "booleen" else {"type": "string"}
        return {"anyOf": [court, suite(schema)]}


# --- Types simples ------------------------------------------------------------------------------------------

Booleen = Annotated[bool, Strict()]
TexteCourt = Annotated[str, Strict(), Field(max_length=LONGUEUR_MAX_TEXTE_COURT)]
TexteLong = Annotated[str, Strict(), Field(max_length=LONGUEUR_MAX_TEXTE_LONG)]
TexteObjet = Annotated[str, Strict(), Field(max_length=LONGUEUR_MAX_OBJET)]
Reference = Annotated[str, Strict(), Field(max_length=LONGUEUR_MAX_REFERENCE)]
NumeroDeLot = Annotated[str, Strict(), Forme("numero"), Field(max_length=LONGUEUR_MAX_NUMERO)]
Etiquette = Annotated[str, Strict(), Forme("etiquette"), Field(max_length=LONGUEUR_MAX_REFERENCE)]
CodePostal = Annotated[str, Strict(), Field(max_length=10)]
BooleenOuTexte = Booleen | TexteLong

Montant = Annotated[
    Decimal,
    Strict(),
    Echelle(ECHELLE_MONTANT),
    Field(ge=0, lt=MONTANT_PLAFOND, decimal_places=ECHELLE_MONTANT, allow_inf_nan=False),
]
Quantite = Montant
"""Heures, mètres carrés : mêmes bornes et même échelle qu'un montant."""
Part = Annotated[
    Decimal,
    Strict(),
    Echelle(ECHELLE_PART),
    Field(ge=0, le=1, decimal_places=ECHELLE_PART, allow_inf_nan=False),
]
Poids = Annotated[
    Decimal,
    Strict(),
    Echelle(ECHELLE_POIDS),
    Field(ge=0, le=100, decimal_places=ECHELLE_POIDS, allow_inf_nan=False),
]
Duree = Annotated[
    Decimal,
    Strict(),
    Echelle(ECHELLE_DUREE),
    Field(gt=0, le=DUREE_MAX_MOIS, decimal_places=ECHELLE_DUREE, allow_inf_nan=False),
]
DureeOuZero = Annotated[
    Decimal,
    Strict(),
    Echelle(ECHELLE_DUREE),
    Field(ge=0, le=DUREE_MAX_MOIS, decimal_places=ECHELLE_DUREE, allow_inf_nan=False),
]
Nombre = Annotated[int, Strict(), Echelle(ECHELLE_ENTIER), Field(ge=0, le=1_000_000)]
Habitants = Annotated[int, Strict(), Echelle(ECHELLE_ENTIER), Field(ge=0, le=100_000_000)]
Jours = Annotated[int, Strict(), Echelle(ECHELLE_ENTIER), Field(ge=0, le=3_650)]
Jour = Annotated[date, Strict(), Field(ge=DATE_MIN, le=DATE_MAX)]


def _verifier_cpv(code: str) -> str:
    if len(code) != 8 or not code.isascii() or not code.isdigit():
        raise signaler("format", "code CPV de 8 chiffres", "écrire 8 chiffres, avec ou sans « - » et clé de contrôle")
    if code[:2] not in DIVISIONS_CPV:
        raise signaler("valeur_hors_liste", "code CPV d'une division existante", "vérifier les deux premiers chiffres")
    return code


def _verifier_siret(numero: str) -> str:
    if len(numero) != 14 or not numero.isascii() or not numero.isdigit():
        raise signaler("format", "numéro SIRET de 14 chiffres", "écrire les 14 chiffres du SIRET")
    if not stdnum_siret.is_valid(numero):
        raise signaler("format", "numéro SIRET à la clé juste", "vérifier les 14 chiffres du SIRET")
    return numero


Cpv = Annotated[
    str,
    Strict(),
    Forme("cpv"),
    AfterValidator(_verifier_cpv),
    Field(json_schema_extra={"pattern": r"^\d{8}(-\d)?$"}),
]
Siret = Annotated[
    str,
    Strict(),
    Forme("siret"),
    AfterValidator(_verifier_siret),
    Field(json_schema_extra={"pattern": r"^\d{14}$"}),
]


# --- Énumérations -------------------------------------------------------------------------------------------
# Les libellés sont ceux des données essentielles de la commande publique (DECP v1 et v2) et du schéma de
# déclaration des biens réemployés (data.gouv.fr), ramenés à une étiquette.

TypeAcheteur = Annotated[
    Literal["commune", "epci", "departement", "region", "etat", "etablissement_public", "autre"],
    Libelles(etablissement_public_de_cooperation_intercommunale="epci"),
]
QualiteAcheteur = Literal["pouvoir_adjudicateur", "entite_adjudicatrice"]
Spaser = Literal["vra_2023_2026", "vra_2023_2026_allege", "drome_2025_2028", "aucun"]
TypeContrat = Annotated[
    Literal["marche", "concession"],
    Libelles(
        marche_public="marche",
        concession_de_travaux="concession",
        concession_de_service="concession",
        concession_de_service_public="concession",
        delegation_de_service_public="concession",
    ),
]
Livre = Literal["1", "3_defense_securite", "5_autres"]
Nature = Annotated[
    Literal["travaux", "fournitures", "services"], Libelles(fourniture="fournitures", service="services")
]
Prestation = Annotated[
    Literal["maitrise_oeuvre", "prestation_intellectuelle", "autre"],
    Libelles(maitrise_d_oeuvre="maitrise_oeuvre", prestations_intellectuelles="prestation_intellectuelle"),
]
FormeContrat = Annotated[
    Literal[
        "ordinaire",
        "accord_cadre_bons_de_commande",
        "accord_cadre_marches_subsequents",
        "accord_cadre_mixte",
        "marche_subsequent",
        "marche_global",
        "tranches",
    ],
    Libelles(
        bons_de_commande="accord_cadre_bons_de_commande",
        accord_cadre_a_bons_de_commande="accord_cadre_bons_de_commande",
        marches_subsequents="accord_cadre_marches_subsequents",
        accord_cadre_a_marches_subsequents="accord_cadre_marches_subsequents",
        sans_objet="ordinaire",
    ),
]
TypeMarcheGlobal = Annotated[
    Literal["conception_realisation", "performance", "sectoriel"],
    Libelles(
        marche_de_conception_realisation="conception_realisation",
        marche_global_de_performance="performance",
        marche_global_sectoriel="sectoriel",
    ),
]
Technique = Annotated[
    Literal[
        "systeme_acquisition_dynamique",
        "catalogue_electronique",
        "enchere_electronique",
        "concours",
        "aucune",
    ],
    Libelles(systeme_d_acquisition_dynamique="systeme_acquisition_dynamique", sans_objet="aucune"),
]
Procedure = Annotated[
    Literal[
        "sans_publicite_ni_mise_en_concurrence",
        "bon_de_commande",
        "lettre_de_consultation",
        "procedure_adaptee",
        "appel_offres_ouvert",
        "appel_offres_restreint",
        "procedure_avec_negociation",
        "dialogue_competitif",
        "concours",
    ],
    Libelles(
        marche_passe_sans_publicite_ni_mise_en_concurrence_prealable="sans_publicite_ni_mise_en_concurrence",
        marche_negocie_sans_publicite_ni_mise_en_concurrence_prealable="sans_publicite_ni_mise_en_concurrence",
        marche_public_negocie_sans_publicite_ni_mise_en_concurrence_prealable="sans_publicite_ni_mise_en_concurrence",
        sans_publicite_ni_mise_en_concurrence_prealable="sans_publicite_ni_mise_en_concurrence",
        mapa="procedure_adaptee",
        marche_a_procedure_adaptee="procedure_adaptee",
        appel_d_offres_ouvert="appel_offres_ouvert",
        appel_d_offres_restreint="appel_offres_restreint",
        procedure_concurrentielle_avec_negociation="procedure_avec_negociation",
        procedure_negociee_avec_mise_en_concurrence_prealable="procedure_avec_negociation",
    ),
]
Publicite = Annotated[
    Literal["boamp", "jal", "joue", "profil_acheteur", "presse_specialisee", "site_acheteur"],
    Libelles(
        journal_d_annonces_legales="jal",
        profil_d_acheteur="profil_acheteur",
        site_de_l_acheteur="site_acheteur",
    ),
]
Ccag = Annotated[
    Literal["travaux", "fcs", "pi", "tic", "mi", "moe", "aucun"],
    Libelles(
        fournitures_courantes_et_services="fcs",
        prestations_intellectuelles="pi",
        techniques_de_l_information_et_de_la_communication="tic",
        marches_industriels="mi",
        maitrise_d_oeuvre="moe",
        maitrise_oeuvre="moe",
        pas_de_ccag="aucun",
    ),
]
Variantes = Literal["autorisees", "exigees", "interdites"]
MotifNonAllotissement = Literal[
    "pilotage_impossible",
    "concurrence_technique_cout",
    "risque_infructueux",
    "prestations_non_distinctes",
    "marche_global",
]
TypeCritere = Literal[
    "prix",
    "cout_global",
    "technique",
    "environnemental",
    "social",
    "delai",
    "rse_general",
    "localisation",
    "autre",
]
TypeClauseEnvironnementale = Literal[
    "dechets",
    "emballages",
    "reemploi",
    "recycle",
    "biosource",
    "transport_livraison",
    "energie",
    "carbone",
    "biodiversite",
    "eau",
    "zero_phyto",
    "substances",
    "chantier_vert",
    "plastique_usage_unique",
    "label",
    "fin_de_vie",
    "terres_excavees",
    "autre",
]
TypeClauseSociale = Literal[
    "insertion", "alternance", "egalite_fh", "reservation", "lutte_discriminations", "handicap", "autre"
]
CasAbsenceClauseSociale = Literal[
    "solution_immediatement_disponible",
    "lien_insuffisant",
    "restriction_concurrence_ou_difficulte",
    "travaux_courte_duree",
]
TypeReservation = Literal[
    "handicap", "insertion", "handicap_et_insertion", "penitentiaire", "handicap_et_penitentiaire", "ess"
]
FamilleAgec = Annotated[
    Literal[
        "textiles",
        "informatique",
        "reprographie",
        "consommables_impression",
        "papier",
        "fournitures_bureau",
        "engins_transport",
        "vehicules",
        "mobilier",
        "mobilier_urbain",
        "collecte_dechets",
        "bocaux_flacons",
        "sport",
        "espaces_verts",
        "batiments_modulaires",
        "electromenager",
        "jouets",
        "epi",
        "livres",
        "autre",
    ],
    Libelles(
        a24_01="textiles",
        produits_textiles_a_l_exception_des_equipements_de_protection_individuels="textiles",
        a24_02="informatique",
        materiel_informatique_et_telephonie="informatique",
        a24_03="reprographie",
        materiel_de_reprographie_et_d_impression="reprographie",
        a24_04="consommables_impression",
        consommables_d_impression="consommables_impression",
        a24_05="papier",
        a24_06="fournitures_bureau",
        fournitures_de_bureau="fournitures_bureau",
        a24_07="engins_transport",
        engins_de_transport_et_pieces_detachees="engins_transport",
        a24_08="vehicules",
        vehicules_et_pieces_detachees="vehicules",
        a24_09="mobilier",
        mobilier_et_amenagement_d_interieur="mobilier",
        a24_10="mobilier_urbain",
        a24_11="collecte_dechets",
        equipements_de_collecte_de_dechets="collecte_dechets",
        a24_12="bocaux_flacons",
        bocaux_et_flacons="bocaux_flacons",
        a24_13="sport",
        articles_et_equipement_sportifs="sport",
        a24_14="espaces_verts",
        materiel_d_entretien_des_espaces_verts="espaces_verts",
        a24_15="batiments_modulaires",
        batiments_modulaires_ou_prefabriques="batiments_modulaires",
        a24_16="electromenager",
        gros_electromenager_y_compris_appareils_professionnels="electromenager",
        a24_17="jouets",
        jeux_et_jouets="jouets",
    ),
]
"""Les 17 familles du décret n° 2024-134, et trois valeurs hors famille : `epi`, `livres`, `autre`."""
OperationDeChantier = Literal[
    "construction_neuve",
    "renovation",
    "renovation_lourde",
    "extension",
    "demolition",
    "amenagement",
    "entretien",
]
CategorieVehicule = Literal["leger", "lourd", "bus"]
ClasseAchat = Literal["basique", "a_gains", "critique", "strategique"]
Recurrence = Literal["nouveau", "recurrent"]
Issue = Literal["attribue", "infructueux", "sans_suite"]
TailleEntreprise = Literal["tpe", "pme", "eti", "ge"]


# --- Modèle -------------------------------------------------------------------------------------------------


class Modele(BaseModel):
    """Base des objets de la FOP : figés, clés inconnues refusées, valeurs jamais répétées dans une erreur."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _champ(description: str, exemple: object, question: str, unite: str | None = None) -> Any:
    """Un champ facultatif : ce qu'il dit, un exemple lisible par `lire_fop`, la question pour l'acheteur."""
    supplement: dict[str, Any] = {"question": question}
    if unite is not None:
        supplement["unite"] = unite
    return Field(default=None, description=description, examples=[exemple], json_schema_extra=supplement)


EUROS: Final = "EUR_HT"
PART: Final = "part"
POURCENT: Final = "pourcent"
MOIS: Final = "mois"
"""Les unités ont les mêmes noms que celles des paramètres ; part de 0 à 1, pourcentage de 0 à 100."""


class Acheteur(Modele):
    """L'acheteur qui passe la consultation : son SIRET ou son nom est exigé."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["siret"]}, {"required": ["nom"]}]})

    siret: Siret | None = _champ("Numéro SIRET de l'acheteur.", "20004048300014", "Quel est le SIRET de l'acheteur ?")
    nom: TexteCourt | None = _champ("Nom de l'acheteur.", "Valence Romans Agglo", "Quel est le nom de l'acheteur ?")
    type: TypeAcheteur | None = _champ("Catégorie de l'acheteur.", "epci", "De quelle catégorie d'acheteur s'agit-il ?")
    qualite: QualiteAcheteur | None = _champ(
        "Qualité juridique : pouvoir adjudicateur ou entité adjudicatrice.",
        "pouvoir_adjudicateur",
        "L'acheteur agit-il comme pouvoir adjudicateur ou comme entité adjudicatrice ?",
    )
    spaser: Spaser | None = _champ(
        "Schéma de promotion des achats responsables qui engage l'acheteur.",
        "vra_2023_2026",
        "Quel SPASER engage l'acheteur ?",
    )
    population: Habitants | None = _champ(
        "Population de la collectivité.", 220000, "Combien d'habitants compte la collectivité ?", "habitants"
    )
    depenses_fonctionnement_sup_60m: Booleen | None = _champ(
        "Les dépenses réelles de fonctionnement de l'avant-dernière année dépassent 60 millions d'euros.",
        True,
        "Les dépenses réelles de fonctionnement dépassaient-elles 60 M€ il y a deux ans ?",
    )
    parc_vehicules_sup_20: Booleen | None = _champ(
        "Le parc géré par l'acheteur dépasse vingt véhicules.", True, "Le parc dépasse-t-il vingt véhicules ?"
    )

    @model_validator(mode="after")
    def _exiger_une_identite(self) -> "Acheteur":
        if self.siret is None and self.nom is None:
            raise signaler("obligatoire", "SIRET ou nom de l'acheteur", "renseigner « siret » ou « nom »")
        return self


class Allotissement(Modele):
    """Le choix d'allotir ou non, et ce qui le justifie."""

    alloti: Booleen | None = _champ("La consultation est divisée en lots.", True, "La consultation est-elle allotie ?")
    prestations_distinctes: Booleen | None = _champ(
        "Le besoin comporte des prestations distinctes.",
        True,
        "Le besoin comporte-t-il des prestations distinctes ?",
    )
    motif: MotifNonAllotissement | None = _champ(
        "Motif de l'absence d'allotissement (L2113-10 et L2113-11).",
        "pilotage_impossible",
        "Pour quel motif la consultation n'est-elle pas allotie ?",
    )
    motivation: TexteLong | None = _champ(
        "Considérations de droit et de fait qui justifient l'absence d'allotissement.",
        "Coordination de trois corps d'état sur un site occupé, sans équipe de pilotage interne.",
        "Quelles considérations de droit et de fait justifient l'absence d'allotissement ?",
    )


class Critere(Modele):
    """Un critère d'attribution."""

    nom: TexteCourt | None = _champ(
        "Intitulé du critère.", "Valeur environnementale", "Quel est l'intitulé du critère ?"
    )
    poids: Poids | None = _champ(
        "Pondération du critère ; la somme des critères fait 100.",
        10,
        "Quelle est la pondération du critère ?",
        POURCENT,
    )
    type: TypeCritere | None = _champ(
        "Ce que le critère apprécie.",
        "environnemental",
        "Qu'apprécie ce critère (prix, technique, environnemental…) ?",
    )
    sous_type: Etiquette | None = _champ(
        "Précision libre sur ce que le critère apprécie (carbone, cycle_de_vie, insertion…).",
        "carbone",
        "Sur quel point précis porte ce critère ?",
    )
    contenu: TexteLong | None = _champ(
        "Éléments d'appréciation du critère.",
        "Émissions de gaz à effet de serre des livraisons.",
        "Sur quels éléments le critère est-il apprécié ?",
    )
    lie_a_l_objet: Booleen | None = _champ(
        "Le critère est lié à l'objet du marché ou à ses conditions d'exécution.",
        True,
        "Le critère est-il lié à l'objet du marché ?",
    )


class ClauseEnvironnementale(Modele):
    """Une condition d'exécution environnementale."""

    type: TypeClauseEnvironnementale | None = _champ(
        "Thème de la clause environnementale.", "dechets", "Sur quel thème porte la clause environnementale ?"
    )
    texte: TexteLong | None = _champ(
        "Texte de la clause environnementale.",
        "Le titulaire trie les déchets de chantier en sept flux.",
        "Quel est le texte de la clause environnementale ?",
    )
    verifiable: Booleen | None = _champ(
        "Le respect de la clause se vérifie par une pièce ou un contrôle.",
        True,
        "Le respect de la clause environnementale est-il vérifiable ?",
    )
    penalite: Booleen | None = _champ(
        "Une pénalité sanctionne le non-respect de la clause.",
        True,
        "Une pénalité sanctionne-t-elle le non-respect de la clause environnementale ?",
    )


class ClauseSociale(Modele):
    """Une condition d'exécution sociale."""

    type: TypeClauseSociale | None = _champ(
        "Thème de la clause sociale.", "insertion", "Sur quel thème porte la clause sociale ?"
    )
    heures: Quantite | None = _champ(
        "Volume d'heures d'insertion demandé.", 350, "Combien d'heures d'insertion sont demandées ?", "heures"
    )
    part_heures: Part | None = _champ(
        "Part des heures travaillées réservée à l'insertion.",
        "0.05",
        "Quelle part des heures travaillées est réservée à l'insertion ?",
        PART,
    )
    publics: Annotated[tuple[TexteCourt, ...], Field(max_length=ELEMENTS_MAX)] | None = _champ(
        "Publics visés par la clause sociale.",
        ["demandeurs d'emploi de longue durée"],
        "Quels publics la clause sociale vise-t-elle ?",
    )
    facilitateur: Booleen | None = _champ(
        "Un facilitateur de la clause sociale est désigné.",
        True,
        "Un facilitateur de la clause sociale est-il désigné ?",
    )
    penalite: Booleen | None = _champ(
        "Une pénalité sanctionne le non-respect de la clause.",
        True,
        "Une pénalité sanctionne-t-elle le non-respect de la clause sociale ?",
    )
    texte: TexteLong | None = _champ(
        "Texte de la clause sociale.",
        "Le titulaire réserve 350 heures à des personnes éloignées de l'emploi.",
        "Quel est le texte de la clause sociale ?",
    )


class Reservation(Modele):
    """La réservation du marché ou du lot à certains opérateurs (L2113-12 à L2113-16)."""

    type: TypeReservation | None = _champ(
        "Bénéficiaires de la réservation.", "insertion", "À quels opérateurs le marché est-il réservé ?"
    )
    articles: Annotated[tuple[TexteCourt, ...], Field(max_length=ELEMENTS_MAX)] | None = _champ(
        "Articles du code visés par la réservation.", ["L2113-13"], "Quels articles fondent la réservation ?"
    )
    proportion: Part | None = _champ(
        "Proportion minimale de personnes visées parmi les salariés.",
        "0.5",
        "Quelle proportion minimale de personnes visées est exigée ?",
        PART,
    )
    condition_geographique: Booleen | None = _champ(
        "La réservation pose une condition d'implantation géographique.",
        False,
        "La réservation pose-t-elle une condition géographique ?",
    )
    titulaire_dans_les_3_ans: Booleen | None = _champ(
        "Le titulaire pressenti a obtenu un marché réservé du même acheteur dans les trois ans.",
        False,
        "Un titulaire a-t-il obtenu ce marché réservé au cours des trois dernières années ?",
    )
    mission_service_public: Booleen | None = _champ(
        "Le titulaire a pour objectif d'assumer une mission de service public liée à la prestation.",
        True,
        "Les opérateurs visés assument-ils une mission de service public ?",
    )


class LigneAgec(Modele):
    """Une famille de produits de l'article 58 de la loi AGEC présente dans l'achat."""

    famille: FamilleAgec | None = _champ(
        "Famille de produits du décret n° 2024-134.", "mobilier", "De quelle famille AGEC s'agit-il ?"
    )
    montant_ht: Montant | None = _champ(
        "Montant estimé de la famille.", "25000.00", "Quel est le montant estimé de cette famille ?", EUROS
    )
    part_reemploi: Part | None = _champ(
        "Part du montant issue du réemploi ou de la réutilisation.",
        "0.2",
        "Quelle part du montant est issue du réemploi ou de la réutilisation ?",
        PART,
    )
    part_recycle: Part | None = _champ(
        "Part du montant qui incorpore des matières recyclées.",
        "0.2",
        "Quelle part du montant incorpore des matières recyclées ?",
        PART,
    )
    suivi: Booleen | None = _champ(
        "Le suivi des dépenses de la famille est prévu.",
        True,
        "Le suivi des dépenses de cette famille est-il prévu ?",
    )


class Egalim(Modele):
    """La composition visée des denrées et les pratiques de la restauration."""

    restauration_collective: Booleen | None = _champ(
        "L'achat sert une restauration collective.", True, "L'achat sert-il une restauration collective ?"
    )
    scolaire: Booleen | None = _champ(
        "La restauration servie est scolaire.", True, "La restauration est-elle scolaire ?"
    )
    part_durable_qualite: Part | None = _champ(
        "Part visée, en valeur, de produits durables et de qualité, bio compris.",
        "0.5",
        "Quelle part de produits durables et de qualité est visée ?",
        PART,
    )
    part_bio: Part | None = _champ(
        "Part visée, en valeur, de produits biologiques.",
        "0.2",
        "Quelle part de produits biologiques est visée ?",
        PART,
    )
    part_viandes_poissons_durables: Part | None = _champ(
        "Part visée de viandes et poissons durables et de qualité, parmi les viandes et poissons.",
        "0.6",
        "Quelle part de viandes et poissons durables est visée ?",
        PART,
    )
    part_regionale: Part | None = _champ(
        "Part attendue de produits de la région, relevée pour le suivi.",
        "0.2",
        "Quelle part de produits de la région est attendue ?",
        PART,
    )
    suivi_ma_cantine: Booleen | None = _champ(
        "Le titulaire fournit ses données d'achat au format de la télédéclaration « ma cantine ».",
        True,
        "Le titulaire fournit-il ses données au format de « ma cantine » ?",
    )
    menu_vegetarien_hebdo: Booleen | None = _champ(
        "Un menu végétarien est servi au moins une fois par semaine.",
        True,
        "Un menu végétarien est-il servi chaque semaine ?",
    )
    contenants_plastique: Booleen | None = _champ(
        "Des contenants en plastique servent à cuire, réchauffer ou servir.",
        False,
        "Des contenants en plastique servent-ils à cuire, réchauffer ou servir ?",
    )
    bouteilles_plastique: Booleen | None = _champ(
        "De l'eau plate est servie en bouteille plastique.",
        False,
        "De l'eau plate est-elle servie en bouteille plastique ?",
    )


class Vehicules(Modele):
    """Les véhicules achetés, loués ou utilisés."""

    nombre: Nombre | None = _champ("Nombre de véhicules.", 4, "Combien de véhicules sont concernés ?", "vehicules")
    categorie: CategorieVehicule | None = _champ(
        "Catégorie des véhicules.", "leger", "De quelle catégorie de véhicules s'agit-il ?"
    )
    part_faibles_emissions: Part | None = _champ(
        "Part de véhicules à faibles émissions.",
        "0.5",
        "Quelle part des véhicules est à faibles émissions ?",
        PART,
    )
    part_tres_faibles_emissions: Part | None = _champ(
        "Part de véhicules à très faibles émissions.",
        "0.25",
        "Quelle part des véhicules est à très faibles émissions ?",
        PART,
    )
    operationnels: Booleen | None = _champ(
        "Il s'agit de véhicules opérationnels (secours, sécurité, interventions).",
        False,
        "S'agit-il de véhicules opérationnels ?",
    )


class Lot(Modele):
    """Un lot ; ce qu'il ne dit pas, il le tient de la consultation."""

    numero: NumeroDeLot | None = _champ(
        "Numéro du lot, unique dans la consultation.", "1", "Quel est le numéro du lot ?"
    )
    objet: TexteObjet | None = _champ("Objet du lot.", "Gros œuvre", "Quel est l'objet du lot ?")
    cpv: Cpv | None = _champ("Code CPV principal du lot.", "45223220", "Quel est le code CPV du lot ?")
    nature: Nature | None = _champ(
        "Nature des prestations du lot.",
        "travaux",
        "Le lot porte-t-il sur des travaux, des fournitures ou des services ?",
    )
    montant_ht: Montant | None = _champ(
        "Valeur estimée du lot, options et reconductions comprises.",
        "120000.00",
        "Quelle est la valeur estimée du lot ?",
        EUROS,
    )
    procedure: Procedure | None = _champ(
        "Procédure de passation propre au lot.",
        "procedure_adaptee",
        "Selon quelle procédure le lot est-il passé ?",
    )
    reservation: Reservation | None = _champ(
        "Réservation du lot à certains opérateurs.",
        {"type": "insertion"},
        "Le lot est-il réservé, et à qui ?",
    )
    criteres: Annotated[tuple[Critere, ...], Field(max_length=CRITERES_MAX)] | None = _champ(
        "Critères d'attribution du lot.",
        [{"nom": "Prix", "type": "prix", "poids": 60}],
        "Quels sont les critères d'attribution du lot et leur pondération ?",
    )
    clauses_env: (
        Annotated[
            tuple[Annotated[ClauseEnvironnementale, FormeCourte("texte", "texte")], ...],
            Field(max_length=CLAUSES_MAX),
        ]
        | None
    ) = _champ(
        "Conditions d'exécution environnementales du lot.",
        [{"type": "dechets", "texte": "Tri en sept flux."}],
        "Quelles clauses environnementales le lot prévoit-il ?",
    )
    clauses_soc: (
        Annotated[tuple[Annotated[ClauseSociale, FormeCourte("texte", "texte")], ...], Field(max_length=CLAUSES_MAX)]
        | None
    ) = _champ(
        "Conditions d'exécution sociales du lot.",
        [{"type": "insertion", "heures": 350}],
        "Quelles clauses sociales le lot prévoit-il ?",
    )
    agec: Annotated[tuple[LigneAgec, ...], Field(max_length=ELEMENTS_MAX)] | None = _champ(
        "Familles AGEC présentes dans le lot.",
        [{"famille": "mobilier", "part_reemploi": "0.2"}],
        "Quelles familles AGEC le lot comporte-t-il ?",
    )
    egalim: Egalim | None = _champ(
        "Composition visée des denrées du lot.",
        {"part_bio": "0.2"},
        "Quelle composition des denrées le lot vise-t-il ?",
    )
    vehicules: Vehicules | None = _champ(
        "Véhicules du lot.", {"nombre": 4, "categorie": "leger"}, "Quels véhicules le lot comporte-t-il ?"
    )


class EfficaciteEnergetique(Modele):
    """La prise en compte de l'efficacité et de la sobriété énergétiques."""

    prise_en_compte: Booleen | None = _champ(
        "L'achat tient compte de l'efficacité et de la sobriété énergétiques.",
        True,
        "L'efficacité et la sobriété énergétiques sont-elles prises en compte ?",
    )
    motif_exception: TexteLong | None = _champ(
        "Motif pour lequel l'efficacité énergétique n'est pas prise en compte.",
        "Produit sans consommation d'énergie.",
        "Pour quel motif l'efficacité énergétique n'est-elle pas prise en compte ?",
    )


class JustificationAbsenceClauseSociale(Modele):
    """Ce qui justifie l'absence de clause sociale (L2112-2-1)."""

    cas: CasAbsenceClauseSociale | None = _champ(
        "Cas prévu par la loi pour ne pas insérer de clause sociale.",
        "lien_insuffisant",
        "Quel cas légal justifie l'absence de clause sociale ?",
    )
    motivation: TexteLong | None = _champ(
        "Motivation de l'absence de clause sociale.",
        "Fourniture livrée sans main-d'œuvre sur le territoire.",
        "Comment l'absence de clause sociale est-elle motivée ?",
    )


class Reponse(Modele):
    """La réponse à une question du questionnaire, et son motif."""

    reponse: Booleen | None = _champ("Réponse à la question.", True, "Quelle est la réponse, oui ou non ?")
    motif: TexteLong | None = _champ(
        "Motif de la réponse.",
        "Aucune structure d'insertion sur ce segment.",
        "Quel est le motif de cette réponse ?",
    )


Repondue = Annotated[Reponse, FormeCourte("reponse", "booleen")]


class Questionnaire(Modele):
    """Les questions que l'acheteur s'est posées avant de lancer la consultation."""

    insertion_etudiee: Repondue | None = _champ(
        "L'insertion par l'activité économique a été étudiée.", True, "L'insertion a-t-elle été étudiée ?"
    )
    reservation_etudiee: Repondue | None = _champ(
        "La réservation du marché ou d'un lot a été étudiée.", True, "La réservation a-t-elle été étudiée ?"
    )
    egalite_fh_etudiee: Repondue | None = _champ(
        "L'égalité entre les femmes et les hommes a été étudiée.",
        True,
        "L'égalité entre les femmes et les hommes a-t-elle été étudiée ?",
    )
    perturbateurs_endocriniens_etudies: Repondue | None = _champ(
        "La présence de perturbateurs endocriniens a été étudiée.",
        True,
        "Les perturbateurs endocriniens ont-ils été étudiés ?",
    )
    familles_agec_etudiees: Repondue | None = _champ(
        "Les familles de produits de la loi AGEC ont été passées en revue.",
        True,
        "Les familles AGEC ont-elles été étudiées ?",
    )
    sobriete_du_besoin_etudiee: Repondue | None = _champ(
        "La sobriété du besoin a été étudiée.", True, "La sobriété du besoin a-t-elle été étudiée ?"
    )
    environnement_etudie: Repondue | None = _champ(
        "La prise en compte de l'environnement a été étudiée.",
        True,
        "La prise en compte de l'environnement a-t-elle été étudiée ?",
    )
    location_etudiee: Repondue | None = _champ(
        "La location a été étudiée comme solution de rechange à l'achat.",
        False,
        "La location a-t-elle été étudiée ?",
    )
    energie_renouvelable_etudiee: Repondue | None = _champ(
        "Le recours à l'énergie renouvelable a été étudié.",
        True,
        "Le recours à l'énergie renouvelable a-t-il été étudié ?",
    )
    reutilisation_existant_etudiee: Repondue | None = _champ(
        "La réutilisation de l'existant a été étudiée.",
        True,
        "La réutilisation de l'existant a-t-elle été étudiée ?",
    )
    analyse_fonctionnelle_faite: Repondue | None = _champ(
        "Une analyse fonctionnelle du besoin a été faite.",
        True,
        "Une analyse fonctionnelle du besoin a-t-elle été faite ?",
    )
    revue_programmation_faite: Repondue | None = _champ(
        "L'achat a été vu en revue de programmation.",
        True,
        "L'achat a-t-il été vu en revue de programmation ?",
    )


class Chantier(Modele):
    """Ce qui est propre aux opérations de bâtiment et de voirie."""

    operation: OperationDeChantier | None = _champ(
        "Type d'opération de construction.", "renovation", "De quel type d'opération s'agit-il ?"
    )
    surface_plancher_m2: Quantite | None = _champ(
        "Surface de plancher concernée.", 1250, "Quelle est la surface de plancher concernée ?", "m2"
    )
    bati_avant_1997: Booleen | None = _champ(
        "Les travaux touchent un bâti au permis antérieur au 1er juillet 1997.",
        True,
        "Les travaux touchent-ils un bâti d'avant juillet 1997 ?",
    )
    diagnostic_pemd: Booleen | None = _champ(
        "Le diagnostic produits, équipements, matériaux et déchets est joint.",
        True,
        "Le diagnostic PEMD est-il joint à la consultation ?",
    )
    diagnostic_amiante: Booleen | None = _champ(
        "Le repérage de l'amiante avant travaux est joint.", True, "Le repérage de l'amiante est-il joint ?"
    )
    construction_bois: Booleen | None = _champ(
        "L'opération met en œuvre une construction en bois.", True, "L'opération met-elle en œuvre du bois ?"
    )
    part_bois_labellise: Part | None = _champ(
        "Part du bois issue de forêts labellisées.", "0.3", "Quelle part du bois est labellisée ?", PART
    )
    part_biosource: Part | None = _champ(
        "Part de matériaux biosourcés ou bas carbone.",
        "0.25",
        "Quelle part de matériaux biosourcés ou bas carbone est prévue ?",
        PART,
    )
    taux_reutilisation_vise: Part | None = _champ(
        "Taux de réutilisation de matériaux visé.",
        "0.2",
        "Quel taux de réutilisation de matériaux est visé ?",
        PART,
    )
    projet_phare_spaser: Booleen | None = _champ(
        "L'opération est un projet phare du SPASER.",
        False,
        "L'opération est-elle un projet phare du SPASER ?",
    )
    projet_pilote: Booleen | None = _champ(
        "L'opération est un projet pilote.", False, "L'opération est-elle un projet pilote ?"
    )
    energie_renouvelable: Booleen | None = _champ(
        "L'ouvrage recourt à une énergie renouvelable.",
        True,
        "L'ouvrage recourt-il à une énergie renouvelable ?",
    )
    installation_enr: Booleen | None = _champ(
        "L'opération installe une production d'énergie renouvelable.",
        False,
        "L'opération installe-t-elle une production d'énergie renouvelable ?",
    )
    gtb: Booleen | None = _champ(
        "Une gestion technique du bâtiment est prévue.",
        True,
        "Une gestion technique du bâtiment est-elle prévue ?",
    )
    qualite_air: Booleen | None = _champ(
        "La qualité de l'air intérieur est prise en compte.",
        True,
        "La qualité de l'air intérieur est-elle prise en compte ?",
    )
    climatisation_justifiee: Booleen | None = _champ(
        "Le recours à la climatisation est justifié.", True, "Le recours à la climatisation est-il justifié ?"
    )
    enrobes_tiedes_ou_froids: Booleen | None = _champ(
        "Les enrobés prévus sont tièdes ou froids.", True, "Les enrobés prévus sont-ils tièdes ou froids ?"
    )
    terres_excavees: Booleen | None = _champ(
        "Le chantier produit des terres excavées.", True, "Le chantier produit-il des terres excavées ?"
    )


class Traiteur(Modele):
    """Les prestations de traiteur."""

    circuit_court: Booleen | None = _champ(
        "Le traiteur s'approvisionne en circuit court.",
        True,
        "Le traiteur s'approvisionne-t-il en circuit court ?",
    )


class Energie(Modele):
    """La fourniture d'énergie."""

    electricite_verte: Booleen | None = _champ(
        "L'électricité fournie est d'origine renouvelable.",
        True,
        "L'électricité fournie est-elle d'origine renouvelable ?",
    )


class Capacites(Modele):
    """Les capacités exigées des candidats."""

    ca_minimal_ht: Montant | None = _champ(
        "Chiffre d'affaires annuel minimal exigé.",
        "90000",
        "Quel chiffre d'affaires minimal est exigé ?",
        EUROS,
    )
    ca_justification: TexteLong | None = _champ(
        "Justification d'un chiffre d'affaires exigé au-delà du plafond.",
        "Risque technique élevé sur un ouvrage en service.",
        "Qu'est-ce qui justifie le chiffre d'affaires exigé ?",
    )


class Sourcing(Modele):
    """La connaissance du marché fournisseur acquise avant la consultation."""

    realise: Booleen | None = _champ("Un sourcing a été mené.", True, "Un sourcing a-t-il été mené ?")
    grille: Booleen | None = _champ(
        "Le sourcing est tracé par une grille.", True, "Le sourcing est-il tracé par une grille ?"
    )
    structures_inclusives_sollicitees: Booleen | None = _champ(
        "Des structures d'insertion ou du handicap ont été sollicitées.",
        True,
        "Des structures d'insertion ou du handicap ont-elles été sollicitées ?",
    )


class DepenseAgec(Modele):
    """La dépense constatée dans une famille AGEC."""

    famille: FamilleAgec | None = _champ(
        "Famille de produits du décret n° 2024-134.", "mobilier", "De quelle famille AGEC s'agit-il ?"
    )
    montant_ht: Montant | None = _champ(
        "Dépense constatée dans la famille.",
        "25000.00",
        "Quelle dépense a été constatée dans la famille ?",
        EUROS,
    )
    montant_reemploi_ht: Montant | None = _champ(
        "Dépense issue du réemploi ou de la réutilisation.",
        "5000.00",
        "Quelle dépense est issue du réemploi ou de la réutilisation ?",
        EUROS,
    )
    montant_recycle_ht: Montant | None = _champ(
        "Dépense en biens qui incorporent des matières recyclées.",
        "5000.00",
        "Quelle dépense porte sur des biens qui incorporent du recyclé ?",
        EUROS,
    )


class DepensesEgalim(Modele):
    """Les achats de denrées constatés."""

    montant_ht: Montant | None = _champ(
        "Achats de denrées constatés.", "80000.00", "Quel est le montant total des denrées achetées ?", EUROS
    )
    montant_durable_qualite_ht: Montant | None = _champ(
        "Achats durables et de qualité, bio compris.",
        "40000.00",
        "Quel est le montant des denrées durables et de qualité ?",
        EUROS,
    )
    montant_bio_ht: Montant | None = _champ(
        "Achats de produits biologiques.", "16000.00", "Quel est le montant des produits biologiques ?", EUROS
    )
    montant_viandes_poissons_ht: Montant | None = _champ(
        "Achats de viandes et poissons.", "20000.00", "Quel est le montant des viandes et poissons ?", EUROS
    )
    montant_viandes_poissons_durables_ht: Montant | None = _champ(
        "Achats de viandes et poissons durables et de qualité.",
        "12000.00",
        "Quel est le montant des viandes et poissons durables ?",
        EUROS,
    )
    montant_regional_ht: Montant | None = _champ(
        "Achats de produits de la région.",
        "16000.00",
        "Quel est le montant des produits de la région ?",
        EUROS,
    )


class Resultat(Modele):
    """Ce qui est connu après l'attribution, pour les indicateurs."""

    issue: Issue | None = _champ("Issue de la consultation.", "attribue", "Quelle est l'issue de la consultation ?")
    date_notification: Jour | None = _champ(
        "Date de notification du contrat.", "2027-01-15", "À quelle date le contrat a-t-il été notifié ?"
    )
    montant_attribue_ht: Montant | None = _champ(
        "Montant attribué.", "118500.00", "Quel est le montant attribué ?", EUROS
    )
    offres_recues: Nombre | None = _champ("Nombre d'offres reçues.", 5, "Combien d'offres ont été reçues ?", "offres")
    titulaire_taille: TailleEntreprise | None = _champ(
        "Taille de l'entreprise titulaire.", "pme", "Quelle est la taille de l'entreprise titulaire ?"
    )
    titulaire_code_postal: CodePostal | None = _champ(
        "Code postal de l'établissement titulaire.", "26000", "Quel est le code postal du titulaire ?"
    )
    heures_insertion_realisees: Quantite | None = _champ(
        "Heures d'insertion réalisées.", 350, "Combien d'heures d'insertion ont été réalisées ?", "heures"
    )
    depenses_agec: Annotated[tuple[DepenseAgec, ...], Field(max_length=ELEMENTS_MAX)] | None = _champ(
        "Dépenses constatées par famille AGEC.",
        [{"famille": "mobilier", "montant_ht": "25000.00"}],
        "Quelles dépenses ont été constatées par famille AGEC ?",
    )
    depenses_egalim: DepensesEgalim | None = _champ(
        "Achats de denrées constatés.",
        {"montant_ht": "80000.00"},
        "Quels achats de denrées ont été constatés ?",
    )


class DerogationAcheteur(Modele):
    """Un écart à un engagement local que l'acheteur assume et motive."""

    regle: TexteCourt | None = _champ(
        "Identifiant de la règle dont l'écart est assumé.",
        "VRA-E8-ENV",
        "De quelle règle l'écart est-il assumé ?",
    )
    motif: TexteLong | None = _champ(
        "Motif de la dérogation.",
        "Fourniture sans offre de rechange connue.",
        "Quel est le motif de la dérogation ?",
    )
    auteur: TexteCourt | None = _champ(
        "Fonction de la personne qui assume la dérogation.",
        "Vice-présidence aux achats",
        "Qui assume la dérogation ?",
    )
    date: Jour | None = _champ("Date de la dérogation.", "2026-09-10", "À quelle date la dérogation est-elle décidée ?")


class Fop(Modele):
    """La fiche opération : la stratégie d'achat d'une consultation avant son lancement.

    Seuls `objet` et `acheteur` (SIRET ou nom) sont exigés. Montants en euros hors taxes, parts de 0 à 1,
    poids de 0 à 100, durées en mois.
    """

    reference: Reference | None = _champ(
        "Identifiant de la fiche chez l'appelant.", "FOP-2026-042", "Quelle est la référence de la fiche ?"
    )
    objet: TexteObjet = Field(
        description="Objet de la consultation.",
        examples=["Rénovation énergétique du groupe scolaire"],
        json_schema_extra={"question": "Quel est l'objet de la consultation ?"},
    )
    acheteur: Acheteur = Field(
        description="Acheteur qui passe la consultation.",
        examples=[{"siret": "20004048300014"}],
        json_schema_extra={"question": "Quel acheteur passe la consultation ?"},
    )
    service_prescripteur: TexteCourt | None = _champ(
        "Service à l'origine du besoin.",
        "Direction du patrimoine",
        "Quel service est à l'origine du besoin ?",
    )
    acheteur_referent: TexteCourt | None = _champ(
        "Acheteur chargé de la consultation.", "Cellule achats bâtiment", "Qui est l'acheteur référent ?"
    )
    elu_valideur: TexteCourt | None = _champ(
        "Délégation de l'élu qui valide la fiche.", "Élu délégué aux bâtiments", "Quel élu valide la fiche ?"
    )
    programme: TexteCourt | None = _champ(
        "Programme auquel se rattache l'achat.", "Plan écoles", "À quel programme se rattache l'achat ?"
    )
    operation_budgetaire: TexteCourt | None = _champ(
        "Opération budgétaire qui porte la dépense.",
        "2026-ECOLES-03",
        "Quelle opération budgétaire porte la dépense ?",
    )
    groupement_commandes: Booleen | None = _champ(
        "La consultation est passée en groupement de commandes.",
        False,
        "La consultation est-elle passée en groupement de commandes ?",
    )

    date_lancement: Jour | None = _champ(
        "Date d'envoi de l'avis ou d'engagement de la consultation ; elle décide du droit applicable.",
        "2026-09-15",
        "À quelle date la consultation est-elle lancée ?",
    )
    date_limite_offres: Jour | None = _champ(
        "Date limite de réception des offres.",
        "2026-10-20",
        "Quelle est la date limite de réception des offres ?",
    )
    date_notification_prevue: Jour | None = _champ(
        "Date prévue de notification.", "2027-01-10", "À quelle date la notification est-elle prévue ?"
    )
    date_debut_execution: Jour | None = _champ(
        "Date prévue de début d'exécution.", "2027-02-01", "À quelle date l'exécution commence-t-elle ?"
    )
    delai_reception_jours: Jours | None = _champ(
        "Délai laissé pour remettre une offre.",
        35,
        "Combien de jours sont laissés pour remettre une offre ?",
        "jours",
    )
    urgence_justifiee: Booleen | None = _champ(
        "Une urgence justifiée réduit les délais.", False, "Une urgence justifiée réduit-elle les délais ?"
    )
    preinformation: Booleen | None = _champ(
        "Un avis de préinformation a été publié.", False, "Un avis de préinformation a-t-il été publié ?"
    )
    reponse_electronique: Booleen | None = _champ(
        "Les offres sont remises par voie électronique.",
        True,
        "Les offres sont-elles remises par voie électronique ?",
    )

    type_contrat: TypeContrat | None = _champ(
        "Marché public ou concession.", "marche", "Le contrat est-il un marché ou une concession ?"
    )
    livre: Livre | None = _champ(
        "Livre du code de la commande publique dont relève le marché.",
        "1",
        "De quel livre du code de la commande publique relève le marché ?",
    )
    nature: Nature | None = _champ(
        "Nature principale des prestations.",
        "travaux",
        "La consultation porte-t-elle sur des travaux, des fournitures ou des services ?",
    )
    prestation: Prestation | None = _champ(
        "Type particulier de prestation.",
        "autre",
        "S'agit-il de maîtrise d'œuvre, d'une prestation intellectuelle ou d'autre chose ?",
    )
    cpv: Cpv | None = _champ("Code CPV principal.", "45214210", "Quel est le code CPV principal ?")
    cpv_secondaires: Annotated[tuple[Cpv, ...], Field(max_length=ELEMENTS_MAX)] | None = _champ(
        "Codes CPV secondaires.", ["45321000"], "Quels sont les codes CPV secondaires ?"
    )
    montant_ht: Montant | None = _champ(
        "Valeur estimée totale : options, reconductions et tous les lots compris.",
        "480000.00",
        "Quelle est la valeur estimée totale, options, reconductions et lots compris ?",
        EUROS,
    )
    montant_operation_ht: Montant | None = _champ(
        "Valeur de l'opération de travaux entière.",
        "900000.00",
        "Quelle est la valeur de l'opération de travaux entière ?",
        EUROS,
    )
    duree_mois: Duree | None = _champ(
        "Durée du contrat, reconductions comprises.",
        18,
        "Quelle est la durée du contrat, reconductions comprises ?",
        MOIS,
    )
    forme: FormeContrat | None = _champ("Forme du contrat.", "ordinaire", "Quelle est la forme du contrat ?")
    marche_global_type: TypeMarcheGlobal | None = _champ(
        "Type de marché global.", "performance", "De quel type de marché global s'agit-il ?"
    )
    montant_max_ht: Montant | None = _champ(
        "Maximum de l'accord-cadre.", "600000.00", "Quel est le montant maximum de l'accord-cadre ?", EUROS
    )
    montant_min_ht: Montant | None = _champ(
        "Minimum de l'accord-cadre.", "100000.00", "Quel est le montant minimum de l'accord-cadre ?", EUROS
    )
    justification_duree: TexteLong | None = _champ(
        "Justification d'une durée d'accord-cadre au-delà du maximum.",
        "Amortissement du matériel sur six ans.",
        "Qu'est-ce qui justifie la durée de l'accord-cadre ?",
    )
    technique: Technique | None = _champ(
        "Technique d'achat utilisée.", "aucune", "Quelle technique d'achat est utilisée ?"
    )
    procedure: Procedure | None = _champ(
        "Procédure de passation.",
        "procedure_adaptee",
        "Selon quelle procédure la consultation est-elle passée ?",
    )
    base_legale_procedure: TexteCourt | None = _champ(
        "Article du code qui fonde la procédure.", "R2122-3", "Quel article fonde la procédure choisie ?"
    )
    publicites: Annotated[tuple[Publicite, ...], Field(max_length=ELEMENTS_MAX)] | None = _champ(
        "Supports de publicité de l'avis.",
        ["boamp", "profil_acheteur"],
        "Sur quels supports l'avis est-il publié ?",
    )
    ccag: Ccag | None = _champ(
        "Cahier des clauses administratives générales de référence.",
        "travaux",
        "À quel CCAG le marché se réfère-t-il ?",
    )
    variantes: Variantes | None = _champ(
        "Régime des variantes.", "autorisees", "Les variantes sont-elles autorisées, exigées ou interdites ?"
    )
    variantes_motif_interdiction: TexteLong | None = _champ(
        "Motif de l'interdiction des variantes.",
        "Compatibilité avec un équipement en place.",
        "Pour quel motif les variantes sont-elles interdites ?",
    )
    pse: Booleen | None = _champ(
        "Des prestations supplémentaires éventuelles sont prévues.",
        False,
        "Des prestations supplémentaires éventuelles sont-elles prévues ?",
    )
    confie_service_public: Booleen | None = _champ(
        "Le contrat confie l'exécution d'un service public.",
        False,
        "Le contrat confie-t-il l'exécution d'un service public ?",
    )
    traite_donnees_personnelles: Booleen | None = _champ(
        "Le titulaire traite des données personnelles pour l'acheteur.",
        False,
        "Le titulaire traite-t-il des données personnelles ?",
    )
    destine_au_public: Booleen | None = _champ(
        "L'achat est destiné à être utilisé par des personnes physiques.",
        True,
        "L'achat est-il destiné à être utilisé par le public ou par des agents ?",
    )
    interventions_aupres_mineurs: Booleen | None = _champ(
        "Le titulaire intervient auprès de mineurs.", False, "Le titulaire intervient-il auprès de mineurs ?"
    )
    innovant: Booleen | None = _champ("L'achat est innovant.", False, "L'achat est-il innovant ?")
    objet_insertion: Booleen | None = _champ(
        "L'objet même du marché est l'insertion professionnelle.",
        False,
        "L'objet du marché est-il l'insertion professionnelle ?",
    )
    premiere_consultation_infructueuse: Booleen | None = _champ(
        "Une première consultation a été infructueuse.",
        False,
        "Une première consultation a-t-elle été infructueuse ?",
    )

    allotissement: Allotissement | None = _champ(
        "Choix d'allotir et sa justification.",
        {"alloti": True},
        "La consultation est-elle allotie, et sinon pourquoi ?",
    )
    lots: Annotated[tuple[Lot, ...], Field(max_length=LOTS_MAX)] | None = _champ(
        "Lots de la consultation ; liste vide : il n'y en a pas.",
        [{"numero": "1", "objet": "Gros œuvre", "cpv": "45223220"}],
        "Quels sont les lots de la consultation ?",
    )
    criteres: Annotated[tuple[Critere, ...], Field(max_length=CRITERES_MAX)] | None = _champ(
        "Critères d'attribution.",
        [{"nom": "Prix", "type": "prix", "poids": 60}],
        "Quels sont les critères d'attribution et leur pondération ?",
    )

    clauses_env: (
        Annotated[
            tuple[Annotated[ClauseEnvironnementale, FormeCourte("texte", "texte")], ...],
            Field(max_length=CLAUSES_MAX),
        ]
        | None
    ) = _champ(
        "Conditions d'exécution environnementales.",
        [{"type": "dechets", "texte": "Tri en sept flux."}],
        "Quelles clauses environnementales la consultation prévoit-elle ?",
    )
    specifications_env: Annotated[tuple[TypeClauseEnvironnementale, ...], Field(max_length=CLAUSES_MAX)] | None = (
        _champ(
            "Thèmes environnementaux des spécifications techniques.",
            ["energie", "biosource"],
            "Sur quels thèmes environnementaux portent les spécifications techniques ?",
        )
    )
    labels_exiges: Annotated[tuple[TexteCourt, ...], Field(max_length=ELEMENTS_MAX)] | None = _champ(
        "Labels ou écolabels exigés, ou équivalents.",
        ["Écolabel européen ou équivalent"],
        "Quels labels, ou équivalents, sont exigés ?",
    )
    spec_techniques: Annotated[tuple[TexteLong, ...], Field(max_length=ELEMENTS_MAX)] | None = _champ(
        "Principales spécifications techniques.",
        ["Isolant de résistance thermique d'au moins 5 m².K/W"],
        "Quelles sont les principales spécifications techniques ?",
    )
    biodiversite: BooleenOuTexte | None = _champ(
        "Prise en compte de la biodiversité : oui, non, ou la mesure prévue.",
        "Haies et nichoirs conservés",
        "Comment la biodiversité est-elle prise en compte ?",
    )
    materiaux_recycles_ou_recyclables: Booleen | None = _champ(
        "Des matériaux recyclés ou recyclables sont exigés.",
        True,
        "Des matériaux recyclés ou recyclables sont-ils exigés ?",
    )
    charte_chantier_vert: Booleen | None = _champ(
        "La charte chantier vert est jointe au dossier.", True, "La charte chantier vert est-elle jointe ?"
    )
    cadre_reponse_environnemental: Booleen | None = _champ(
        "Un cadre de réponse environnemental est joint.",
        True,
        "Un cadre de réponse environnemental est-il joint ?",
    )
    analyse_cycle_de_vie: Booleen | None = _champ(
        "Une analyse du cycle de vie est prise en compte.",
        False,
        "Une analyse du cycle de vie est-elle prise en compte ?",
    )
    efficacite_energetique: EfficaciteEnergetique | None = _champ(
        "Prise en compte de l'efficacité énergétique.",
        {"prise_en_compte": True},
        "L'efficacité énergétique est-elle prise en compte ?",
    )

    clauses_soc: (
        Annotated[tuple[Annotated[ClauseSociale, FormeCourte("texte", "texte")], ...], Field(max_length=CLAUSES_MAX)]
        | None
    ) = _champ(
        "Conditions d'exécution sociales.",
        [{"type": "insertion", "heures": 350}],
        "Quelles clauses sociales la consultation prévoit-elle ?",
    )
    justification_absence_clause_sociale: JustificationAbsenceClauseSociale | None = _champ(
        "Ce qui justifie l'absence de clause sociale.",
        {"cas": "lien_insuffisant"},
        "Qu'est-ce qui justifie l'absence de clause sociale ?",
    )
    reservation: Reservation | None = _champ(
        "Réservation du marché à certains opérateurs.",
        {"type": "insertion"},
        "Le marché est-il réservé, et à qui ?",
    )
    questionnaire: Questionnaire | None = _champ(
        "Questions que l'acheteur s'est posées.",
        {"insertion_etudiee": True},
        "Quelles réponses l'acheteur donne-t-il au questionnaire ?",
    )

    agec: Annotated[tuple[LigneAgec, ...], Field(max_length=ELEMENTS_MAX)] | None = _champ(
        "Familles AGEC présentes dans l'achat.",
        [{"famille": "mobilier", "part_reemploi": "0.2"}],
        "Quelles familles AGEC l'achat comporte-t-il ?",
    )
    indice_reparabilite_exige: Booleen | None = _champ(
        "L'indice de réparabilité est exigé.", True, "L'indice de réparabilité est-il exigé ?"
    )
    indice_durabilite_exige: Booleen | None = _champ(
        "L'indice de durabilité est exigé.", False, "L'indice de durabilité est-il exigé ?"
    )
    garantie_mois: DureeOuZero | None = _champ(
        "Durée de garantie exigée.", 24, "Quelle durée de garantie est exigée ?", MOIS
    )
    pieces_detachees_ans: DureeOuZero | None = _champ(
        "Durée exigée de disponibilité des pièces détachées.",
        5,
        "Pendant combien d'années les pièces détachées doivent-elles rester disponibles ?",
        "annees",
    )
    maintenance_incluse: Booleen | None = _champ(
        "La maintenance est comprise dans le contrat.", True, "La maintenance est-elle comprise ?"
    )
    fin_de_vie: Booleen | None = _champ(
        "La fin de vie des biens (reprise, don, réemploi, recyclage) est prévue.",
        True,
        "La fin de vie des biens est-elle prévue ?",
    )
    pneus_rechapes: Booleen | None = _champ(
        "L'achat de pneumatiques porte sur des pneus rechapés.", True, "Les pneus achetés sont-ils rechapés ?"
    )

    chantier: Chantier | None = _champ(
        "Données propres au bâtiment et à la voirie.",
        {"operation": "renovation"},
        "Quelles sont les caractéristiques du chantier ?",
    )
    egalim: Egalim | None = _champ(
        "Composition visée des denrées.", {"part_bio": "0.2"}, "Quelle composition des denrées est visée ?"
    )
    traiteur: Traiteur | None = _champ(
        "Données propres aux prestations de traiteur.",
        {"circuit_court": True},
        "Quelles sont les caractéristiques de la prestation de traiteur ?",
    )
    vehicules: Vehicules | None = _champ(
        "Véhicules achetés, loués ou utilisés.",
        {"nombre": 4, "categorie": "leger"},
        "Quels véhicules l'achat comporte-t-il ?",
    )
    energie: Energie | None = _champ(
        "Données propres à la fourniture d'énergie.",
        {"electricite_verte": True},
        "Quelles sont les caractéristiques de l'énergie fournie ?",
    )
    eclairage_exterieur: Booleen | None = _champ(
        "L'achat comporte de l'éclairage extérieur.",
        False,
        "L'achat comporte-t-il de l'éclairage extérieur ?",
    )
    produits_phytosanitaires: Booleen | None = _champ(
        "Des produits phytosanitaires sont utilisés ou fournis.",
        False,
        "Des produits phytosanitaires sont-ils utilisés ou fournis ?",
    )
    exception_phytosanitaire: Booleen | None = _champ(
        "L'usage de produits phytosanitaires relève d'une exception prévue par la loi.",
        False,
        "L'usage de produits phytosanitaires relève-t-il d'une exception légale ?",
    )

    capacites: Capacites | None = _champ(
        "Capacités exigées des candidats.",
        {"ca_minimal_ht": "90000"},
        "Quelles capacités sont exigées des candidats ?",
    )
    avance_taux: Part | None = _champ("Taux de l'avance prévue.", "0.1", "Quel taux d'avance est prévu ?", PART)
    retenue_garantie_taux: Part | None = _champ(
        "Taux de la retenue de garantie.", "0.03", "Quel taux de retenue de garantie est prévu ?", PART
    )
    titulaire_pme_attendu: Booleen | None = _champ(
        "Le titulaire attendu est une petite ou moyenne entreprise.",
        True,
        "Le titulaire attendu est-il une PME ?",
    )
    part_pme_minimale: Part | None = _champ(
        "Part minimale de l'exécution confiée à des petites et moyennes entreprises.",
        "0.2",
        "Quelle part minimale de l'exécution est confiée à des PME ?",
        PART,
    )
    clause_laicite: Booleen | None = _champ(
        "Une clause de laïcité et de neutralité est prévue.",
        True,
        "Une clause de laïcité et de neutralité est-elle prévue ?",
    )
    clause_rgpd: Booleen | None = _champ(
        "Une clause de protection des données personnelles est prévue.",
        True,
        "Une clause de protection des données personnelles est-elle prévue ?",
    )
    clause_offres_anormalement_basses: Booleen | None = _champ(
        "La détection des offres anormalement basses est prévue.",
        True,
        "La détection des offres anormalement basses est-elle prévue ?",
    )
    rgaa_exige: Booleen | None = _champ(
        "L'accessibilité numérique (RGAA) est exigée.",
        True,
        "L'accessibilité numérique (RGAA) est-elle exigée ?",
    )
    accessibilite_prise_en_compte: Booleen | None = _champ(
        "L'accessibilité aux personnes handicapées est prise en compte.",
        True,
        "L'accessibilité aux personnes handicapées est-elle prise en compte ?",
    )
    fiche_suivi_prevue: Booleen | None = _champ(
        "Une fiche de suivi de l'exécution est prévue.",
        True,
        "Une fiche de suivi de l'exécution est-elle prévue ?",
    )
    evaluation_prevue: Booleen | None = _champ(
        "Une évaluation du titulaire est prévue.", True, "Une évaluation du titulaire est-elle prévue ?"
    )
    sourcing: Sourcing | None = _champ(
        "Connaissance du marché fournisseur acquise avant la consultation.",
        {"realise": True},
        "Comment le sourcing a-t-il été mené ?",
    )
    classe_achat: ClasseAchat | None = _champ(
        "Classe de l'achat dans la cartographie.", "strategique", "Dans quelle classe l'achat est-il rangé ?"
    )
    recurrence: Recurrence | None = _champ(
        "L'achat est nouveau ou récurrent.", "recurrent", "L'achat est-il nouveau ou récurrent ?"
    )

    resultat: Resultat | None = _champ(
        "Résultats connus après l'attribution.",
        {"issue": "attribue"},
        "Quels sont les résultats de la consultation ?",
    )
    derogations: Annotated[tuple[DerogationAcheteur, ...], Field(max_length=ELEMENTS_MAX)] | None = _champ(
        "Écarts à des engagements locaux que l'acheteur assume et motive.",
        [{"regle": "VRA-E8-ENV", "motif": "Fourniture sans offre de rechange connue."}],
        "Quels écarts à un engagement local l'acheteur assume-t-il ?",
    )
    extensions: dict[str, Any] | None = _champ(
        "Données libres de l'appelant, conservées et jamais lues par une règle.",
        {"dossier": "2026-042"},
        "Quelles données propres à l'appelant faut-il conserver ?",
    )

    @field_validator("lots")
    @classmethod
    def _refuser_les_numeros_en_double(cls, lots: tuple[Lot, ...] | None) -> tuple[Lot, ...] | None:
        premieres: dict[str, int] = {}
        for rang, lot in enumerate(lots or (), start=1):
            if lot.numero is None:
                continue
            premier = premieres.setdefault(lot.numero, rang)
            if premier != rang:
                correction = f"changer le numéro de lots[{premier}] ou de lots[{rang}]"
                raise signaler("numero_en_double", "numéros de lot tous différents", correction)
        return lots


# --- Nettoyage ----------------------------------------------------------------------------------------------

type_de_lieu = tuple[Any, str | int] | None
"""Où l'on est : (lieu du parent, clé ou rang). Une paire par valeur coûte moins qu'un chemin entier."""
Lecteur = Callable[[Any, type_de_lieu, list[Anomalie]], Any]
"""Rend la valeur sous forme canonique, `None` si elle est absente, telle quelle si elle est inconnue."""

TEXTES_ABSENTS: Final = frozenset({"", "néant", "neant", "n/a", "à définir", "a definir"})
_LONGUEUR_MAX_TEXTE_ABSENT: Final = max(map(len, TEXTES_ABSENTS))
_INTERDITS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLES: Final = "\ufeff\u200b\u2060"
_NOMBRE = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")
_ENTIER = re.compile(r"-?[0-9]{1,18}\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CPV_AVEC_CLE = re.compile(r"[0-9]{8}-[0-9]\Z")
_CONTEXTE = Context(prec=CHIFFRES_MAX, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
_ZERO: Final = Decimal(0)
_OUI_NON: Final[Mapping[str, bool]] = {"oui": True, "non": False}


def _derouler(lieu: type_de_lieu) -> tuple[str | int, ...]:
    parties: list[str | int] = []
    while lieu is not None:
        lieu, partie = lieu
        parties.append(partie)
    return tuple(reversed(parties))


def _relever(fautes: list[Anomalie], code: str, lieu: type_de_lieu, attendu: str, lu: str, correction: str) -> None:
    if len(fautes) <= ANOMALIES_MAX:
        parties = _derouler(lieu)
        fautes.append(Anomalie(code, ecrire_chemin(parties), ecrire_pointeur(parties), attendu, lu, correction))


def _verifier_caracteres(texte: str, lieu: type_de_lieu, fautes: list[Anomalie]) -> bool:
    if not _INTERDITS.search(texte):
        return True
    attendu, correction = (
        "texte sans caractère de contrôle",
        "retirer les caractères de contrôle ou illisibles",
    )
    _relever(fautes, "texte_interdit", lieu, attendu, "texte", correction)
    return False


def _nettoyer_texte(valeur: str, lieu: type_de_lieu, fautes: list[Anomalie]) -> str | None:
    if valeur.isascii() and valeur.isprintable():
        texte = valeur.strip()
    else:
        if not _verifier_caracteres(valeur, lieu, fautes):
            return valeur
        texte = unicodedata.normalize("NFC", valeur).strip().strip(_INVISIBLES).strip()
    if len(texte) <= _LONGUEUR_MAX_TEXTE_ABSENT and texte.casefold() in TEXTES_ABSENTS:
        return None
    return texte


def _lire_texte(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    return _nettoyer_texte(valeur, lieu, fautes) if isinstance(valeur, str) else valeur


def _lire_booleen(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if not isinstance(valeur, str):
        return valeur
    texte = _nettoyer_texte(valeur, lieu, fautes)
    return None if texte is None else _OUI_NON.get(texte.casefold(), texte)


def _lire_nombre(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if isinstance(valeur, str):
        texte = _nettoyer_texte(valeur, lieu, fautes)
        if texte is None or not _NOMBRE.match(texte):
            return texte
        nombre = Decimal(texte)
    elif isinstance(valeur, Decimal):
        nombre = valeur
    elif isinstance(valeur, bool):
        return valeur
    elif isinstance(valeur, int):
        # Un entier de plusieurs milliers de chiffres coûte cher à convertir, et il est hors bornes.
        plafond = MONTANT_PLAFOND if valeur > 0 else -MONTANT_PLAFOND
        nombre = Decimal(valeur) if valeur.bit_length() <= BITS_MAX else plafond
    elif isinstance(valeur, float):
        nombre = Decimal(repr(valeur))
    else:
        return valeur
    if not nombre:
        return _ZERO
    if nombre.is_finite() and _CONTEXTE.plus(nombre) != nombre:
        _relever(
            fautes,
            "hors_bornes",
            lieu,
            f"nombre de {CHIFFRES_MAX} chiffres au plus",
            "nombre",
            "arrondir le nombre",
        )
    return nombre


def _lire_entier(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if isinstance(valeur, str):
        texte = _nettoyer_texte(valeur, lieu, fautes)
        return int(texte) if texte is not None and _ENTIER.match(texte) else texte
    if isinstance(valeur, float):
        return int(valeur) if valeur.is_integer() else valeur
    if isinstance(valeur, Decimal) and valeur.is_finite() and valeur.adjusted() < CHIFFRES_MAX:
        return int(valeur) if valeur == valeur.to_integral_value() else valeur
    return valeur


def _lire_date(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if not isinstance(valeur, str):
        return valeur
    texte = _nettoyer_texte(valeur, lieu, fautes)
    if texte is None or not _DATE.match(texte):
        return texte
    try:
        return date.fromisoformat(texte)
    except ValueError:
        return texte


def _lire_cpv(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if not isinstance(valeur, str):
        return valeur
    texte = _nettoyer_texte(valeur, lieu, fautes)
    return texte[:8] if texte is not None and _CPV_AVEC_CLE.match(texte) else texte


def _lire_siret(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if not isinstance(valeur, str):
        return valeur
    texte = _nettoyer_texte(valeur, lieu, fautes)
    return None if texte is None else "".join(texte.split())


def _lire_numero(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if isinstance(valeur, int) and not isinstance(valeur, bool) and valeur.bit_length() <= 64:
        return str(valeur)
    return _lire_texte(valeur, lieu, fautes)


def _lire_etiquette(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    texte = _lire_texte(valeur, lieu, fautes)
    if not isinstance(texte, str) or len(texte) > LONGUEUR_MAX_TEXTE_COURT:
        return texte
    return etiqueter(texte) or texte


_FORMES: Final[Mapping[str, Lecteur]] = {
    "numero": _lire_numero,
    "cpv": _lire_cpv,
    "siret": _lire_siret,
    "etiquette": _lire_etiquette,
}


def _preparer_enumere(valeurs: tuple[str, ...], libelles: Mapping[str, str]) -> Lecteur:
    table = {**{etiqueter(valeur): valeur for valeur in valeurs}, **libelles}
    exactes = {valeur: valeur for valeur in valeurs}

    def lire(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
        if isinstance(valeur, str):
            exacte = exactes.get(valeur)
            if exacte is not None:
                return exacte
            texte = _nettoyer_texte(valeur, lieu, fautes)
            if texte is None or len(texte) > LONGUEUR_MAX_TEXTE_COURT:
                return texte
            return table.get(etiqueter(texte), texte)
        # Seul `livre` a une valeur qui s'écrit comme un nombre : 1 vaut alors "1".
        if type(valeur) is int and 0 <= valeur <= 9:
            return exactes.get(str(valeur), valeur)
        return valeur

    return lire


def _preparer_liste(lire_element: Lecteur, maximum: int) -> Lecteur:
    def lire(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
        if not isinstance(valeur, (list, tuple)):
            return _lire_texte(valeur, lieu, fautes)
        if len(valeur) > maximum:
            # Pydantic validerait d'abord chaque élément : des milliers de fautes pour une seule.
            attendu, lu = f"au plus {maximum} éléments", nommer_lu(valeur, montrer_valeur=False)
            _relever(fautes, "trop_long", lieu, attendu, lu, "raccourcir la liste")
            return []
        lus = [lire_element(element, (lieu, rang), fautes) for rang, element in enumerate(valeur)]
        if None in lus:
            for rang, lu in enumerate(lus):
                if lu is None:
                    _relever(
                        fautes,
                        "element_vide",
                        (lieu, rang),
                        "élément renseigné",
                        "élément vide",
                        "retirer l'élément vide ou le renseigner",
                    )
        return lus

    return lire


def _preparer_objet(modele: type[BaseModel], courte: FormeCourte | None) -> Lecteur:
    lecteurs = _preparer_champs(modele)

    def lire(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
        if not isinstance(valeur, dict):
            return _lire_forme_courte(valeur, courte, lieu, fautes)
        objet: dict[str, Any] = {}
        for cle, brut in valeur.items():
            lire_champ = lecteurs.get(cle)
            if lire_champ is None:
                if _verifier_cle(cle, lieu, fautes):
                    objet[cle] = brut
            elif brut is not None:
                lu = lire_champ(brut, (lieu, cle), fautes)
                if lu is not None:
                    objet[cle] = lu
        return objet or None

    return lire


def _lire_forme_courte(valeur: Any, courte: FormeCourte | None, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if courte is None:
        return _lire_texte(valeur, lieu, fautes)
    if courte.genre == "texte":
        texte = _lire_texte(valeur, lieu, fautes)
        return {courte.champ: texte} if isinstance(texte, str) else texte
    lu = _lire_booleen(valeur, lieu, fautes)
    if lu is None:
        return None
    if not isinstance(lu, bool):
        _relever(
            fautes,
            "type_attendu",
            lieu,
            "booléen ou objet à clés « reponse » et « motif »",
            nommer_lu(lu, montrer_valeur=False),
            "écrire true, false, oui, non ou un objet",
        )
        return lu
    return {courte.champ: lu}


def _verifier_cle(cle: object, lieu: type_de_lieu, fautes: list[Anomalie]) -> bool:
    if not isinstance(cle, str):
        lu = nommer_lu(cle, montrer_valeur=False)
        _relever(fautes, "type_attendu", lieu, "nom de clé en texte", lu, "mettre des guillemets au nom de la clé")
        return False
    return _verifier_caracteres(cle, (lieu, cle), fautes)


def _lire_extensions(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if not isinstance(valeur, dict):
        return _lire_texte(valeur, lieu, fautes)
    return _copier_libre(valeur, lieu, fautes, 2) or None


def _copier_libre(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie], profondeur: int) -> Any:
    """Copie une valeur JSON quelconque sans la changer ; relève ce qui ne pourrait être ni écrit ni rendu."""
    if isinstance(valeur, (dict, list, tuple)):
        if profondeur > PROFONDEUR_MAX:
            _relever_profondeur(fautes, lieu)
            return None
        if isinstance(valeur, dict):
            return {
                cle: _copier_libre(element, (lieu, cle), fautes, profondeur + 1)
                for cle, element in valeur.items()
                if _verifier_cle(cle, lieu, fautes)
            }
        return [_copier_libre(element, (lieu, rang), fautes, profondeur + 1) for rang, element in enumerate(valeur)]
    if isinstance(valeur, str):
        _verifier_caracteres(valeur, lieu, fautes)
    elif isinstance(valeur, float) or (isinstance(valeur, Decimal) and not valeur.is_finite()):
        nombre = Decimal(repr(valeur)) if isinstance(valeur, float) else valeur
        if not nombre.is_finite():
            _relever(
                fautes,
                "hors_bornes",
                lieu,
                "nombre fini",
                "nombre non fini",
                "écrire un nombre, ni NaN ni infini",
            )
        return nombre
    elif valeur is not None and not isinstance(valeur, (bool, int, Decimal)):
        lu = nommer_lu(valeur, montrer_valeur=False)
        _relever(
            fautes,
            "type_attendu",
            lieu,
            "valeur JSON",
            lu,
            "écrire un texte, un nombre, une liste ou un objet",
        )
    return valeur


def _relever_profondeur(fautes: list[Anomalie], lieu: type_de_lieu) -> None:
    attendu = f"{PROFONDEUR_MAX} niveaux d'imbrication au plus"
    _relever(fautes, "trop_profond", lieu, attendu, "davantage", "aplatir les données")


# --- Lire le modèle -----------------------------------------------------------------------------------------


def deplier(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Rend le type nu d'un champ, sans `None` ni `Annotated`, et les marques qu'il portait."""
    marques: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            marques = (*get_args(annotation)[1:], *marques)
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, UnionType):
            restants = [membre for membre in get_args(annotation) if membre is not type(None)]
            if len(restants) != 1:
                return tuple(deplier(membre)[0] for membre in restants), marques
            annotation = restants[0]
        else:
            return annotation, marques


def annoter(modele: type[BaseModel]) -> dict[str, Any]:
    """Rend l'annotation complète de chaque champ du modèle, dans son ordre."""
    annotations = get_type_hints(modele, include_extras=True)
    return {nom: annotations[nom] for nom in modele.model_fields}


def trouver_marque(marques: tuple[Any, ...], genre: type[Any]) -> Any:
    """Rend la marque de ce genre posée sur un type, ou `None`."""
    return next((marque for marque in marques if isinstance(marque, genre)), None)


@cache
def _preparer_champs(modele: type[BaseModel]) -> Mapping[str, Lecteur]:
    return {nom: _preparer(annotation) for nom, annotation in annoter(modele).items()}


def _preparer(annotation: Any) -> Lecteur:
    base, marques = deplier(annotation)
    forme = trouver_marque(marques, Forme)
    if forme is not None:
        return _FORMES[forme.nom]
    if get_origin(base) is Literal:
        libelles = trouver_marque(marques, Libelles)
        return _preparer_enumere(get_args(base), libelles.valeurs if libelles is not None else {})
    if get_origin(base) is tuple:
        maximum = next(m.max_length for marque in marques for m in marque.metadata if hasattr(m, "max_length"))
        return _preparer_liste(_preparer(get_args(base)[0]), maximum)
    if get_origin(base) is dict:
        return _lire_extensions
    if isinstance(base, type) and issubclass(base, BaseModel):
        return _preparer_objet(base, trouver_marque(marques, FormeCourte))
    return _SIMPLES[base]


_SIMPLES: Final[Mapping[Any, Lecteur]] = {
    str: _lire_texte,
    bool: _lire_booleen,
    (bool, str): _lire_booleen,
    Decimal: _lire_nombre,
    int: _lire_entier,
    date: _lire_date,
}

_lire_racine: Final = _preparer_objet(Fop, None)


def cles_permises(chemin: tuple[str | int, ...]) -> Collection[str]:
    """Rend les clés que la FOP admet dans l'objet de ce chemin ; vide si ce n'est pas un objet connu."""
    courant: Any = Fop
    for partie in chemin:
        if isinstance(partie, int):
            courant = get_args(courant)[0] if get_origin(courant) is tuple else None
        else:
            courant = annoter(courant).get(partie) if _est_modele(courant) else None
        courant = deplier(courant)[0]
    return courant.model_fields.keys() if _est_modele(courant) else ()


def _est_modele(base: Any) -> bool:
    return isinstance(base, type) and issubclass(base, BaseModel)


# --- Lecture ------------------------------------------------------------------------------------------------


def nettoyer(brut: dict[Any, Any]) -> tuple[dict[str, Any], list[Anomalie]]:
    """Ramène une FOP à sa forme canonique, absents retirés, et relève ce qui ne peut pas l'être.

    Ce que le nettoyage ne reconnaît pas reste tel quel : la validation le refusera.
    """
    fautes: list[Anomalie] = []
    return _lire_racine(brut, None, fautes) or {}, fautes


def lire_fop(brut: object) -> Fop:
    """Lit une FOP déjà décodée (objets, listes, textes, nombres, booléens, dates).

    Lève `FopInvalide` avec toutes les anomalies trouvées (cent au plus, la dernière dit combien sont tues) ;
    aucune ne contient une valeur reçue.
    """
    if not isinstance(brut, dict):
        lu = nommer_lu(brut, montrer_valeur=False)
        raise FopInvalide([Anomalie("type_attendu", "", "", "objet", lu, "écrire la fiche entre accolades")])
    propre, fautes = nettoyer(brut)
    try:
        fop = Fop.model_validate(propre)
    except ValidationError as erreur:
        erreurs = erreur.errors(include_url=False)
    else:
        if not fautes:
            return fop
        erreurs = []
    # Levée hors du `except` : sans cela, l'erreur de Pydantic suivrait la nôtre avec les valeurs reçues.
    deja = {faute.pointeur for faute in fautes}
    traduites = traduire(erreurs[:ANOMALIES_MAX], montrer_valeur=False, cles_permises=cles_permises, entree=propre)
    anomalies = [*fautes, *(a for a in traduites if a.pointeur not in deja)]
    total = len(anomalies) + max(0, len(erreurs) - ANOMALIES_MAX)
    raise FopInvalide(ajouter_reste(anomalies, limite=ANOMALIES_MAX, total=total))


def lire_fop_json(octets: bytes) -> Fop:
    """Lit une FOP en JSON (UTF-8).

    Lève `FopInvalide` : JSON illisible, trop grand, trop profond, ou FOP fautive.
    """
    return lire_fop(decoder_json(octets))


def decoder_json(octets: bytes, *, taille_max: int = TAILLE_MAX_CORPS) -> object:
    """Décode un JSON strict : UTF-8 (marque d'ordre tolérée), décimaux exacts, profondeur et taille bornées.

    Les nombres à virgule sont des `Decimal`. `taille_max`, en octets, se relève pour un lot de fiches.
    Lève `FopInvalide` : octets illisibles, clé en double, NaN, infini.
    """
    if len(octets) > taille_max:
        lu = f"{ecrire_nombre(len(octets))} octets"
        attendu = f"{ecrire_nombre(taille_max)} octets au plus"
        raise FopInvalide([Anomalie("trop_long", "", "", attendu, lu, "raccourcir le document")])
    decodeur = _Decodeur()
    return decodeur.decoder(octets)


class _Decodeur:
    """Décode un document et retient les fautes que la bibliothèque standard laisserait passer."""

    def __init__(self) -> None:
        self.doublons: list[tuple[dict[str, Any], str]] = []
        self.non_fini = False

    def decoder(self, octets: bytes) -> object:
        faute: Anomalie
        try:
            valeur: object = json.loads(
                octets.decode("utf-8-sig"),
                object_pairs_hook=self._assembler,
                parse_float=self._lire_decimal,
                parse_int=self._lire_entier,
                parse_constant=self._lire_constante,
            )
        except UnicodeDecodeError as erreur:
            faute = _dire_illisible(
                "texte UTF-8", f"octet illisible en position {erreur.start}", "enregistrer en UTF-8"
            )
        except json.JSONDecodeError as erreur:
            lu = f"faute de syntaxe ligne {erreur.lineno}, colonne {erreur.colno}"
            if not octets.strip():
                lu = "document vide"
            faute = _dire_illisible("document JSON", lu, "corriger la syntaxe")
        except RecursionError:
            fautes: list[Anomalie] = []
            _relever_profondeur(fautes, None)
            faute = fautes[0]
        else:
            self._verifier(valeur)
            return valeur
        # Levée hors du `except` : l'erreur du décodeur porte le document entier.
        raise FopInvalide([faute])

    def _assembler(self, paires: list[tuple[str, Any]]) -> dict[str, Any]:
        objet = dict(paires)
        if len(objet) != len(paires):
            vues: set[str] = set()
            for cle, _ in paires:
                if cle in vues:
                    self.doublons.append((objet, cle))
                vues.add(cle)
        return objet

    def _lire_decimal(self, texte: str) -> Decimal:
        try:
            return Decimal(texte)
        except InvalidOperation:
            # Un exposant démesuré : le nombre ne tient dans aucune borne.
            self.non_fini = True
            return Decimal("Infinity")

    def _lire_entier(self, texte: str) -> int | Decimal:
        # Python refuse de lire un entier de plus de 4 300 chiffres : un décimal le porte sans coût.
        return int(texte) if len(texte) <= CHIFFRES_MAX else Decimal(texte)

    def _lire_constante(self, nom: str) -> Decimal:
        self.non_fini = True
        return Decimal(nom)

    def _verifier(self, racine: object) -> None:
        fautes: list[Anomalie] = []
        if _mesurer_profondeur(racine) > PROFONDEUR_MAX:
            _relever_profondeur(fautes, None)
            raise FopInvalide(fautes)
        if not self.doublons and not self.non_fini:
            return
        doubles: dict[int, list[str]] = {}
        for objet, cle in self.doublons:
            doubles.setdefault(id(objet), []).append(cle)
        for lieu, valeur in _parcourir(racine):
            for cle in doubles.get(id(valeur), ()) if isinstance(valeur, dict) else ():
                _relever(
                    fautes,
                    "cle_en_double",
                    (lieu, cle),
                    "clé unique dans son objet",
                    "clé répétée",
                    "retirer le doublon",
                )
            if isinstance(valeur, Decimal) and not valeur.is_finite():
                _relever(
                    fautes,
                    "hors_bornes",
                    lieu,
                    "nombre fini",
                    "nombre non fini",
                    "écrire un nombre, ni NaN ni infini",
                )
        if fautes:
            raise FopInvalide(ajouter_reste(fautes, limite=ANOMALIES_MAX, total=len(fautes)))


def _dire_illisible(attendu: str, lu: str, correction: str) -> Anomalie:
    return Anomalie("json_illisible", "", "", attendu, lu, correction)


def _mesurer_profondeur(racine: object) -> int:
    profondeur = 0
    niveau: list[Any] = [racine] if isinstance(racine, (dict, list)) else []
    while niveau and profondeur <= PROFONDEUR_MAX:
        profondeur += 1
        niveau = [
            enfant
            for conteneur in niveau
            for enfant in (conteneur.values() if isinstance(conteneur, dict) else conteneur)
            if isinstance(enfant, (dict, list))
        ]
    return profondeur


def _parcourir(racine: object) -> Iterator[tuple[type_de_lieu, object]]:
    a_voir: list[tuple[type_de_lieu, object]] = [(None, racine)]
    while a_voir:
        lieu, valeur = a_voir.pop()
        yield lieu, valeur
        if isinstance(valeur, dict):
            a_voir.extend(((lieu, cle), enfant) for cle, enfant in reversed(valeur.items()))
        elif isinstance(valeur, list):
            a_voir.extend(((lieu, rang), valeur[rang]) for rang in reversed(range(len(valeur))))


# --- Empreinte ----------------------------------------------------------------------------------------------


def empreinte(fop: Fop) -> str:
    """Rend le sha256 (hexadécimal) du JSON canonique de la FOP, le même sur toute machine.

    Clés triées, absents retirés, décimaux normalisés : 100, 100.0 et "100.00" ont la même empreinte.
    """
    return hashlib.sha256(_ecrire_objet(fop).encode("ascii")).hexdigest()


@cache
def _trier_champs(modele: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    return tuple((nom, f'"{nom}":') for nom in sorted(modele.model_fields))


def _ecrire_objet(objet: BaseModel) -> str:
    valeurs = vars(objet)
    membres = [
        debut + _ecrire_canonique(valeurs[nom]) for nom, debut in _trier_champs(type(objet)) if valeurs[nom] is not None
    ]
    # Un objet dont tout est absent est absent.
    return "{" + ",".join(membre for membre in membres if not membre.endswith(":{}")) + "}"


def _ecrire_canonique(valeur: Any) -> str:
    if isinstance(valeur, str):
        return encode_basestring_ascii(valeur)
    if isinstance(valeur, BaseModel):
        return _ecrire_objet(valeur)
    if valeur is None or isinstance(valeur, bool):
        return json.dumps(valeur)
    if isinstance(valeur, (int, Decimal)):
        return _ecrire_decimal(Decimal(valeur))
    if isinstance(valeur, date):
        return f'"{valeur.isoformat()}"'
    if isinstance(valeur, dict):
        membres = (f"{encode_basestring_ascii(cle)}:{_ecrire_canonique(valeur[cle])}" for cle in sorted(valeur))
        return "{" + ",".join(membres) + "}"
    return "[" + ",".join(map(_ecrire_canonique, valeur)) + "]"


def _ecrire_decimal(nombre: Decimal) -> str:
    # Chiffres et exposant, sans jamais développer : `1e999999` tient en huit caractères.
    signe, chiffres, exposant = nombre.as_tuple()
    ecrits = "".join(map(str, chiffres))
    significatifs = ecrits.rstrip("0")
    if not significatifs or not isinstance(exposant, int):
        return "0"
    return f"{'-' if signe else ''}{significatifs}e{exposant + len(ecrits) - len(significatifs)}"
