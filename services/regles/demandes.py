"""Ce qu'il manque pour conclure : peu de questions, les plus utiles, rangées par thème.

Une donnée vaut par les règles qu'elle débloque : un écart bloquant possible pèse plus qu'une alerte possible. Au-delà
de `DEMANDES_MAX`, le rapport compte le reste et l'annonce : la suite se demande quand les premières réponses sont là,
et bien des règles s'écartent d'elles-mêmes entre-temps. Chaque constat, lui, dit toujours tout ce qui lui manque.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.regles.champs import CHAMPS, Champ
from services.regles.fiches import Gravite
from services.regles.messages import INSECABLE

if TYPE_CHECKING:
    from services.regles.rapport import Constat

DEMANDES_MAX: Final = 25
POIDS: Final[Mapping[Gravite, int]] = {"bloquant": 16, "majeur": 8, "mineur": 4, "information": 2}
POIDS_FACULTATIF: Final = 1
"""Une réponse qui ne pourrait donner au pire qu'une alerte passe après toutes les autres, à nombre de règles égal."""

THEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "L'achat": (
        "reference",
        "objet",
        "acheteur",
        "service_prescripteur",
        "acheteur_referent",
        "elu_valideur",
        "programme",
        "operation_budgetaire",
        "groupement_commandes",
        "type_contrat",
        "livre",
        "nature",
        "prestation",
        "cpv",
        "cpv_secondaires",
        "innovant",
        "objet_insertion",
        "classe_achat",
        "recurrence",
    ),
    "Montant, durée, procédure": (
        "montant_ht",
        "montant_operation_ht",
        "duree_mois",
        "forme",
        "marche_global_type",
        "montant_max_ht",
        "montant_min_ht",
        "justification_duree",
        "technique",
        "procedure",
        "base_legale_procedure",
        "publicites",
        "ccag",
        "premiere_consultation_infructueuse",
    ),
    "Calendrier": (
        "date_lancement",
        "date_limite_offres",
        "date_notification_prevue",
        "date_debut_execution",
        "delai_reception_jours",
        "urgence_justifiee",
        "preinformation",
        "reponse_electronique",
    ),
    "Lots": ("allotissement", "lots"),
    "Critères et variantes": (
        "criteres",
        "variantes",
        "variantes_motif_interdiction",
        "pse",
        "cadre_reponse_environnemental",
        "eco_comparateur",
    ),
    "Environnement": (
        "clauses_env",
        "specifications_env",
        "labels_exiges",
        "spec_techniques",
        "biodiversite",
        "materiaux_recycles_ou_recyclables",
        "charte_chantier_vert",
        "analyse_cycle_de_vie",
        "efficacite_energetique",
        "plastique_usage_unique",
        "frequence_livraisons_reduite",
        "energie",
        "eclairage_exterieur",
        "prescriptions_nuisances_lumineuses",
        "produits_phytosanitaires",
        "exception_phytosanitaire",
        "vehicules",
    ),
    "Social et emploi": ("clauses_soc", "justification_absence_clause_sociale", "reservation", "lieu_college"),
    "Questions à se poser": ("questionnaire",),
    "Économie circulaire": (
        "agec",
        "indice_reparabilite_exige",
        "indice_durabilite_exige",
        "garantie_mois",
        "pieces_detachees_ans",
        "maintenance_incluse",
        "fin_de_vie",
        "pneus_rechapes",
        "reconditionne_exclu",
    ),
    "Chantier": ("chantier",),
    "Alimentation": ("egalim", "traiteur"),
    "Personnes et données": (
        "confie_service_public",
        "traite_donnees_personnelles",
        "destine_au_public",
        "interventions_aupres_mineurs",
        "clause_laicite",
        "clause_rgpd",
        "rgaa_exige",
        "rgaa_justification",
        "interface_numerique",
        "informatique_en_nuage",
        "donnees_sensibles",
        "hebergement_protege",
        "accessibilite_prise_en_compte",
        "accessibilite_justification",
        "attestation_honorabilite_exigee",
    ),
    "Entreprises et exécution": (
        "capacites",
        "avance_taux",
        "retenue_garantie_taux",
        "titulaire_pme_attendu",
        "part_pme_minimale",
        "part_pme_justification",
        "condition_implantation",
        "condition_implantation_justification",
        "groupement_forme_imposee",
        "charte_achats_annexee",
        "dossier_simplifie",
        "exigences_de_resultat",
        "clause_offres_anormalement_basses",
        "clause_travail_dissimule",
        "rappel_interdictions_soumissionner",
        "fiche_suivi_prevue",
        "evaluation_prevue",
        "sourcing",
    ),
    "Après l'attribution": ("resultat", "derogations"),
}
"""Les thèmes du questionnaire, et les données de la FOP que chacun réunit."""

