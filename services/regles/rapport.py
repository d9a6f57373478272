"""Le rapport : ce que l'acheteur lit, et ce que le logiciel de rédaction exploite.

Loi, engagement local et plan national y ont chacun leur synthèse, jamais fusionnées. Les constats vont du plus grave au
moins utile ; ce qu'il manque est rassemblé, sans doublon, le plus utile d'abord.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from services.regles.demandes import Demande
from services.regles.fiches import Confiance, FamilleCorpus, Gravite, NomVerdict
from services.regles.remedes import ClauseProposee
from services.regles.trace import ControleLu

EtatSynthese = Literal["favorable", "defavorable", "a_completer", "en_erreur"]
Detail = Literal["essentiel", "complet"]
VERDICTS: tuple[NomVerdict, ...] = (
    "erreur",
    "ecart",
    "indetermine",
    "alerte",
    "derogation",
    "conforme",
    "non_applicable",
    "hors_periode",
)
GRAVITES: tuple[Gravite, ...] = ("bloquant", "majeur", "mineur", "information")
AVERTISSEMENT = (
    "Aide à la rédaction : les règles et les clauses signalées « relecture juridique à faire » n'ont pas été "
    "relues par un juriste. Un engagement local manqué n'est pas une illégalité."
)


@dataclass(frozen=True, slots=True)
class ReferenceCitee:
    """Un texte qui fonde le constat, et la confiance qu'on peut avoir dans sa lecture."""

    texte: str
    article: str
    role: str
    url: str | None
    piece: str | None
    provenance: str
    confiance: Confiance


@dataclass(frozen=True, slots=True)
class DerogationInvoquee:
    """L'exception invoquée : prévue par la règle, ou assumée par l'acheteur sur un engagement local.

    `motivee` : faux quand elle est invoquée sans sa justification ; l'écart demeure alors.
    """

    id: str
    titre: str
    reference: str | None
    motif: str | None
    motivee: bool


@dataclass(frozen=True, slots=True)
class RemedePropose:
    """Ce qu'il faut faire, dans quelles pièces, avec quelles clauses."""

    action: str
    ou: list[str]
    clauses: list[str]


@dataclass(frozen=True, slots=True)
class RegleCitee:
    """Ce qu'il faut savoir d'une règle citée par des constats : une seule fois, quel que soit le nombre de lots."""

    id: str
    version: int
    titre: str
    question_metier: str
    corpus: str
    axe: str
    nature: str
    effet_du: date
    effet_au: date | None
    references: list[ReferenceCitee]
    note: str | None
    couverture: str
    confiance: Confiance
    relecture_juridique: str


# Non figés : un rapport en porte des centaines, et figer une dataclass triple le coût de sa création.
@dataclass(slots=True)
class Constat:
    """Le verdict d'une règle, sur la consultation (`lot` absent) ou sur un lot.

    `fondement` dit en clair le texte qui fonde la règle ; le détail des références est dans `regles` du rapport.
    `facultatif` : indéterminé, mais la réponse ne pourrait donner au pire qu'une alerte.
    """

    regle: str
    version: int
    titre: str
    famille: FamilleCorpus
    nature: str
    gravite: Gravite
    lot: str | None
    verdict: NomVerdict
    message: str
    fondement: str
    date_de_reference: date | None
    a_demander: list[str]
    parametres_absents: list[str]
    derogation: DerogationInvoquee | None
    remede: RemedePropose | None
    mentions: list[str]
    facultatif: bool
    trace: list[ControleLu] | None


@dataclass(frozen=True, slots=True)
class Supposition:
    """Une valeur que l'outil a supposée faute de réponse."""

    chemin: str
    valeur: Any
    regles: list[str]


@dataclass(frozen=True, slots=True)
class Notice:
    """Une précision sur la FOP ou sur le paquet, sans verdict."""

    code: Literal["incoherence", "acheteur_inconnu", "schema_echu", "derogation_irrecevable", "moteur", "simulation"]
    texte: str


@dataclass(frozen=True, slots=True)
class Synthese:
    """L'état d'un corpus : loi, engagement local ou plan national."""

    etat: EtatSynthese
    comptes: dict[NomVerdict, int]
    ecarts_bloquants: int


