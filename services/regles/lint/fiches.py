"""Ce qu'une fiche doit respecter, seule et parmi les autres : L01, L03, L07, L08, L11, L13 à L16."""

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations, pairwise

from services.regles.conditions import Arbre, Feuille, Noeud, Quantificateur, parcourir
from services.regles.erreurs import Anomalie
from services.regles.fiches import Fiche
from services.regles.lecture_yaml import Document
from services.regles.messages import FILTRES, lister_variables
from services.regles.moteur.port import MoteurIndisponible
from services.regles.moteur.termes import VRAI, Catalogue, Dnf, croiser, traduire_arbre
from services.regles.paquet import Paquet, Sources, situer
from services.regles.regle import Regle
from services.regles.trivalent import Trivalent, conjuguer, disjoindre

AGE_MAX_LECTURE = timedelta(days=366)
GENRES_COMMUNS = {
    "effet.du": "date",
    "effet.au": "date",
    "date_de_reference": "date",
    "derogation.titre": "texte",
    "derogation.reference": "texte",
    "a_demander": "liste",
    "lot.numero": "texte",
}
"""Variables permises dans tout message."""
GENRES_DES_FILTRES = {
    "euros": {"nombre"},
    "pourcent": {"nombre"},
    "date": {"date"},
    "nombre": {"nombre", "liste"},
    "liste": {"liste", "texte", "enumere"},
}
MOTS_COMMUNS = 9
"""Autant de mots de suite communs à une règle et à une clause ne sont plus un hasard."""


def controler_fiches(sources: Sources, paquet: Paquet) -> Iterator[Anomalie]:
    """Rend les fautes de fiches, dans l'ordre des fichiers."""
    messages_legaux = {
        message: fiche.id
        for _, fiche in sources.fiches
        if fiche.famille == "loi"
        for message in fiche.messages.model_dump(exclude_none=True).values()
    }
    suites = _relever_suites(sources)
    regles = {regle.fiche.cle: regle for regle in paquet.regles}
    for document, fiche in sources.fiches:
        yield from _controler_nom(document, fiche)
        yield from _controler_references(document, fiche)
        yield from _controler_gravite(document, fiche, messages_legaux)
        yield from _controler_lecture(document, fiche, paquet)
        yield from _controler_messages(document, fiche)
        yield from _controler_prose(document, fiche, suites)
        regle = regles.get(fiche.cle)
        if regle is not None:
            yield from _controler_variables(document, fiche, regle)
            yield from _controler_suppositions(document, regle)
    yield from _controler_successions(sources)
    yield from _controler_contradictions(sources, paquet)


def _controler_nom(document: Document, fiche: Fiche) -> Iterator[Anomalie]:
    nom = fiche.id.lower() + (f"-v{fiche.version}" if fiche.version > 1 else "")
    fichier = document.fichier.rsplit("/", 1)[-1].removesuffix(".yaml")
    if fichier != nom:
        yield situer(document, ("id",), "L01", f"un fichier nommé {nom}.yaml", f"{fichier}.yaml", "renommer le fichier")
    dossier = document.fichier.split("/")[-2].replace("-", "_")
    if dossier != fiche.corpus:
        yield situer(
            document,
            ("corpus",),
            "L01",
            f"le corpus de son dossier ({dossier})",
            fiche.corpus,
            "déplacer la fiche",
        )


def _controler_successions(sources: Sources) -> Iterator[Anomalie]:
    """L03 : les versions d'une même règle se suivent au jour près, sans trou ni recouvrement."""
    versions: dict[str, list[tuple[Document, Fiche]]] = {}
    for document, fiche in sources.fiches:
        versions.setdefault(fiche.id, []).append((document, fiche))
    for suite in versions.values():
        suite.sort(key=lambda paire: paire[1].version)
        if suite[0][1].version != 1 and suite[0][1].remplace is None:
            yield situer(
                suite[0][0],
                ("version",),
                "L03",
                "une version 1, ou `remplace`",
                str(suite[0][1].version),
                "dire ce qu'elle remplace",
            )
        for (_, avant), (document, apres) in pairwise(suite):
            fin = avant.effet.au
            if apres.remplace != f"{avant.id}@{avant.version}":
                yield situer(
                    document,
                    ("remplace",),
                    "L03",
                    f"{avant.id}@{avant.version}",
                    str(apres.remplace),
                    "nommer la version remplacée",
                )
            if fin is None or apres.effet.du - fin != timedelta(days=1):
                yield situer(
                    document,
                    ("effet", "du"),
                    "L03",
                    f"le lendemain de la fin de {avant.id}@{avant.version} ({fin})",
                    str(apres.effet.du),
                    "rendre les périodes jointives",
                )


