"""Jouer les cas écrits dans les fiches : chaque exemple doit donner le verdict annoncé."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.regles.erreurs import FopInvalide
from services.regles.fiches import Cas, Fiche
from services.regles.fop import Fop
from services.regles.lecture_fop import lire_fop
from services.regles.paquet import Paquet
from services.regles.rapport import Constat
from services.regles.verification import Verificateur

FOP_MINIMALE: Mapping[str, Any] = {"objet": "Cas de règle"}


@dataclass(frozen=True, slots=True)
class CasJoue:
    """Un cas et ce qui ne s'est pas passé comme annoncé (rien si tout va bien)."""

    regle: str
    nom: str
    fautes: tuple[str, ...]


def completer_fop(brut: Mapping[str, Any]) -> dict[str, Any]:
    """Ajoute à une FOP partielle l'objet et l'acheteur que toute FOP exige, sans rien y changer d'autre."""
    acheteur = brut.get("acheteur")
    if acheteur is None or isinstance(acheteur, dict):
        acheteur = {"nom": "Acheteur du cas", **(acheteur or {})}
    return {**FOP_MINIMALE, **brut, "acheteur": acheteur}


def lire_fop_du_cas(cas: Cas) -> Fop:
    """Rend la FOP d'un cas. Lève FopInvalide si le cas est mal écrit."""
    return lire_fop(completer_fop(cas.fop))


def lister_cas(paquet: Paquet) -> Iterator[tuple[Fiche, Cas]]:
    """Rend tous les cas du paquet, règle par règle."""
    for regle in paquet.regles:
        for cas in regle.fiche.cas:
            yield regle.fiche, cas


def jouer_cas(verificateur: Verificateur) -> list[CasJoue]:
    """Joue tous les cas du paquet et rend leur résultat, dans l'ordre."""
    return [jouer_un_cas(verificateur, fiche, cas) for fiche, cas in lister_cas(verificateur.paquet)]


def jouer_un_cas(verificateur: Verificateur, fiche: Fiche, cas: Cas) -> CasJoue:
    """Joue un cas ; ne lève rien."""
    try:
        fop = lire_fop_du_cas(cas)
    except FopInvalide as erreur:
        return CasJoue(fiche.id, cas.nom, tuple(f"FOP invalide : {anomalie}" for anomalie in erreur.anomalies))
    rapport = verificateur.verifier(fop, detail="essentiel")
    constats = [c for c in rapport.constats if c.regle == fiche.id and c.version == fiche.version]
    return CasJoue(fiche.id, cas.nom, tuple(_comparer(cas, constats)))


def _comparer(cas: Cas, constats: list[Constat]) -> Iterator[str]:
    attendu = cas.attendu
    if attendu.lots is not None:
        obtenus = {constat.lot: constat.verdict for constat in constats}
        if obtenus != attendu.lots:
            yield f"verdicts attendus {attendu.lots}, obtenus {obtenus}"
    elif any(constat.verdict != attendu.verdict for constat in constats) or not (
        # Une version tue par une autre n'était pas en vigueur.
        constats or attendu.verdict == "hors_periode"
    ):
        yield f"verdict attendu {attendu.verdict}, obtenu {sorted({c.verdict for c in constats})}"
    if attendu.a_demander is not None:
        demandes = list(dict.fromkeys(chemin for constat in constats for chemin in constat.a_demander))
        if demandes != attendu.a_demander:
            yield f"à demander : attendu {attendu.a_demander}, obtenu {demandes}"
    if attendu.parametres_absents is not None:
        absents = sorted({cle for constat in constats for cle in constat.parametres_absents})
        if absents != sorted(attendu.parametres_absents):
            yield f"paramètres absents : attendu {attendu.parametres_absents}, obtenu {absents}"
    if attendu.clauses is not None:
        proposees = {clause for constat in constats if constat.remede for clause in constat.remede.clauses}
        if not set(attendu.clauses) <= proposees:
            yield f"clauses attendues {attendu.clauses}, proposées {sorted(proposees)}"
    if attendu.derogation is not None:
        retenues = {constat.derogation.id for constat in constats if constat.derogation}
        if retenues != {attendu.derogation}:
            yield f"dérogation attendue {attendu.derogation}, obtenue {sorted(retenues)}"
    if attendu.message is not None and not any(c.derogation and not c.derogation.motivee for c in constats):
        yield "le message de dérogation incomplète n'est pas rendu"
