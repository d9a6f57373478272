"""La ligne de commande de la bibliothèque : vérifier des FOP, contrôler et expliquer les règles, mesurer."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.table import Table

from services.regles.affichage import afficher_rapport, afficher_tableau, creer_console
from services.regles.cas import jouer_cas
from services.regles.conditions import lire_date
from services.regles.couverture import mesurer_couverture
from services.regles.decp import convertir, lire_decp
from services.regles.echeances import lister_echeances
from services.regles.ecriture import ecrire_json
from services.regles.enonce import ecrire_valeur
from services.regles.erreurs import Anomalie, EntreesInvalides, FopInvalide
from services.regles.fop import DATE_MAX, DATE_MIN, TAILLE_MAX_CORPS
from services.regles.lecture_fop import lire_fop_json
from services.regles.lint import controler_dossier
from services.regles.messages import ecrire_date
from services.regles.moteur.port import MoteurIndisponible
from services.regles.paquet import Paquet, charger_paquet
from services.regles.rapport import Rapport
from services.regles.schemas import SCHEMAS
from services.regles.site import composer_site
from services.regles.trace import RESULTATS
from services.regles.verification import Verificateur

RACINE = Path(__file__).resolve().parents[2]


class Code(IntEnum):
    """Codes de sortie, du plus grave au moins grave quand plusieurs FOP sont vérifiées."""

    FAVORABLE = 0
    ECART = 1
    A_COMPLETER = 2
    ENTREE_FAUTIVE = 3
    ERREUR_INTERNE = 4


GRAVITE_DES_CODES = (Code.ERREUR_INTERNE, Code.ENTREE_FAUTIVE, Code.ECART, Code.A_COMPLETER, Code.FAVORABLE)


class ChoixMoteur(StrEnum):
    """Moteurs proposés."""

    direct = "direct"
    durable = "durable"
    double = "double"


class ChoixFormat(StrEnum):
    """Formats de sortie d'un rapport."""

    texte = "texte"
    json = "json"
    tableau = "tableau"


class ChoixDetail(StrEnum):
    """Détail d'un rapport."""

    essentiel = "essentiel"
    complet = "complet"


Dossier = Annotated[
    Path,
    typer.Option("--regles", envvar="VERIFOP_REGLES", help="Dossier des règles.", show_default="regles/"),
]