def _controler_variables(document: Document, fiche: Fiche, regle: Regle) -> Iterator[Anomalie]:
    """L07 : un message ne cite que ce que sa règle lit, par un filtre qui convient."""
    genres = _relever_genres(fiche, regle)
    for nom, gabarit in fiche.messages.model_dump(exclude_none=True).items():
        ou = ("messages", nom)
        for variable, filtre in lister_variables(gabarit):
            if variable not in genres:
                yield situer(document, ou, "L07", "une donnée lue par la règle", variable, "la retirer du message")
            elif filtre is not None and filtre not in FILTRES:
                yield situer(document, ou, "L07", f"un filtre parmi {', '.join(FILTRES)}", filtre, "le corriger")
            elif filtre is not None and genres[variable] not in GENRES_DES_FILTRES[filtre]:
                attendu = f"un filtre pour une donnée de genre {genres[variable]}"
                yield situer(document, ou, "L07", attendu, f"{variable} | {filtre}", "changer de filtre")


def _relever_genres(fiche: Fiche, regle: Regle) -> dict[str, str]:
    """Rend le genre de chaque variable permise : données lues (du lot, dans une règle de lot), paramètres, date…"""
    genres = GENRES_COMMUNS | dict.fromkeys(fiche.parametres, "nombre")
    for noeud in (noeud for arbre in regle.lister_arbres() for noeud in parcourir(arbre)):
        lecture = noeud.lecture if isinstance(noeud, Feuille) else noeud.liste
        if lecture.portee != "element":
            genres[lecture.source] = lecture.champ.genre
        elif regle.niveau_lot and lecture.champ.chemin == f"lots[].{lecture.cle}":
            genres[lecture.source] = genres[f"lot{lecture.source}"] = lecture.champ.genre
    return genres


def _controler_references(document: Document, fiche: Fiche) -> Iterator[Anomalie]:
    for rang, reference in enumerate(fiche.references):
        if fiche.famille == "loi" and reference.url is None:
            yield situer(document, ("references", rang), "L08", "un lien vers le texte (`url`)", "aucun", "l'ajouter")
        if fiche.famille == "engagement_local" and reference.piece is None and reference.url is None:
            yield situer(document, ("references", rang), "L08", "la pièce et la page (`piece`)", "aucune", "l'ajouter")
    if not any(reference.role == "fondement" for reference in fiche.references):
        yield situer(document, ("references",), "L08", "une référence de rôle fondement", "aucune", "la désigner")


def _controler_gravite(document: Document, fiche: Fiche, messages_legaux: dict[str, str]) -> Iterator[Anomalie]:
    if fiche.famille == "loi":
        return
    if fiche.gravite == "bloquant":
        yield situer(document, ("gravite",), "L11", "majeur, mineur ou information", "bloquant", "seule la loi bloque")
    if fiche.nature == "obligation":
        yield situer(
            document,
            ("nature",),
            "L11",
            "engagement_local, objectif_annuel ou recommandation",
            "obligation",
            "la corriger",
        )
    for nom, message in fiche.messages.model_dump(exclude_none=True).items():
        if message in messages_legaux:
            yield situer(
                document,
                ("messages", nom),
                "L11",
                "un message propre à l'engagement",
                messages_legaux[message],
                "le réécrire",
            )


def _controler_lecture(document: Document, fiche: Fiche, paquet: Paquet) -> Iterator[Anomalie]:
    """L13 : une fiche active a été lue depuis moins d'un an à la publication, et jamais dans l'avenir."""
    if fiche.statut != "active":
        return
    if fiche.verifie_le > paquet.publie_le or paquet.publie_le - fiche.verifie_le > AGE_MAX_LECTURE:
        yield situer(
            document,
            ("verifie_le",),
            "L13",
            f"une date dans l'année qui précède le {paquet.publie_le}",
            str(fiche.verifie_le),
            "relire les sources et dater la lecture",
        )
    if fiche.confiance == "basse" and not fiche.sans_ecart:
        yield situer(
            document,
            ("confiance",),
            "L13",
            "une recommandation (alerte au plus) quand la confiance est basse",
            fiche.nature,
            "changer la nature de la règle",
        )


def _controler_messages(document: Document, fiche: Fiche) -> Iterator[Anomalie]:
    """L16 : une phrase par verdict possible, terminée par un point."""
    possibles = {"indetermine"}
    possibles |= {"alerte"} if fiche.sans_ecart else {"ecart"}
    possibles |= {"alerte"} if fiche.alerte_si is not None else set()
    possibles |= {"derogation", "derogation_incomplete"} if fiche.derogations else set()
    ecrits = fiche.messages.model_dump(exclude_none=True)
    for nom in sorted(possibles - set(ecrits)):
        yield situer(document, ("messages",), "L16", f"un message `{nom}`", "aucun", "l'écrire")
    for nom, message in ecrits.items():
        if not message.strip().endswith("."):
            yield situer(
                document,
                ("messages", nom),
                "L16",
                "une phrase terminée par un point",
                message[-20:],
                "ajouter le point",
            )
    impossibles = {"ecart"} if fiche.sans_ecart else set()
    for nom in sorted(impossibles & set(ecrits)):
        yield situer(document, ("messages", nom), "L16", "aucun message pour un verdict impossible", nom, "le retirer")


