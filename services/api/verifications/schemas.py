"""Ce que rendent les vérifications : le rapport du cœur, décrit champ par champ, et les éléments d'un lot."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field

from services.api.erreurs import Probleme, composer_probleme, refuser_fop
from services.api.sortie import ecrire
from services.regles.demandes import DEMANDES_MAX, Demande, rassembler_demandes
from services.regles.erreurs import Anomalie, FopInvalide
from services.regles.rapport import (
    AVERTISSEMENT,
    Constat,
    DerogationInvoquee,
    FopJugee,
    MoteurCite,
    Notice,
    PaquetCite,
    Rapport,
    ReferenceCitee,
    RegleCitee,
    RemedePropose,
    Supposition,
    Synthese,
    Syntheses,
    compter,
    synthetiser,
)
from services.regles.remedes import ClauseProposee
from services.regles.trace import ControleLu, SeuilLu

Rang = Annotated[int, Field(description="Position de la fiche dans la liste envoyée, depuis 1.", ge=1)]


@dataclass(frozen=True, slots=True)
class FopJugeeDuLot:
    """Une fiche du lot et son rapport."""

    rang: Rang
    rapport: Annotated[Rapport, Field(description="Le rapport de cette fiche.")]


@dataclass(frozen=True, slots=True)
class FopRefuseeDuLot:
    """Une fiche du lot qui n'a pas pu être lue, et pourquoi."""

    rang: Rang
    probleme: Annotated[Probleme, Field(description="Ce qui empêche de la juger ; les pointeurs partent de la fiche.")]


ElementDuLot = FopJugeeDuLot | FopRefuseeDuLot

