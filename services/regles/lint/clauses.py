"""Ce qu'une clause doit respecter : ce qu'elle cite existe (L04, L05, L06)."""

from collections.abc import Iterator

from services.regles.clauses import Clause
from services.regles.erreurs import Anomalie
from services.regles.faits import trouver_champ
from services.regles.lecture_yaml import Document, Emplacement
from services.regles.paquet import Sources, situer
from services.regles.remedes import NATURES, POUR_TOUS, REFERENTIEL_DES_SEGMENTS


def controler_clauses(sources: Sources) -> Iterator[Anomalie]:
    """Rend les fautes du clausier : clause, donnée, paramètre ou segment cité qui n'existe pas."""
    segments = {POUR_TOUS, *NATURES, *sources.referentiels.get(REFERENTIEL_DES_SEGMENTS, {})}
    for identifiant, clause in sources.clauses.items():
        document = sources.documents_clauses[identifiant]
        for nom, citees in (("va_avec", clause.va_avec), ("exclut", clause.exclut)):
            for rang, citee in enumerate(citees):
                if citee not in sources.clauses:
                    ou: Emplacement = (identifiant, nom, rang)
                    yield situer(document, ou, "L06", "une clause du clausier", citee, "l'écrire ou la retirer")
        for rang, segment in enumerate(clause.segments):
            if segment not in segments:
                ou = (identifiant, "segments", rang)
                yield situer(document, ou, "L04", "un segment du référentiel", segment, "l'ajouter au référentiel")
        yield from _controler_trous(document, identifiant, clause, sources)
    yield from _controler_themes(sources)


def _controler_themes(sources: Sources) -> Iterator[Anomalie]:
    """Un thème demandé par une règle a au moins une clause pour tout achat : aucun segment ne reste sans réponse."""
    generaux = {clause.theme for clause in sources.clauses.values() if POUR_TOUS in clause.segments}
    for document, fiche in sources.fiches:
        for rang, theme in enumerate(fiche.remede.du_segment):
            if theme not in generaux:
                ou: Emplacement = ("remede", "du_segment", rang)
                yield situer(document, ou, "L06", f"une clause `{POUR_TOUS}` de ce thème", theme, "l'écrire")


def _controler_trous(document: Document, identifiant: str, clause: Clause, sources: Sources) -> Iterator[Anomalie]:
    for nom, trou in clause.trous.items():
        ou = (identifiant, "trous", nom)
        if trou.fait is not None and not _exister(trou.fait):
            yield situer(document, ou, "L04", "une donnée de la FOP", trou.fait, "la corriger")
        if trou.parametre is not None and trou.parametre not in sources.parametres:
            yield situer(document, ou, "L05", "un paramètre daté", trou.parametre, "l'ajouter")


def _exister(chemin: str) -> bool:
    if chemin.startswith(("lot.", ".")):
        cle = chemin.partition(".")[2]
        return trouver_champ(f"lots[].{cle}") is not None or trouver_champ(cle) is not None
    return trouver_champ(chemin) is not None