application = typer.Typer(
    help="VériFOP : vérifier une Fiche Opération avant de lancer la consultation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
regles = typer.Typer(help="Contrôler, jouer, couvrir, publier et expliquer les règles.", no_args_is_help=True)
banc = typer.Typer(help="Mesurer.", no_args_is_help=True)
application.add_typer(regles, name="regles")
importer = typer.Typer(help="Faire des fiches à partir d'autres données.", no_args_is_help=True)
application.add_typer(importer, name="importer")
application.add_typer(banc, name="banc")


def arreter(message: str, code: Code) -> NoReturn:
    """Écrit le message sur la sortie d'erreur et arrête la commande avec ce code."""
    creer_console(erreur=True).print(message, soft_wrap=True)
    raise typer.Exit(code)


def charger(dossier: Path, contexte: typer.Context) -> Paquet:
    """Charge le paquet ou arrête la commande en disant toutes ses fautes.

    L'objet du contexte, s'il y en a un, est le dossier où garder les règles déjà lues.
    """
    try:
        return charger_paquet(dossier, contexte.obj)
    except EntreesInvalides as erreur:
        arreter(f"Le dossier de règles est fautif :\n{_lister(erreur.anomalies)}", Code.ENTREE_FAUTIVE)


def _lister(anomalies: tuple[Anomalie, ...]) -> str:
    return "\n".join(f"  {anomalie}" for anomalie in anomalies)


def _lire_jour(texte: str | None) -> date | None:
    if texte is None:
        return None
    jour = lire_date(texte)
    if jour is None or not DATE_MIN <= jour <= DATE_MAX:
        attendu = f"--date : date AAAA-MM-JJ attendue, de {DATE_MIN.year} à {DATE_MAX.year}"
        arreter(f"{attendu} : écrire par exemple 2026-08-20", Code.ENTREE_FAUTIVE)
    return jour


def _preparer(dossier: Path, moteur: ChoixMoteur, contexte: typer.Context) -> Verificateur:
    """Compile le paquet, ou arrête la commande en disant pourquoi ; prévient si un seul moteur juge."""
    try:
        verificateur = Verificateur(charger(dossier, contexte), moteur.value)
    except MoteurIndisponible as erreur:
        arreter(f"Moteur {moteur.value} : {erreur}", Code.ENTREE_FAUTIVE)
    if verificateur.degrade:
        console = creer_console(erreur=True)
        console.print("Avertissement : durable-rules absent, le moteur direct juge seul.", style="yellow")
    return verificateur


@application.command()
def verifier(
    contexte: typer.Context,
    fichiers: Annotated[list[str], typer.Argument(help="Fichiers JSON de FOP ; « - » lit l'entrée standard.")],
    jour: Annotated[str | None, typer.Option("--date", help="Simuler un lancement ce jour-là (AAAA-MM-JJ).")] = None,
    moteur: Annotated[ChoixMoteur, typer.Option(help="Moteur qui juge.")] = ChoixMoteur.double,
    forme: Annotated[ChoixFormat, typer.Option("--format", help="Forme de la sortie.")] = ChoixFormat.texte,
    detail: Annotated[
        ChoixDetail, typer.Option(help="Avec les textes des clauses et le pourquoi.")
    ] = ChoixDetail.essentiel,
    dossier: Dossier = RACINE / "regles",
) -> None:
    """Vérifier une ou plusieurs FOP.

    Code de sortie : 0 favorable, 1 écart, 2 à compléter, 3 entrée fautive, 4 erreur interne (le plus grave l'emporte :
    4, 3, 1, 2, 0).
    """
    simulee = _lire_jour(jour)
    verificateur = _preparer(dossier, moteur, contexte)
    resultats = [(fichier, _verifier_un(verificateur, fichier, simulee, detail)) for fichier in fichiers]
    if forme is ChoixFormat.json:
        elements = [decrire_resultat(fichier, resultat, seul=len(fichiers) == 1) for fichier, resultat in resultats]
        print(ecrire_json(elements[0] if len(fichiers) == 1 else elements).decode())
    elif forme is ChoixFormat.tableau:
        rapports = [resultat for _, resultat in resultats if isinstance(resultat, Rapport)]
        afficher_tableau(rapports, len(resultats) - len(rapports), creer_console())
    else:
        for fichier, resultat in resultats:
            _afficher(fichier, resultat, detail, seul=len(fichiers) == 1)
    codes = [_coder(resultat) for _, resultat in resultats]
    raise typer.Exit(next(code for code in GRAVITE_DES_CODES if code in codes))


Resultat = Rapport | tuple[Anomalie, ...]
"""Ce que donne une fiche : son rapport, ou ce qui empêche de la lire."""


def _verifier_un(verificateur: Verificateur, fichier: str, jour: date | None, detail: ChoixDetail) -> Resultat:
    try:
        return verificateur.verifier(lire_fop_json(_lire_octets(fichier)), jour, detail.value)
    except OSError as erreur:
        lu = erreur.strerror or type(erreur).__name__
        return (Anomalie("fichier_illisible", "", "", "fichier lisible", lu, "vérifier le chemin et les droits"),)
    except FopInvalide as erreur:
        return erreur.anomalies


def decrire_resultat(fichier: str, resultat: Resultat, *, seul: bool) -> object:
    """Rend ce que la sortie JSON dit d'une fiche : son rapport (et son fichier s'il y en a plusieurs) ou ses fautes."""
    if isinstance(resultat, Rapport):
        return resultat if seul else {"fichier": fichier, "rapport": resultat}
    return {"fichier": fichier, "anomalies": [ecrire_anomalie(anomalie) for anomalie in resultat]}


def _afficher(fichier: str, resultat: Resultat, detail: ChoixDetail, *, seul: bool) -> None:
    console = creer_console()
    if isinstance(resultat, Rapport):
        if not seul:
            console.print(f"── {fichier}", style="dim", soft_wrap=True)
        afficher_rapport(resultat, console, detail.value)
        return
    pluriel = "s" if len(resultat) > 1 else ""
    console.print(f"{fichier} : fiche refusée, {len(resultat)} faute{pluriel}", style="bold red", soft_wrap=True)
    console.print(_lister(resultat), soft_wrap=True)


def _coder(resultat: Resultat) -> Code:
    return choisir_code(resultat) if isinstance(resultat, Rapport) else Code.ENTREE_FAUTIVE


def ecrire_anomalie(anomalie: Anomalie) -> dict[str, str]:
    """Rend une faute en objet JSON."""
    return {
        "code": anomalie.code,
        "chemin": anomalie.chemin,
        "pointeur": anomalie.pointeur,
        "attendu": anomalie.attendu,
        "lu": anomalie.lu,
        "correction": anomalie.correction,
    }


def _lire_octets(fichier: str) -> bytes:
    # Un octet de plus que permis suffit pour que la lecture dise « trop long » sans tout charger.
    if fichier == "-":
        return sys.stdin.buffer.read(TAILLE_MAX_CORPS + 1)
    with open(fichier, "rb") as flux:
        return flux.read(TAILLE_MAX_CORPS + 1)


def choisir_code(rapport: Rapport) -> Code:
    """Rend le code de sortie d'un rapport : la plus mauvaise de ses synthèses."""
    syntheses = rapport.syntheses
    etats = {syntheses.loi.etat, syntheses.engagement_local.etat, syntheses.plan_national.etat}
    if "en_erreur" in etats:
        return Code.ERREUR_INTERNE
    if "defavorable" in etats:
        return Code.ECART
    return Code.A_COMPLETER if "a_completer" in etats else Code.FAVORABLE


@regles.command()
def lint(contexte: typer.Context, dossier: Dossier = RACINE / "regles") -> None:
    """Contrôler le dossier de règles (L01 à L18)."""
    fautes = controler_dossier(dossier)
    console = creer_console()
    for faute in fautes:
        console.print(f"{faute.code:<4} {faute}", soft_wrap=True)
    if fautes:
        console.print(f"{len(fautes)} faute{'s' if len(fautes) > 1 else ''}", style="bold red")
        raise typer.Exit(Code.ECART)
    paquet = charger(dossier, contexte)
    console.print(
        f"{len(paquet.regles)} règles, {len(paquet.parametres)} paramètres, {len(paquet.clauses)} clauses : "
        f"aucune faute (paquet {paquet.version}, empreinte {paquet.empreinte[:12]})",
        soft_wrap=True,
    )


@regles.command()
def cas(
    contexte: typer.Context, dossier: Dossier = RACINE / "regles", moteur: ChoixMoteur = ChoixMoteur.double
) -> None:
    """Jouer les cas écrits dans les fiches."""
    joues = jouer_cas(_preparer(dossier, moteur, contexte))
    console = creer_console()
    echoues = [joue for joue in joues if joue.fautes]
    for joue in echoues:
        console.print(f"✗ {joue.regle} — {joue.nom}", style="red", soft_wrap=True)
        for faute in joue.fautes:
            console.print(f"    {faute}", soft_wrap=True)
    console.print(f"{len(joues) - len(echoues)} cas réussis sur {len(joues)} (moteur {moteur.value})")
    if echoues:
        raise typer.Exit(Code.ECART)


@regles.command()
def couverture(contexte: typer.Context, dossier: Dossier = RACINE / "regles") -> None:
    """Mesurer la couverture ternaire : chaque contrôle vu vrai, faux et inconnu par les cas."""
    mesure = mesurer_couverture(charger(dossier, contexte))
    console = creer_console()
    table = Table("règle", "contrôles", "vus", "exigés", box=None, pad_edge=False)
    for regle in dict.fromkeys(controle.fiche.id for controle in mesure.controles):
        siens = [controle for controle in mesure.controles if controle.fiche.id == regle]
        vus, exiges = sum(len(c.exiges & c.vus) for c in siens), sum(len(c.exiges) for c in siens)
        table.add_row(regle, str(len(siens)), str(vus), str(exiges), style=None if vus == exiges else "red")
    console.print(table)
    for controle in mesure.controles:
        for manquant in controle.manquants:
            console.print(
                f"✗ {controle.fiche.id} {controle.partie} : « {controle.libelle} » jamais {manquant}",
                soft_wrap=True,
            )
    taux = 100 * mesure.obtenus / mesure.exiges if mesure.exiges else 100
    console.print(f"{mesure.obtenus} résultats vus sur {mesure.exiges} exigés ({taux:.1f} %)".replace(".", ","))
    if mesure.obtenus < mesure.exiges:
        raise typer.Exit(Code.ECART)


@regles.command()
def echeances(
    contexte: typer.Context,
    jour: Annotated[
        str | None,
        typer.Option("--depuis", help="Ce qui change après ce jour (AAAA-MM-JJ) ; défaut : la publication."),
    ] = None,
    dossier: Dossier = RACINE / "regles",
) -> None:
    """Annoncer ce qui va changer : seuils et taux, règles, schémas échus."""
    paquet, console = charger(dossier, contexte), creer_console()
    depuis = _lire_jour(jour) or paquet.publie_le
    annoncees = lister_echeances(paquet, depuis)
    console.print(f"Après le {ecrire_date(depuis)} (règles {paquet.version})")
    for echeance in annoncees:
        alerte = "" if echeance.connue else " — à renseigner"
        ligne = f"{echeance.jour:%d/%m/%Y}  {echeance.objet} : {echeance.texte}{alerte}"
        console.print(ligne, soft_wrap=True, style=None if echeance.connue else "yellow")
    inconnues = sum(not echeance.connue for echeance in annoncees)
    console.print(f"{len(annoncees)} échéances, dont {inconnues} à la valeur inconnue")


@regles.command()
def site(
    contexte: typer.Context,
    vers: Annotated[Path, typer.Option("--vers", help="Dossier où écrire le site.")] = Path("site-regles"),
    dossier: Dossier = RACINE / "regles",
) -> None:
    """Publier le site des règles : des pages statiques, lisibles hors ligne."""
    fichiers = composer_site(charger(dossier, contexte))
    vers.mkdir(parents=True, exist_ok=True)
    for nom, contenu in fichiers.items():
        (vers / nom).write_bytes(contenu)
    creer_console().print(f"{len(fichiers)} fichiers écrits ; ouvrir {vers / 'index.html'}", soft_wrap=True)


@regles.command()
def schema(
    nom: Annotated[str, typer.Argument(help=f"{', '.join(SCHEMAS)}.")] = "fiche-regle",
) -> None:
    """Écrire un JSON Schema (fop ou fiche-regle)."""
    if nom not in SCHEMAS:
        arreter(f"schéma inconnu : choisir parmi {', '.join(SCHEMAS)}", Code.ENTREE_FAUTIVE)
    print(json.dumps(SCHEMAS[nom](), ensure_ascii=False, indent=2))


@regles.command()
def expliquer(
    contexte: typer.Context,
    identifiant: Annotated[str, typer.Argument(help="Identifiant de la règle, par exemple CCP-ENV-CRITERE.")],
    jour: Annotated[str | None, typer.Option("--date", help="Valeurs des paramètres ce jour-là (AAAA-MM-JJ).")] = None,
    dossier: Dossier = RACINE / "regles",
) -> None:
    """Expliquer une règle : question, effet, fondement, paramètres datés, remède."""
    paquet = charger(dossier, contexte)
    regle = paquet.trouver_regle(identifiant.upper())
    if regle is None:
        connues = ", ".join(sorted(r.fiche.id for r in paquet.regles))
        arreter(f"règle inconnue : choisir parmi {connues}", Code.ENTREE_FAUTIVE)
    fiche, console, date_voulue = regle.fiche, creer_console(), _lire_jour(jour)
    console.print(f"{fiche.id} (version {fiche.version}) — {fiche.titre}", style="bold")
    console.print(fiche.question_metier)
    au = f" au {ecrire_date(fiche.effet.au)}" if fiche.effet.au else ", toujours en vigueur"
    console.print(
        f"En vigueur du {ecrire_date(fiche.effet.du)}{au} · {fiche.nature.replace('_', ' ')} · {fiche.gravite}"
    )
    console.print(f"Confiance {fiche.confiance} · relecture juridique : {fiche.relecture_juridique.replace('_', ' ')}")
    for reference in fiche.references:
        lien = reference.url or reference.piece or ""
        console.print(
            f"• {reference.texte}, {reference.article} "
            f"({reference.role.replace('_', ' ')}, {reference.confiance}) {lien}"
        )
    for alias, cle in fiche.parametres.items():
        console.print(f"Paramètre {alias} = {cle} : {paquet.parametres[cle].libelle}")
        for ligne in _dire_valeurs(paquet, cle, date_voulue):
            console.print(f"    {ligne}")
    if fiche.note:
        console.print(f"Note : {fiche.note}")
    console.print(f"À faire : {fiche.remede.action}")
    if fiche.remede.clauses:
        console.print(f"Clauses : {', '.join(fiche.remede.clauses)}")
    console.print(f"{len(fiche.cas)} cas ; résultats possibles d'un contrôle : {', '.join(RESULTATS.values())}")


def _dire_valeurs(paquet: Paquet, cle: str, jour: date | None) -> Iterator[str]:
    parametre = paquet.parametres[cle]
    if jour is not None:
        valeur = parametre.valoir(jour)
        yield f"au {ecrire_date(jour)} : " + (
            "inconnu" if valeur is None else f"{ecrire_valeur(valeur.valeur, parametre.unite)} ({valeur.texte})"
        )
        return
    for ligne in parametre.valeurs:
        valeur_ecrite = "inconnu" if ligne.valeur is None else ecrire_valeur(ligne.valeur, parametre.unite)
        yield f"depuis le {ecrire_date(ligne.depuis)} : {valeur_ecrite} ({ligne.texte}, {ligne.article})"


@importer.command()
def decp(
    fichier: Annotated[Path, typer.Argument(help="Données essentielles, en JSON ou en JSON par ligne.")],
    vers: Annotated[Path, typer.Option("--vers", help="Dossier où écrire une fiche par marché.")],
) -> None:
    """Faire une fiche de chaque marché publié ; ce qu'une donnée essentielle tait reste absent."""
    try:
        importees = [convertir(marche) for marche in lire_decp(fichier.read_bytes())]
    except OSError as erreur:
        arreter(f"{fichier} : {erreur.strerror or type(erreur).__name__}", Code.ENTREE_FAUTIVE)
    except FopInvalide as erreur:
        arreter(f"{fichier} :\n{_lister(erreur.anomalies)}", Code.ENTREE_FAUTIVE)
    vers.mkdir(parents=True, exist_ok=True)
    noms: Counter[str] = Counter()
    for importee in importees:
        noms[importee.nom] += 1
        suffixe = f"-{noms[importee.nom]}" if noms[importee.nom] > 1 else ""
        texte = json.dumps(importee.fop, ensure_ascii=False, indent=2)
        (vers / f"{importee.nom}{suffixe}.json").write_text(f"{texte}\n", encoding="utf-8")
    console = creer_console()
    console.print(f"{len(importees)} fiches écrites dans {vers}", soft_wrap=True)
    for raison, nombre in Counter(e for importee in importees for e in importee.ecartes).most_common():
        console.print(f"  {nombre} : {raison}", soft_wrap=True)


@banc.command("moteur")
def mesurer_moteur(
    passes: Annotated[int, typer.Option(min=1, help="Passes entrelacées ; la médiane est rendue.")] = 5,
) -> None:
    """Mesurer les moteurs entre eux, et contre zen-engine et clipspy s'ils sont installés."""
    sys.path.insert(0, str(RACINE))
    from bancs.moteur import lancer

    lancer(passes=passes)