LEXIQUE: Final[Mapping[type, Mapping[str, str]]] = {
    Rapport: {
        "format": "Version de la forme du rapport.",
        "fop": "La fiche jugée.",
        "paquet": "Le jeu de règles employé.",
        "moteur": "Le moteur qui a répondu.",
        "date_de_reference": "Date de lancement retenue, saisie ou simulée ; absente si elle manque.",
        "simulation": "Vrai si la date de lancement est simulée (`date_de_reference` dans l'adresse).",
        "syntheses": "Une synthèse par famille : loi, engagement local, plan national ; jamais fusionnées.",
        "comptes": "Nombre de constats par verdict.",
        "constats": "Les constats, du plus grave au moins utile.",
        "regles": "Les règles que citent les constats, chacune une fois : références, effet, confiance.",
        "a_demander": f"Les données qui manquent, {DEMANDES_MAX} au plus, les plus utiles, rangées par thème.",
        "demandes_suivantes": "Nombre de données à demander ensuite, sauf si les réponses les rendent inutiles.",
        "clauses": "Les clauses proposées, prêtes à coller, sans doublon.",
        "suppositions": "Ce que l'outil a supposé faute de réponse.",
        "notices": "Précisions sans verdict : incohérence, texte échu, simulation…",
        "avertissement": "Ce que le rapport ne garantit pas.",
    },
    FopJugee: {
        "reference": "Référence de la fiche chez l'appelant.",
        "objet": "Objet de la consultation.",
        "acheteur": "Nom de l'acheteur, s'il est donné.",
        "empreinte": "Empreinte SHA-256 de la fiche : la même fiche donne la même empreinte.",
    },
    PaquetCite: {
        "nom": "Nom du paquet de règles.",
        "version": "Version publiée du paquet (AAAA.MM.rang).",
        "empreinte": "Empreinte SHA-256 des fichiers du paquet.",
    },
    MoteurCite: {
        "nom": "`double` : deux moteurs jugent et sont comparés ; `direct`, `durable` : un seul.",
        "degrade": "Vrai si deux moteurs étaient voulus et qu'un seul est disponible sur ce serveur.",
    },
    Syntheses: {
        "loi": "Le code de la commande publique, la loi AGEC, EGALIM.",
        "engagement_local": "Le SPASER de l'acheteur : s'en écarter n'est pas une illégalité.",
        "plan_national": "Le plan national pour des achats durables : des objectifs, jamais un écart.",
    },
    Synthese: {
        "etat": "`favorable`, `defavorable` (au moins un écart), `a_completer` (il manque de quoi conclure), "
        "`en_erreur` (une règle n'a pas pu être jugée).",
        "comptes": "Nombre de constats de la famille, par verdict.",
        "ecarts_bloquants": "Nombre d'écarts de gravité bloquante.",
    },
    Constat: {
        "regle": "Identifiant de la règle ; son détail est sous `regles`.",
        "version": "Version de la règle.",
        "titre": "Titre de la règle.",
        "famille": "`loi`, `engagement_local` ou `plan_national`.",
        "nature": "`obligation`, `engagement_local`, `objectif_annuel` ou `recommandation`.",
        "gravite": "Ce que vaut un écart : `bloquant`, `majeur`, `mineur`, `information`.",
        "lot": "Numéro du lot jugé ; absent si la règle porte sur la consultation.",
        "verdict": "Verdict de la règle.",
        "message": "Le verdict, en une phrase.",
        "fondement": "Le texte qui fonde la règle, en clair.",
        "date_de_reference": "Date qui a décidé du droit applicable à cette règle.",
        "a_demander": "Chemins des données qui permettraient de conclure.",
        "parametres_absents": "Paramètres datés dont la valeur n'est pas connue à cette date.",
        "derogation": "L'exception invoquée, motivée ou non.",
        "remede": "Ce qu'il faut faire, et où.",
        "mentions": "Réserves datées : valeur à confirmer, texte échu.",
        "facultatif": "Vrai si le verdict est `indetermine` mais que la réponse ne donnerait au pire qu'une alerte.",
        "trace": "Les contrôles, un à un (`detail=complet`) ; absente sinon.",
    },
    RegleCitee: {
        "id": "Identifiant de la règle.",
        "version": "Version de la règle.",
        "titre": "Titre de la règle.",
        "question_metier": "La question qu'elle pose à la consultation.",
        "corpus": "Texte dont elle vient : `ccp`, `agec`, `egalim`, `pnad`, `spaser_vra`, `spaser_drome`.",
        "axe": "Sujet de la règle.",
        "nature": "`obligation`, `engagement_local`, `objectif_annuel` ou `recommandation`.",
        "effet_du": "Premier jour d'effet.",
        "effet_au": "Dernier jour d'effet ; absent : toujours en vigueur.",
        "references": "Les textes qui la fondent.",
        "note": "Ambiguïté connue du texte, et lecture retenue.",
        "couverture": "Ce que la règle avoue de ses limites.",
        "confiance": "Confiance dans la lecture du droit : `haute`, `moyenne`, `basse`.",
        "relecture_juridique": "`a_faire` tant qu'un juriste ne l'a pas relue.",
    },
    ReferenceCitee: {
        "texte": "Nom du texte.",
        "article": "Article, engagement ou fiche-action.",
        "role": "Ce que le texte apporte : fondement, date d'effet, dérogation, taux, périmètre, interprétation.",
        "url": "Adresse où le texte a été lu.",
        "piece": "Pièce et page, pour un SPASER.",
        "provenance": "Lecture : `L` Légifrance, `S` source secondaire, `C` connaissance, `T` texte intégral.",
        "confiance": "Confiance dans cette lecture.",
    },
    DerogationInvoquee: {
        "id": "Identifiant de l'exception.",
        "titre": "Titre de l'exception.",
        "reference": "Article qui la prévoit ; absent si l'acheteur assume l'écart.",
        "motif": "Motif donné par l'acheteur qui assume un écart à un engagement local.",
        "motivee": "Faux si l'exception est invoquée sans sa justification : l'écart demeure.",
    },
    RemedePropose: {
        "action": "Ce qu'il faut faire.",
        "ou": "Dans quelles pièces.",
        "clauses": "Identifiants des clauses proposées, détaillées sous `clauses`.",
    },
    ControleLu: {
        "partie": "Partie de la règle : `applicable_si`, `exige`, dérogation…",
        "chemin": "Chemin de la donnée lue.",
        "libelle": "Ce que dit la donnée.",
        "lu": "Valeur lue (ou taille de la liste) ; absente si la donnée manque.",
        "provenance": "`saisi`, `herite` (de la consultation), `calcule`, `suppose`, `simule` ou `absent`.",
        "operateur": "Comparaison faite.",
        "borne": "Ce à quoi la valeur est comparée.",
        "parametre": "Le paramètre daté qui donne la borne.",
        "resultat": "`vrai`, `faux` ou `inconnu`.",
    },
    SeuilLu: {
        "cle": "Clé du paramètre.",
        "valeur": "Sa valeur à la date de référence ; absente si elle est inconnue.",
        "depuis": "Date d'effet de cette valeur.",
        "texte": "Texte qui la fixe.",
        "article": "Article qui la fixe.",
        "confiance": "Confiance dans cette valeur.",
    },
    Demande: {
        "theme": "Thème de la donnée, pour grouper les questions.",
        "chemin": "Chemin de la donnée à renseigner dans la fiche.",
        "question": "La question à poser à l'acheteur.",
        "genre": "Genre de la donnée : booléen, nombre, date, énuméré, texte, CPV, liste, objet.",
        "unite": "Unité du nombre attendu.",
        "valeurs": "Valeurs admises d'un énuméré.",
        "exemple": "Un exemple de réponse.",
        "regles": "Règles que cette donnée débloque.",
        "lots": "Lots concernés.",
        "facultative": "Vrai si aucune réponse ne pourrait donner pire qu'une alerte.",
    },
    Supposition: {
        "chemin": "Chemin de la donnée supposée.",
        "valeur": "Valeur supposée.",
        "regles": "Règles qui s'en servent.",
    },
    Notice: {"code": "Sorte de notice.", "texte": "La notice, en une phrase."},
    ClauseProposee: {
        "id": "Identifiant de la clause.",
        "titre": "Titre de la clause.",
        "piece": "Pièce où la mettre.",
        "ou": "Article ou section de la pièce.",
        "texte": "Texte prêt à coller ; les blancs restants y sont écrits « [à compléter : …] ».",
        "a_completer": "Les blancs restants.",
        "interet": "Ce que la clause apporte.",
        "vigilance": "Ce à quoi veiller.",
        "va_avec": "Clauses qui vont avec celle-ci.",
        "exclut": "Clauses incompatibles avec celle-ci.",
        "fondement": "Textes qui la fondent.",
        "article_ccag": "Article du CCAG choisi auquel elle se rattache.",
        "regles": "Règles qui la font proposer.",
        "lots": "Lots concernés.",
        "relecture_juridique": "`a_faire` tant qu'un juriste n'a pas relu la clause.",
    },
}
"""La phrase qui décrit chaque champ du rapport dans l'OpenAPI."""