def _controler_suppositions(document: Document, regle: Regle) -> Iterator[Anomalie]:
    """L13 : une règle bloquante n'est jamais conforme par la seule grâce d'une supposition."""
    if regle.fiche.gravite == "bloquant" and _conclure_par_supposition(regle.exige) is True:
        yield situer(
            document,
            ("donnees",),
            "L13",
            "une supposition qui ne rend pas la règle conforme à elle seule",
            "une exigence vraie sans aucune donnée saisie",
            "demander la donnée",
        )


def _conclure_par_supposition(arbre: Arbre) -> Trivalent:
    """Rend ce que vaut l'arbre quand rien n'est saisi et que seules les suppositions répondent."""
    if isinstance(arbre, Noeud):
        resultats = [_conclure_par_supposition(enfant) for enfant in arbre.enfants]
        return conjuguer(resultats) if arbre.toutes else disjoindre(resultats)
    if isinstance(arbre, Quantificateur):
        return arbre.tous if arbre.liste.defaut == [] else None
    defaut, operateur = arbre.lecture.defaut, arbre.operateur
    if defaut is None or arbre.parametre is not None or operateur.famille == "presence":
        return None
    if arbre.famille is not None:
        return operateur.comparer(arbre.famille.contenir(defaut), True)
    return operateur.comparer(len(defaut) if operateur.famille == "taille" else defaut, arbre.constante)


_MOTS = re.compile(r"\w+")


def _relever_suites(sources: Sources) -> dict[tuple[str, ...], str]:
    suites: dict[tuple[str, ...], str] = {}
    for identifiant, clause in sources.clauses.items():
        mots = _MOTS.findall(clause.texte.lower())
        for rang in range(len(mots) - MOTS_COMMUNS + 1):
            suites.setdefault(tuple(mots[rang : rang + MOTS_COMMUNS]), identifiant)
    return suites


def _controler_prose(document: Document, fiche: Fiche, suites: dict[tuple[str, ...], str]) -> Iterator[Anomalie]:
    """L15 : le texte des clauses vit dans le clausier, jamais dans une règle."""
    textes = {("remede", "action"): fiche.remede.action}
    textes |= {("messages", nom): texte for nom, texte in fiche.messages.model_dump(exclude_none=True).items()}
    for ou, texte in textes.items():
        mots = _MOTS.findall(texte.lower())
        for rang in range(len(mots) - MOTS_COMMUNS + 1):
            clause = suites.get(tuple(mots[rang : rang + MOTS_COMMUNS]))
            if clause is not None:
                yield situer(
                    document,
                    ou,
                    "L15",
                    "une action, pas un texte de clause",
                    f"une phrase de {clause}",
                    "renvoyer à la clause",
                )
                break


def _controler_contradictions(sources: Sources, paquet: Paquet) -> Iterator[Anomalie]:
    """L14 : deux règles applicables ensemble ne peuvent exiger des choses contraires."""
    documents = {fiche.cle: document for document, fiche in sources.fiches}
    for gauche, droite in combinations(paquet.regles, 2):
        if gauche.niveau_lot == droite.niveau_lot and _se_recouvrir(gauche, droite) and _se_contredire(gauche, droite):
            yield situer(
                documents[droite.fiche.cle],
                ("exige",),
                "L14",
                f"une exigence compatible avec {gauche.fiche.id}",
                "son contraire dans les mêmes cas",
                "accorder les deux règles",
            )


def _se_recouvrir(gauche: Regle, droite: Regle) -> bool:
    a, b = gauche.fiche.effet, droite.fiche.effet
    return (b.au is None or a.du <= b.au) and (a.au is None or b.du <= a.au)


def _se_contredire(gauche: Regle, droite: Regle) -> bool:
    """Vrai si les deux règles peuvent s'appliquer ensemble mais jamais être respectées ensemble."""
    catalogue = Catalogue()

    def traduire(arbre: Arbre | None) -> Dnf:
        return VRAI if arbre is None else traduire_arbre(arbre, catalogue)[0]

    try:
        exigences = croiser(traduire(gauche.exige), traduire(droite.exige))
        ensemble = croiser(traduire(gauche.applicable_si), traduire(droite.applicable_si))
        return bool(ensemble) and not croiser(ensemble, exigences)
    except MoteurIndisponible:
        return False  # trop combinatoires pour être comparées : le moteur, lui, les jugerait une à une