@dataclass(frozen=True, slots=True)
class Syntheses:
    """Une synthèse par famille de corpus, jamais fusionnées."""

    loi: Synthese
    engagement_local: Synthese
    plan_national: Synthese


@dataclass(frozen=True, slots=True)
class FopJugee:
    """Ce qui identifie la FOP jugée."""

    reference: str | None
    objet: str
    acheteur: str | None
    empreinte: str


@dataclass(frozen=True, slots=True)
class PaquetCite:
    """Le jeu de règles employé : assez pour rejouer la vérification."""

    nom: str
    version: str
    empreinte: str


@dataclass(frozen=True, slots=True)
class MoteurCite:
    """Le moteur qui a répondu ; `degrade` : un seul des deux canaux est disponible sur cette machine."""

    nom: str
    degrade: bool


@dataclass(frozen=True, slots=True)
class Rapport:
    """Le résultat d'une vérification : une FOP, un paquet de règles, une date."""

    format: Literal[1]
    fop: FopJugee
    paquet: PaquetCite
    moteur: MoteurCite
    date_de_reference: date | None
    simulation: bool
    syntheses: Syntheses
    comptes: dict[NomVerdict, int]
    constats: list[Constat]
    regles: list[RegleCitee]
    a_demander: list[Demande]
    demandes_suivantes: int
    clauses: list[ClauseProposee]
    suppositions: list[Supposition]
    notices: list[Notice]
    avertissement: str


def garder_une_version(constats: list[Constat]) -> list[Constat]:
    """Écarte les versions d'une règle qui ne valaient pas à la date, quand une autre version y valait.

    Si aucune ne valait, la plus récente dit qu'elle n'est pas en vigueur.
    """
    retenus: dict[tuple[str, str | None], Constat] = {}
    for constat in constats:
        cle = (constat.regle, constat.lot)
        deja = retenus.get(cle)
        if deja is None or deja.verdict == "hors_periode":
            retenus[cle] = constat
    return list(retenus.values())


def compter(constats: list[Constat]) -> dict[NomVerdict, int]:
    """Rend le nombre de constats par verdict, tous verdicts présents."""
    comptes: dict[NomVerdict, int] = dict.fromkeys(VERDICTS, 0)
    for constat in constats:
        comptes[constat.verdict] += 1
    return comptes


def synthetiser(constats: list[Constat]) -> Syntheses:
    """Rend les trois synthèses. Un rapport qui contient une erreur n'est favorable nulle part."""
    panne = any(constat.verdict == "erreur" for constat in constats)

    def synthetiser_famille(famille: FamilleCorpus) -> Synthese:
        siens = [constat for constat in constats if constat.famille == famille]
        ecarts = [constat for constat in siens if constat.verdict == "ecart"]
        # Ce qui ne peut donner au pire qu'une alerte ne retarde personne : ce doute n'est pas « à compléter ».
        en_suspens = any(c.verdict == "indetermine" and not c.facultatif for c in siens)
        etat: EtatSynthese = "favorable"
        if any(constat.verdict == "erreur" for constat in siens):
            etat = "en_erreur"
        elif ecarts:
            etat = "defavorable"
        elif en_suspens:
            etat = "a_completer"
        elif panne:
            etat = "en_erreur"
        return Synthese(etat, compter(siens), sum(constat.gravite == "bloquant" for constat in ecarts))

    return Syntheses(
        synthetiser_famille("loi"),
        synthetiser_famille("engagement_local"),
        synthetiser_famille("plan_national"),
    )


_FAMILLES: tuple[FamilleCorpus, ...] = ("loi", "engagement_local", "plan_national")
_RANGS: Mapping[str, int] = {nom: rang for noms in (VERDICTS, GRAVITES, _FAMILLES) for rang, nom in enumerate(noms)}


def ordonner(constats: list[Constat]) -> list[Constat]:
    """Rend les constats du plus grave au moins utile ; à rang égal, la loi d'abord, puis règles et lots en ordre."""
    return sorted(
        constats,
        key=lambda c: (_RANGS[c.verdict], _RANGS[c.gravite], _RANGS[c.famille], c.regle),
    )