def composer_exemple() -> object:
    """Rend, en JSON, un petit rapport : un écart à la loi, une donnée à demander, une clause à coller."""
    jour = date(2026, 9, 15)
    texte = "Code de la commande publique"
    seuil = SeuilLu(
        "ccp.dispense.fournitures_services", Decimal(40000), date(2020, 1, 1), "Décret n° 2019-1344", "R2122-8", "haute"
    )
    ecart = Constat(
        regle="CCP-ENV-CRITERE",
        version=1,
        titre="Un critère d'attribution prend en compte l'environnement",
        famille="loi",
        nature="obligation",
        gravite="bloquant",
        lot="1",
        verdict="ecart",
        message="Aucun critère d'attribution de poids non nul ne prend en compte l'environnement.",
        fondement=f"{texte}, L2152-7",
        date_de_reference=jour,
        a_demander=[],
        parametres_absents=[],
        derogation=None,
        remede=RemedePropose("Ajouter un critère environnemental pondéré.", ["RC"], ["RC-CRITERE-ENV-01"]),
        mentions=[],
        facultatif=False,
        trace=[
            ControleLu(
                partie="exige",
                chemin="lots[1].criteres",
                libelle="Critères d'attribution.",
                lu=1,
                provenance="herite",
                operateur="pour un au moins",
                borne=None,
                parametre=None,
                resultat="faux",
            )
        ],
    )
    en_suspens = Constat(
        regle="CCP-PROC-DISPENSE",
        version=1,
        titre="La dispense de publicité reste sous son seuil",
        famille="loi",
        nature="obligation",
        gravite="bloquant",
        lot=None,
        verdict="indetermine",
        message="Impossible de conclure : il manque la valeur estimée.",
        fondement=f"{texte}, R2122-8",
        date_de_reference=jour,
        a_demander=["montant_ht"],
        parametres_absents=[],
        derogation=None,
        remede=RemedePropose("Renseigner la valeur estimée du besoin.", ["FOP"], []),
        mentions=[],
        facultatif=False,
        trace=[
            ControleLu(
                partie="exige",
                chemin="montant_ht",
                libelle="Valeur estimée totale.",
                lu=None,
                provenance="absent",
                operateur="<",
                borne=None,
                parametre=seuil,
                resultat="inconnu",
            )
        ],
    )
    constats = [ecart, en_suspens]
    citees = [
        RegleCitee(
            id=constat.regle,
            version=1,
            titre=constat.titre,
            question_metier=question,
            corpus="ccp",
            axe=axe,
            nature="obligation",
            effet_du=du,
            effet_au=None,
            references=[ReferenceCitee(texte, article, "fondement", None, None, "S", "haute")],
            note=None,
            couverture="complete",
            confiance="haute",
            relecture_juridique="a_faire",
        )
        for constat, question, axe, du, article in (
            (ecart, "Un critère environnemental est-il prévu ?", "environnement", date(2026, 8, 21), "L2152-7"),
            (en_suspens, "La dispense est-elle permise ?", "procedure", date(2020, 1, 1), "R2122-8"),
        )
    ]
    clause = ClauseProposee(
        id="RC-CRITERE-ENV-01",
        titre="Critère environnemental pondéré",
        piece="RC",
        ou="Article « Jugement des offres »",
        texte="Performance environnementale de l'offre : [à compléter : poids du critère] %.",
        a_completer=["poids du critère"],
        interet="Répond à l'obligation d'un critère environnemental.",
        vigilance="Le critère doit être lié à l'objet du marché.",
        va_avec=[],
        exclut=[],
        fondement=["L2152-7 du code de la commande publique"],
        article_ccag=None,
        regles=["CCP-ENV-CRITERE"],
        lots=["1"],
        relecture_juridique="a_faire",
    )
    rapport = Rapport(
        format=1,
        fop=FopJugee("FOP-2026-042", "Mobilier de bureau", "Valence Romans Agglo", "9f2c" * 16),
        paquet=PaquetCite("VériFOP", "2026.11.0", "d783" * 16),
        moteur=MoteurCite("double", False),
        date_de_reference=jour,
        simulation=False,
        syntheses=synthetiser(constats),
        comptes=compter(constats),
        constats=constats,
        regles=citees,
        a_demander=rassembler_demandes(constats, {})[0],
        demandes_suivantes=0,
        clauses=[clause],
        suppositions=[Supposition("type_contrat", "marche", ["CCP-ENV-CRITERE"])],
        notices=[],
        avertissement=AVERTISSEMENT,
    )
    return json.loads(ecrire(rapport))


def composer_exemple_de_lot() -> object:
    """Rend, en JSON, la réponse d'un lot de deux fiches, la seconde fautive."""
    faute = Anomalie("type_attendu", "lots[2].cpv", "/lots/1/cpv", "texte", "entier", "mettre des guillemets")
    refus = refuser_fop(FopInvalide([faute]))
    probleme = composer_probleme(refus.genre, refus.detail, None, refus.anomalies)
    return [{"rang": 1, "rapport": composer_exemple()}, json.loads(ecrire(FopRefuseeDuLot(2, probleme)))]
