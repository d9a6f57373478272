"""Ce que les cas d'une fiche doivent montrer : L09 (verdicts et bornes), L10 (couverture ternaire), L17 (atteinte)."""

from collections.abc import Iterator
from datetime import date, timedelta

from services.regles.cas import lire_fop_du_cas
from services.regles.couverture import ControleCouvert, lister_possibles, mesurer_couverture
from services.regles.erreurs import Anomalie, FopInvalide
from services.regles.faits import etablir_faits
from services.regles.fiches import Fiche, NomVerdict
from services.regles.lecture_yaml import Document
from services.regles.paquet import Paquet, Sources, situer
from services.regles.regle import Regle


def controler_cas(sources: Sources, paquet: Paquet) -> Iterator[Anomalie]:
    """Rend les fautes des cas : verdict jamais montré, borne jamais touchée, contrôle ou règle jamais atteints."""
    documents = {fiche.cle: document for document, fiche in sources.fiches}
    for regle in paquet.regles:
        document = documents[regle.fiche.cle]
        yield from _controler_verdicts(document, regle, paquet)
        yield from _controler_dates(document, regle, paquet)
    for controle in mesurer_couverture(paquet).controles:
        document = documents[controle.fiche.cle]
        if controle.manquants:
            yield situer(
                document,
                ("cas",),
                "L10",
                f"{controle.partie} : « {controle.libelle} » vu {', '.join(controle.manquants)}",
                "aucun cas",
                "ajouter un cas",
            )
        if controle.ordonne and "vrai" in controle.exiges:
            yield from _controler_bornes(document, controle)


def _controler_bornes(document: Document, controle: ControleCouvert) -> Iterator[Anomalie]:
    """L09 : un cas à la borne exacte, et un juste à côté, là où le contrôle change d'avis."""
    if not controle.a_la_borne:
        attendu = f"{controle.partie} : un cas à la borne exacte de « {controle.libelle} »"
        yield situer(document, ("cas",), "L09", attendu, "aucun", "ajouter un cas")
    if not controle.pres_de_la_borne:
        attendu = f"{controle.partie} : un cas juste de l'autre côté de « {controle.libelle} »"
        yield situer(document, ("cas",), "L09", attendu, "aucun", "ajouter un cas")


def _relever_verdicts(fiche: Fiche) -> set[NomVerdict]:
    verdicts: set[NomVerdict] = set()
    for cas in fiche.cas:
        verdicts.update(cas.attendu.lots.values() if cas.attendu.lots else [])
        if cas.attendu.verdict is not None:
            verdicts.add(cas.attendu.verdict)
    return verdicts


def _controler_verdicts(document: Document, regle: Regle, paquet: Paquet) -> Iterator[Anomalie]:
    fiche = regle.fiche
    montres = _relever_verdicts(fiche)
    exiges: list[NomVerdict] = ["indetermine"]
    possibles = lister_possibles(regle.exige, paquet.parametres)
    if "faux" in possibles:
        exiges.append("alerte" if fiche.sans_ecart else "ecart")
    if "vrai" in possibles:
        exiges.append("conforme")
    if fiche.derogations:
        exiges.append("derogation")
    for verdict in exiges:
        if verdict not in montres:
            yield situer(document, ("cas",), "L09", f"un cas `{verdict}`", "aucun", "l'écrire")
    if not montres - {"hors_periode", "non_applicable"}:
        yield situer(document, ("cas",), "L17", "un cas qui atteint la règle", "aucun", "l'écrire")


def _controler_dates(document: Document, regle: Regle, paquet: Paquet) -> Iterator[Anomalie]:
    """L09 : la veille et le jour de l'entrée en vigueur, le dernier jour et son lendemain."""
    jours = set(_relever_dates(regle, paquet))
    effet = regle.fiche.effet
    exiges = {
        effet.du - timedelta(days=1): "la veille de l'entrée en vigueur",
        effet.du: "le jour de l'entrée en vigueur",
    }
    if effet.au is not None and effet.au < date.max:
        exiges |= {effet.au: "le dernier jour", effet.au + timedelta(days=1): "le lendemain du terme"}
    for jour, nom in exiges.items():
        if jour not in jours:
            yield situer(document, ("cas",), "L09", f"un cas {nom} ({jour})", "aucun", "l'écrire")


def _relever_dates(regle: Regle, paquet: Paquet) -> Iterator[date]:
    for cas in regle.fiche.cas:
        try:
            faits = etablir_faits(lire_fop_du_cas(cas), paquet.acheteurs)
        except FopInvalide:
            continue
        jour = paquet.cadrer(faits).dates[regle.groupe]
        if jour is not None:
            yield jour