_THEME_DE: Final[Mapping[str, str]] = {nom: theme for theme, noms in THEMES.items() for nom in noms}
_POSITION = re.compile(r"\[[^\]]*\]")
_LOT = re.compile(r"^lots\[(?P<numero>[^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Demande:
    """Une donnée qui manque, la question à poser, et les règles qu'elle débloque.

    `facultative` : aucune réponse ne pourrait donner pire qu'une alerte.
    """

    theme: str
    chemin: str
    question: str
    genre: str
    unite: str | None
    valeurs: list[str]
    exemple: Any
    regles: list[str]
    lots: list[str]
    facultative: bool


@dataclass(slots=True)
class _Manque:
    """Ce qu'on sait d'une donnée manquante pendant qu'on parcourt les constats."""

    regles: dict[str, int]
    lots: dict[str, None]
    facultative: bool = True

    @property
    def utilite(self) -> int:
        return sum(self.regles.values())


def generaliser(chemin: str) -> str:
    """Rend le chemin valable pour tout lot : `lots[2].criteres[1].type` devient `lots[].criteres[1].type`."""
    return _LOT.sub("lots[]", chemin)


def trouver_theme(chemin: str) -> str:
    """Rend le thème d'une donnée de la FOP ; une donnée de lot a le thème de la même donnée de la consultation."""
    nom = _POSITION.sub("", chemin).removeprefix("lots.").partition(".")[0]
    return _THEME_DE.get(nom, "Lots")  # seul le lot porte un numéro


def nommer_donnee(chemin: str) -> str:
    """Nomme une donnée manquante comme le lit un acheteur : « critères d'attribution (lot 2) »."""
    champ = _trouver_champ(chemin)
    trouve = _LOT.match(chemin)
    lot = f" (lot {trouve['numero']})" if trouve is not None and trouve["numero"] else ""
    description = champ.description.rstrip(".")
    return f"«{INSECABLE}{description[:1].lower()}{description[1:]}{INSECABLE}»{lot}"


def rassembler_demandes(constats: Iterable["Constat"], questions: Mapping[str, str]) -> tuple[list[Demande], int]:
    """Rend les données manquantes les plus utiles, et le nombre de celles qui suivront.

    Une même donnée manquant à plusieurs lots ne fait qu'une demande, qui cite les lots. Les plus utiles sont retenues,
    puis rangées : le thème de la plus utile d'abord, et dans un thème, la plus utile d'abord. `questions` porte, par
    chemin général, la question d'une fiche qui en pose une meilleure que celle de la FOP.
    """
    manques: dict[str, _Manque] = {}
    for constat in constats:
        poids = POIDS_FACULTATIF if constat.facultatif else POIDS[constat.gravite]
        for chemin in _choisir_chemins(constat.a_demander):
            manque = manques.setdefault(generaliser(chemin), _Manque({}, {}))
            manque.regles[constat.regle] = max(poids, manque.regles.get(constat.regle, 0))
            manque.facultative &= constat.facultatif
            trouve = _LOT.match(chemin)
            if trouve is not None and trouve["numero"]:
                manque.lots[trouve["numero"].replace("⟧", "]")] = None
    # Le tri est stable : à utilité égale, la donnée lue la première d'abord.
    retenus = sorted(manques, key=lambda chemin: -manques[chemin].utilite)[:DEMANDES_MAX]
    themes = list(dict.fromkeys(trouver_theme(chemin) for chemin in retenus))
    retenus.sort(key=lambda chemin: themes.index(trouver_theme(chemin)))
    demandes = [_demander(chemin, questions.get(chemin), manques[chemin]) for chemin in retenus]
    return demandes, len(manques) - len(retenus)


def _choisir_chemins(chemins: list[str]) -> list[str]:
    """Rend ce qu'il faut demander d'abord : sans code CPV, on ne sait pas si la règle concerne ; le reste attend."""
    codes = [chemin for chemin in chemins if chemin.rpartition(".")[2] == "cpv"]
    return codes or chemins


def _trouver_champ(chemin: str) -> Champ:
    return CHAMPS[_POSITION.sub("[]", chemin)]


def _demander(chemin: str, question: str | None, manque: _Manque) -> Demande:
    champ = _trouver_champ(chemin)
    return Demande(
        theme=trouver_theme(chemin),
        chemin=chemin,
        question=question or champ.question or f"{champ.description} ?",
        genre=champ.genre,
        unite=champ.unite,
        valeurs=list(champ.valeurs),
        exemple=champ.exemple,
        regles=list(manque.regles),
        lots=list(manque.lots),
        facultative=manque.facultative,
    )
