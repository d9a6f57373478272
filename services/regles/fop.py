"""La fiche opération (FOP) : ses données, leurs types, leurs bornes, la question qui les demande.

Le modèle décrit la forme canonique et la vérifie strictement. C'est `lecture_fop` qui y ramène ce qui est écrit ; elle
se règle, comme le catalogue des champs et le schéma publié, sur les marques posées ici sur les types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    Strict,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from stdnum.fr import siret as stdnum_siret

from services.regles.erreurs import signaler

# --- Bornes -------------------------------------------------------------------------------------------------

LOTS_MAX: Final = 500
ELEMENTS_MAX: Final = 100
"""Éléments au plus dans toute autre liste : critères, clauses, familles…"""
LONGUEUR_MAX_OBJET: Final = 1_000
LONGUEUR_MAX_TEXTE_LONG: Final = 20_000
LONGUEUR_MAX_TEXTE_COURT: Final = 300
LONGUEUR_MAX_REFERENCE: Final = 64
LONGUEUR_MAX_NUMERO: Final = 16
PROFONDEUR_MAX: Final = 32
TAILLE_MAX_CORPS: Final = 2 * 1024 * 1024
"""Octets au plus dans le corps JSON d'une FOP."""
MONTANT_PLAFOND: Final = Decimal(10**12)
DUREE_MAX_MOIS: Final = Decimal(1_200)
DATE_MIN: Final = date(2000, 1, 1)
DATE_MAX: Final = date(2100, 12, 31)

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
    """Un objet qui peut s'écrire d'une valeur seule : elle remplit `champ`, ou `enumere` si elle y est admise."""

    champ: str
    genre: Literal["booleen", "texte"]
    enumere: str | None = None

    def __get_pydantic_json_schema__(self, schema: CoreSchema, suite: GetJsonSchemaHandler) -> JsonSchemaValue:
        remplit = f"Valeur seule : remplit `{self.champ}`."
        if self.enumere is not None:
            remplit = f"Valeur seule : remplit `{self.enumere}` si elle y est admise, sinon `{self.champ}`."
        genre = "boolean" if self.genre == "booleen" else "string"
        return {"anyOf": [{"type": genre, "description": remplit}, suite(schema)]}


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

T = TypeVar("T")
Liste = Annotated[tuple[T, ...], Field(max_length=ELEMENTS_MAX)]

