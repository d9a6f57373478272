"""Lire les règles du paquet en service."""

from datetime import date

from services.api.regles.schemas import (
    ClauseDeRegle,
    ListeDeRegles,
    Niveau,
    ParametreDeRegle,
    RegleDetaillee,
    RegleResumee,
)
from services.regles.fiches import LIBELLES_CORPUS, Axe, Corpus, Effet, Fiche, Nature
from services.regles.paquet import Paquet
from services.regles.remedes import lister_proposables


def lister(
    paquet: Paquet,
    corpus: Corpus | None,
    axe: Axe | None,
    nature: Nature | None,
    niveau: Niveau | None,
    jour: date | None,
) -> ListeDeRegles:
    """Rend les règles qui remplissent tous les filtres donnés ; `jour` garde celles qui valent ce jour-là."""
    retenues = [
        _resumer(fiche)
        for fiche in (regle.fiche for regle in paquet.regles)
        if corpus in (None, fiche.corpus)
        and axe in (None, fiche.axe)
        and nature in (None, fiche.nature)
        and niveau in (None, fiche.niveau)
        and (jour is None or _valoir(fiche.effet, jour))
    ]
    return ListeDeRegles(len(retenues), retenues)


def _valoir(effet: Effet, jour: date) -> bool:
    return effet.du <= jour and (effet.au is None or jour <= effet.au)


def _resumer(fiche: Fiche) -> RegleResumee:
    return RegleResumee(
        id=fiche.id,
        version=fiche.version,
        titre=fiche.titre,
        question_metier=fiche.question_metier,
        corpus=fiche.corpus,
        libelle_corpus=LIBELLES_CORPUS[fiche.corpus],
        famille=fiche.famille,
        axe=fiche.axe,
        nature=fiche.nature,
        niveau=fiche.niveau,
        gravite=fiche.gravite,
        effet=fiche.effet,
        couverture=fiche.couverture,
        confiance=fiche.confiance,
        relecture_juridique=fiche.relecture_juridique,
        verifie_le=fiche.verifie_le,
    )


def detailler(paquet: Paquet, identifiant: str) -> RegleDetaillee | None:
    """Rend toute la fiche (`ID` : sa dernière version ; `ID@1` : celle-là), ou None si elle n'existe pas."""
    precise = next((regle for regle in paquet.regles if regle.fiche.cle == identifiant), None)
    regle = precise or paquet.trouver_regle(identifiant)
    if regle is None:
        return None
    fiche = regle.fiche
    resume = _resumer(fiche)
    return RegleDetaillee(
        **{nom: getattr(resume, nom) for nom in RegleResumee.__dataclass_fields__},
        versions=[autre.fiche.version for autre in paquet.regles if autre.fiche.id == fiche.id],
        remplace=fiche.remplace,
        responsable=fiche.responsable,
        references=fiche.references,
        note=fiche.note,
        mentions=fiche.mentions,
        parametres=[_joindre_parametre(paquet, alias, cle) for alias, cle in fiche.parametres.items()],
        donnees=fiche.donnees,
        applicable_si=fiche.applicable_si,
        exige=fiche.exige,
        derogations=fiche.derogations,
        alerte_si=fiche.alerte_si,
        messages=fiche.messages,
        remede=fiche.remede,
        clauses=[_joindre_clause(paquet, clause) for clause in lister_proposables(fiche, paquet.clauses)],
        cas=fiche.cas,
    )


def _joindre_parametre(paquet: Paquet, alias: str, cle: str) -> ParametreDeRegle:
    parametre = paquet.parametres[cle]
    return ParametreDeRegle(alias, cle, parametre.libelle, parametre.unite, parametre.valeurs)


def _joindre_clause(paquet: Paquet, identifiant: str) -> ClauseDeRegle:
    clause = paquet.clauses[identifiant]
    return ClauseDeRegle(identifiant, clause.titre, clause.piece, clause.ou)