Montant = Annotated[Decimal, Strict(), Echelle(2), Field(ge=0, lt=MONTANT_PLAFOND, decimal_places=2)]
Quantite = Montant
"""Heures, mètres carrés : mêmes bornes et même échelle qu'un montant."""
Part = Annotated[Decimal, Strict(), Echelle(6), Field(ge=0, le=1, decimal_places=6)]
Poids = Annotated[Decimal, Strict(), Echelle(4), Field(ge=0, le=100, decimal_places=4)]
Duree = Annotated[Decimal, Strict(), Echelle(3), Field(gt=0, le=DUREE_MAX_MOIS, decimal_places=3)]
DureeOuZero = Annotated[Decimal, Strict(), Echelle(3), Field(ge=0, le=DUREE_MAX_MOIS, decimal_places=3)]
Nombre = Annotated[int, Strict(), Echelle(0), Field(ge=0, le=1_000_000)]
Habitants = Annotated[int, Strict(), Echelle(0), Field(ge=0, le=100_000_000)]
Jours = Annotated[int, Strict(), Echelle(0), Field(ge=0, le=3_650)]
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
    str, Strict(), Forme("cpv"), AfterValidator(_verifier_cpv), Field(json_schema_extra={"pattern": r"^\d{8}(-\d)?$"})
]
Siret = Annotated[
    str, Strict(), Forme("siret"), AfterValidator(_verifier_siret), Field(json_schema_extra={"pattern": r"^\d{14}$"})
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
    Literal["systeme_acquisition_dynamique", "catalogue_electronique", "enchere_electronique", "concours", "aucune"],
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
    Libelles(journal_d_annonces_legales="jal", profil_d_acheteur="profil_acheteur", site_de_l_acheteur="site_acheteur"),
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
    "prix", "cout_global", "technique", "environnemental", "social", "delai", "rse_general", "localisation", "autre"
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
    "construction_neuve", "renovation", "renovation_lourde", "extension", "demolition", "amenagement", "entretien"
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
        "Le besoin comporte des prestations distinctes.", True, "Le besoin comporte-t-il des prestations distinctes ?"
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
        "Ce que le critère apprécie.", "environnemental", "Qu'apprécie ce critère (prix, technique, environnemental…) ?"
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
    """Une condition d'exécution ou une spécification technique environnementale."""

    type: TypeClauseEnvironnementale | None = _champ(
        "Thème environnemental de la clause ou de la spécification.",
        "dechets",
        "Sur quel thème environnemental porte la clause ou la spécification ?",
    )
    texte: TexteLong | None = _champ(
        "Texte de la clause ou de la spécification environnementale.",
        "Le titulaire trie les déchets de chantier en sept flux.",
        "Quel est le texte de la clause ou de la spécification environnementale ?",
    )
    verifiable: Booleen | None = _champ(
        "Le respect de l'exigence environnementale se vérifie par une pièce ou un contrôle.",
        True,
        "Le respect de l'exigence environnementale est-il vérifiable ?",
    )
    penalite: Booleen | None = _champ(
        "Une pénalité sanctionne le non-respect de l'exigence environnementale.",
        True,
        "Une pénalité sanctionne-t-elle le non-respect de l'exigence environnementale ?",
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
    publics: Liste[TexteCourt] | None = _champ(
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
    articles: Liste[TexteCourt] | None = _champ(
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


ChampFamilleAgec = Annotated[
    FamilleAgec | None,
    _champ("Famille de produits du décret n° 2024-134.", "mobilier", "De quelle famille AGEC s'agit-il ?"),
]


class LigneAgec(Modele):
    """Une famille de produits de l'article 58 de la loi AGEC présente dans l'achat."""

    famille: ChampFamilleAgec = None
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
        "Le suivi des dépenses de la famille est prévu.", True, "Le suivi des dépenses de cette famille est-il prévu ?"
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
    part_agglomeration: Part | None = _champ(
        "Part attendue de produits de l'agglomération, relevée pour le suivi.",
        "0.05",
        "Quelle part de produits de l'agglomération est attendue ?",
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
        "Part de véhicules à faibles émissions.", "0.5", "Quelle part des véhicules est à faibles émissions ?", PART
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


# --- Données communes à la consultation et à ses lots --------------------------------------------------------

CLAUSE_SEULE: Final = FormeCourte("texte", "texte", enumere="type")
ClausesEnvironnementales = Liste[Annotated[ClauseEnvironnementale, CLAUSE_SEULE]]
ClausesSociales = Liste[Annotated[ClauseSociale, CLAUSE_SEULE]]

ChampCpv = Annotated[Cpv | None, _champ("Code CPV principal.", "45214210", "Quel est le code CPV principal ?")]
ChampNature = Annotated[
    Nature | None,
    _champ(
        "Nature principale des prestations.",
        "travaux",
        "S'agit-il principalement de travaux, de fournitures ou de services ?",
    ),
]
ChampProcedure = Annotated[
    Procedure | None, _champ("Procédure de passation.", "procedure_adaptee", "Quelle est la procédure de passation ?")
]
ChampReservation = Annotated[
    Reservation | None,
    _champ(
        "Réservation à certains opérateurs.",
        {"type": "insertion"},
        "Le marché ou le lot est-il réservé, et à qui ?",
    ),
]
ChampCriteres = Annotated[
    Liste[Critere] | None,
    _champ(
        "Critères d'attribution.",
        [{"nom": "Prix", "type": "prix", "poids": 60}],
        "Quels sont les critères d'attribution et leur pondération ?",
    ),
]
ChampClausesEnv = Annotated[
    ClausesEnvironnementales | None,
    _champ(
        "Conditions d'exécution environnementales.",
        [{"type": "dechets", "texte": "Tri en sept flux."}],
        "Quelles clauses environnementales sont prévues ?",
    ),
]
ChampClausesSoc = Annotated[
    ClausesSociales | None,
    _champ(
        "Conditions d'exécution sociales.",
        [{"type": "insertion", "heures": 350}],
        "Quelles clauses sociales sont prévues ?",
    ),
]
ChampAgec = Annotated[
    Liste[LigneAgec] | None,
    _champ(
        "Familles AGEC présentes dans l'achat.",
        [{"famille": "mobilier", "part_reemploi": "0.2"}],
        "Quelles familles AGEC l'achat comporte-t-il ?",
    ),
]
ChampEgalim = Annotated[
    Egalim | None,
    _champ("Composition visée des denrées.", {"part_bio": "0.2"}, "Quelle composition des denrées est visée ?"),
]
ChampVehicules = Annotated[
    Vehicules | None,
    _champ(
        "Véhicules achetés, loués ou utilisés.",
        {"nombre": 4, "categorie": "leger"},
        "Quels véhicules l'achat comporte-t-il ?",
    ),
]


class Lot(Modele):
    """Un lot ; ce qu'il ne dit pas, il le tient de la consultation."""

    numero: NumeroDeLot | None = _champ(
        "Numéro du lot, unique dans la consultation.", "1", "Quel est le numéro du lot ?"
    )
    objet: TexteObjet | None = _champ("Objet du lot.", "Gros œuvre", "Quel est l'objet du lot ?")
    cpv: ChampCpv = None
    nature: ChampNature = None
    montant_ht: Montant | None = _champ(
        "Valeur estimée du lot, options et reconductions comprises.",
        "120000.00",
        "Quelle est la valeur estimée du lot ?",
        EUROS,
    )
    procedure: ChampProcedure = None
    reservation: ChampReservation = None
    criteres: ChampCriteres = None
    clauses_env: ChampClausesEnv = None
    clauses_soc: ChampClausesSoc = None
    agec: ChampAgec = None
    egalim: ChampEgalim = None
    vehicules: ChampVehicules = None


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
        "Motif de la réponse.", "Aucune structure d'insertion sur ce segment.", "Quel est le motif de cette réponse ?"
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
        "La location a été étudiée comme solution de rechange à l'achat.", False, "La location a-t-elle été étudiée ?"
    )
    energie_renouvelable_etudiee: Repondue | None = _champ(
        "Le recours à l'énergie renouvelable a été étudié.",
        True,
        "Le recours à l'énergie renouvelable a-t-il été étudié ?",
    )
    reutilisation_existant_etudiee: Repondue | None = _champ(
        "La réutilisation de l'existant a été étudiée.", True, "La réutilisation de l'existant a-t-elle été étudiée ?"
    )
    analyse_fonctionnelle_faite: Repondue | None = _champ(
        "Une analyse fonctionnelle du besoin a été faite.",
        True,
        "Une analyse fonctionnelle du besoin a-t-elle été faite ?",
    )
    revue_programmation_faite: Repondue | None = _champ(
        "L'achat a été vu en revue de programmation.", True, "L'achat a-t-il été vu en revue de programmation ?"
    )
    foncier_economise: Repondue | None = _champ(
        "L'économie de foncier et l'évolution future des besoins ont été étudiées.",
        True,
        "L'économie de foncier et l'évolution des besoins ont-elles été étudiées ?",
    )
    materiaux_faible_impact_etudies: Repondue | None = _champ(
        "Les matériaux et procédés à faible impact ont été étudiés.",
        True,
        "Les matériaux et procédés à faible impact ont-ils été étudiés ?",
    )
    alternative_petrochimie_etudiee: Repondue | None = _champ(
        "Une alternative aux produits issus de la filière pétrolière a été étudiée.",
        True,
        "Une alternative aux produits issus du pétrole a-t-elle été étudiée ?",
    )
    reseau_chaleur_etudie: Repondue | None = _champ(
        "Le raccordement à un réseau de chaleur a été étudié.",
        True,
        "Le raccordement à un réseau de chaleur a-t-il été étudié ?",
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
        "Taux de réutilisation de matériaux visé.", "0.2", "Quel taux de réutilisation de matériaux est visé ?", PART
    )
    projet_phare_spaser: Booleen | None = _champ(
        "L'opération est un projet phare du SPASER.", False, "L'opération est-elle un projet phare du SPASER ?"
    )
    projet_pilote: Booleen | None = _champ(
        "L'opération est un projet pilote.", False, "L'opération est-elle un projet pilote ?"
    )
    energie_renouvelable: Booleen | None = _champ(
        "L'ouvrage recourt à une énergie renouvelable.", True, "L'ouvrage recourt-il à une énergie renouvelable ?"
    )
    installation_enr: Booleen | None = _champ(
        "L'opération installe une production d'énergie renouvelable.",
        False,
        "L'opération installe-t-elle une production d'énergie renouvelable ?",
    )
    gtb: Booleen | None = _champ(
        "Une gestion technique du bâtiment est prévue.", True, "Une gestion technique du bâtiment est-elle prévue ?"
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
    re2020_prise_en_compte: Booleen | None = _champ(
        "La réglementation environnementale RE2020 est prise en compte au programme.",
        True,
        "La RE2020 est-elle prise en compte au programme ?",
    )
    gestion_dechets_chiffree: Booleen | None = _champ(
        "Quantités, tri, points de collecte et coûts des déchets sont demandés au devis.",
        True,
        "Quantités, tri, points de collecte et coûts des déchets sont-ils demandés au devis ?",
    )


class Traiteur(Modele):
    """Les prestations de traiteur."""

    circuit_court: Booleen | None = _champ(
        "Le traiteur s'approvisionne en circuit court.", True, "Le traiteur s'approvisionne-t-il en circuit court ?"
    )


class Energie(Modele):
    """La fourniture d'énergie."""

    electricite_verte: Booleen | None = _champ(
        "L'électricité fournie est d'origine renouvelable.",
        True,
        "L'électricité fournie est-elle d'origine renouvelable ?",
    )
    interessement_economies: Booleen | None = _champ(
        "Le titulaire est intéressé aux économies d'énergie.",
        True,
        "Le titulaire est-il intéressé aux économies d'énergie ?",
    )


class Capacites(Modele):
    """Les capacités exigées des candidats."""

    ca_minimal_ht: Montant | None = _champ(
        "Chiffre d'affaires annuel minimal exigé.", "90000", "Quel chiffre d'affaires minimal est exigé ?", EUROS
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

    famille: ChampFamilleAgec = None
    montant_ht: Montant | None = _champ(
        "Dépense constatée dans la famille.", "25000.00", "Quelle dépense a été constatée dans la famille ?", EUROS
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
        "Achats de produits de la région.", "16000.00", "Quel est le montant des produits de la région ?", EUROS
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
    depenses_agec: Liste[DepenseAgec] | None = _champ(
        "Dépenses constatées par famille AGEC.",
        [{"famille": "mobilier", "montant_ht": "25000.00"}],
        "Quelles dépenses ont été constatées par famille AGEC ?",
    )
    depenses_egalim: DepensesEgalim | None = _champ(
        "Achats de denrées constatés.", {"montant_ht": "80000.00"}, "Quels achats de denrées ont été constatés ?"
    )


class DerogationAcheteur(Modele):
    """Un écart à un engagement local que l'acheteur assume et motive."""

    regle: TexteCourt | None = _champ(
        "Identifiant de la règle dont l'écart est assumé.", "VRA-E8-ENV", "De quelle règle l'écart est-il assumé ?"
    )
    motif: TexteLong | None = _champ(
        "Motif de la dérogation.", "Fourniture sans offre de rechange connue.", "Quel est le motif de la dérogation ?"
    )
    auteur: TexteCourt | None = _champ(
        "Fonction de la personne qui assume la dérogation.", "Vice-présidence aux achats", "Qui assume la dérogation ?"
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
        "Service à l'origine du besoin.", "Direction du patrimoine", "Quel service est à l'origine du besoin ?"
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
        "Opération budgétaire qui porte la dépense.", "2026-ECOLES-03", "Quelle opération budgétaire porte la dépense ?"
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
        "Date limite de réception des offres.", "2026-10-20", "Quelle est la date limite de réception des offres ?"
    )
    date_notification_prevue: Jour | None = _champ(
        "Date prévue de notification.", "2027-01-10", "À quelle date la notification est-elle prévue ?"
    )
    date_debut_execution: Jour | None = _champ(
        "Date prévue de début d'exécution.", "2027-02-01", "À quelle date l'exécution commence-t-elle ?"
    )
    delai_reception_jours: Jours | None = _champ(
        "Délai laissé pour remettre une offre.", 35, "Combien de jours sont laissés pour remettre une offre ?", "jours"
    )
    urgence_justifiee: Booleen | None = _champ(
        "Une urgence justifiée réduit les délais.", False, "Une urgence justifiée réduit-elle les délais ?"
    )
    preinformation: Booleen | None = _champ(
        "Un avis de préinformation a été publié.", False, "Un avis de préinformation a-t-il été publié ?"
    )
    reponse_electronique: Booleen | None = _champ(
        "Les offres sont remises par voie électronique.", True, "Les offres sont-elles remises par voie électronique ?"
    )

    type_contrat: TypeContrat | None = _champ(
        "Marché public ou concession.", "marche", "Le contrat est-il un marché ou une concession ?"
    )
    livre: Livre | None = _champ(
        "Livre du code de la commande publique dont relève le marché.",
        "1",
        "De quel livre du code de la commande publique relève le marché ?",
    )
    nature: ChampNature = None
    prestation: Prestation | None = _champ(
        "Type particulier de prestation.",
        "autre",
        "S'agit-il de maîtrise d'œuvre, d'une prestation intellectuelle ou d'autre chose ?",
    )
    cpv: ChampCpv = None
    cpv_secondaires: Liste[Cpv] | None = _champ(
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
    procedure: ChampProcedure = None
    base_legale_procedure: TexteCourt | None = _champ(
        "Article du code qui fonde la procédure.", "R2122-3", "Quel article fonde la procédure choisie ?"
    )
    publicites: Liste[Publicite] | None = _champ(
        "Supports de publicité de l'avis.", ["boamp", "profil_acheteur"], "Sur quels supports l'avis est-il publié ?"
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
        "Une première consultation a été infructueuse.", False, "Une première consultation a-t-elle été infructueuse ?"
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
    criteres: ChampCriteres = None

    clauses_env: ChampClausesEnv = None
    specifications_env: ClausesEnvironnementales | None = _champ(
        "Spécifications techniques environnementales.",
        [{"type": "recycle", "texte": "Au moins 20 % de matière recyclée."}],
        "Quelles spécifications techniques environnementales sont prévues ?",
    )
    labels_exiges: Liste[TexteCourt] | None = _champ(
        "Labels ou écolabels exigés, ou équivalents.",
        ["Écolabel européen ou équivalent"],
        "Quels labels, ou équivalents, sont exigés ?",
    )
    spec_techniques: Liste[TexteLong] | None = _champ(
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
        "Un cadre de réponse environnemental est joint.", True, "Un cadre de réponse environnemental est-il joint ?"
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

    clauses_soc: ChampClausesSoc = None
    justification_absence_clause_sociale: JustificationAbsenceClauseSociale | None = _champ(
        "Ce qui justifie l'absence de clause sociale.",
        {"cas": "lien_insuffisant"},
        "Qu'est-ce qui justifie l'absence de clause sociale ?",
    )
    reservation: ChampReservation = None
    questionnaire: Questionnaire | None = _champ(
        "Questions que l'acheteur s'est posées.",
        {"insertion_etudiee": True},
        "Quelles réponses l'acheteur donne-t-il au questionnaire ?",
    )

    agec: ChampAgec = None
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
    egalim: ChampEgalim = None
    traiteur: Traiteur | None = _champ(
        "Données propres aux prestations de traiteur.",
        {"circuit_court": True},
        "Quelles sont les caractéristiques de la prestation de traiteur ?",
    )
    vehicules: ChampVehicules = None
    energie: Energie | None = _champ(
        "Données propres à la fourniture d'énergie.",
        {"electricite_verte": True},
        "Quelles sont les caractéristiques de l'énergie fournie ?",
    )
    plastique_usage_unique: Booleen | None = _champ(
        "L'achat comporte du plastique ou des fournitures à usage unique.",
        False,
        "L'achat comporte-t-il du plastique ou des fournitures à usage unique ?",
    )
    reconditionne_exclu: Booleen | None = _champ(
        "La consultation écarte les biens réemployés ou reconditionnés.",
        False,
        "La consultation écarte-t-elle les biens réemployés ou reconditionnés ?",
    )
    frequence_livraisons_reduite: Booleen | None = _champ(
        "Les livraisons sont groupées ou leur fréquence est réduite.",
        True,
        "Les livraisons sont-elles groupées ou espacées ?",
    )
    eclairage_exterieur: Booleen | None = _champ(
        "L'achat comporte de l'éclairage extérieur.", False, "L'achat comporte-t-il de l'éclairage extérieur ?"
    )
    prescriptions_nuisances_lumineuses: Booleen | None = _champ(
        "Les prescriptions contre les nuisances lumineuses sont reprises.",
        True,
        "Les prescriptions contre les nuisances lumineuses sont-elles reprises ?",
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
        "Capacités exigées des candidats.", {"ca_minimal_ht": "90000"}, "Quelles capacités sont exigées des candidats ?"
    )
    avance_taux: Part | None = _champ("Taux de l'avance prévue.", "0.1", "Quel taux d'avance est prévu ?", PART)
    retenue_garantie_taux: Part | None = _champ(
        "Taux de la retenue de garantie.", "0.03", "Quel taux de retenue de garantie est prévu ?", PART
    )
    titulaire_pme_attendu: Booleen | None = _champ(
        "Le titulaire attendu est une petite ou moyenne entreprise.", True, "Le titulaire attendu est-il une PME ?"
    )
    part_pme_minimale: Part | None = _champ(
        "Part minimale de l'exécution confiée à des petites et moyennes entreprises.",
        "0.2",
        "Quelle part minimale de l'exécution est confiée à des PME ?",
        PART,
    )
    part_pme_justification: TexteLong | None = _champ(
        "Motif pour lequel la part minimale confiée à des PME n'est pas exigée.",
        "Le secteur ne compte pas de petite entreprise.",
        "Pour quelle raison la part minimale confiée à des PME n'est-elle pas exigée ?",
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
        "L'accessibilité numérique (RGAA) est exigée.", True, "L'accessibilité numérique (RGAA) est-elle exigée ?"
    )
    accessibilite_prise_en_compte: Booleen | None = _champ(
        "L'accessibilité aux personnes handicapées est prise en compte.",
        True,
        "L'accessibilité aux personnes handicapées est-elle prise en compte ?",
    )
    accessibilite_justification: TexteLong | None = _champ(
        "Justification de l'absence de prise en compte de l'accessibilité.",
        "Pièces de rechange sans usage par une personne.",
        "Pour quelle raison l'accessibilité n'est-elle pas prise en compte ?",
    )
    interface_numerique: Booleen | None = _champ(
        "L'achat livre un site, une application ou un logiciel doté d'une interface.",
        False,
        "L'achat livre-t-il un site, une application ou un logiciel doté d'une interface ?",
    )
    rgaa_justification: TexteLong | None = _champ(
        "Motif de charge disproportionnée qui écarte l'accessibilité numérique.",
        "Outil interne remplacé dans six mois.",
        "Pour quelle raison l'accessibilité numérique n'est-elle pas exigée ?",
    )
    informatique_en_nuage: Booleen | None = _champ(
        "L'achat comporte un service d'informatique en nuage fourni par un prestataire privé.",
        False,
        "L'achat comporte-t-il un service d'informatique en nuage ?",
    )
    donnees_sensibles: Booleen | None = _champ(
        "Des données d'une sensibilité particulière sont hébergées ou traitées.",
        False,
        "Des données d'une sensibilité particulière sont-elles hébergées ou traitées ?",
    )
    hebergement_protege: Booleen | None = _champ(
        "L'hébergement protège des accès par des autorités étrangères non autorisés.",
        True,
        "L'hébergement protège-t-il les données des accès étrangers non autorisés ?",
    )
    attestation_honorabilite_exigee: Booleen | None = _champ(
        "L'attestation d'honorabilité des intervenants est exigée.",
        True,
        "L'attestation d'honorabilité des intervenants est-elle exigée ?",
    )
    clause_travail_dissimule: Booleen | None = _champ(
        "Pièces de vigilance et pénalité pour travail dissimulé sont prévues.",
        True,
        "Les pièces de vigilance et la pénalité pour travail dissimulé sont-elles prévues ?",
    )
    rappel_interdictions_soumissionner: Booleen | None = _champ(
        "Le dossier rappelle les interdictions de soumissionner.",
        True,
        "Le dossier rappelle-t-il les interdictions de soumissionner ?",
    )
    condition_implantation: Booleen | None = _champ(
        "Une clause, une exigence ou un critère impose une implantation géographique.",
        False,
        "Une implantation géographique est-elle imposée ou valorisée ?",
    )
    condition_implantation_justification: TexteLong | None = _champ(
        "Lien entre l'implantation demandée et l'objet du marché.",
        "Astreinte d'intervention en trente minutes.",
        "En quoi l'objet du marché rend-il cette implantation nécessaire ?",
    )
    groupement_forme_imposee: Booleen | None = _champ(
        "Une forme de groupement est imposée aux candidats ou au titulaire.",
        False,
        "Une forme de groupement est-elle imposée ?",
    )
    charte_achats_annexee: Booleen | None = _champ(
        "La charte d'achats durables de l'acheteur est annexée.",
        True,
        "La charte d'achats durables est-elle annexée ?",
    )
    dossier_simplifie: Booleen | None = _champ(
        "Le dossier de consultation a été allégé et relu pour les petites entreprises.",
        True,
        "Le dossier de consultation a-t-il été simplifié ?",
    )
    exigences_de_resultat: Booleen | None = _champ(
        "Le cahier des charges fixe des résultats plutôt que des moyens.",
        True,
        "Le cahier des charges fixe-t-il des résultats plutôt que des moyens ?",
    )
    eco_comparateur: Booleen | None = _champ(
        "Un éco-comparateur sert à l'analyse des offres.",
        True,
        "Un éco-comparateur sert-il à l'analyse des offres ?",
    )
    lieu_college: Booleen | None = _champ(
        "Les prestations s'exécutent dans un collège.",
        False,
        "Les prestations s'exécutent-elles dans un collège ?",
    )
    fiche_suivi_prevue: Booleen | None = _champ(
        "Une fiche de suivi de l'exécution est prévue.", True, "Une fiche de suivi de l'exécution est-elle prévue ?"
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
        "Résultats connus après l'attribution.", {"issue": "attribue"}, "Quels sont les résultats de la consultation ?"
    )
    derogations: Liste[DerogationAcheteur] | None = _champ(
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
                raise signaler("numero_en_double", "liste de lots aux numéros tous différents", correction)
        return lots
