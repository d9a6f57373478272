"""Le rapport au terminal : 80 colonnes, sobre, lisible sans couleur."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from textwrap import fill, wrap

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.regles.fiches import NomVerdict
from services.regles.messages import ecrire_date, ecrire_nombre, ecrire_simplement
from services.regles.rapport import VERDICTS, Constat, Detail, EtatSynthese, Rapport, Synthese

LARGEUR = 80
COLONNE_DES_COMPTES = 29
ETATS: dict[EtatSynthese, tuple[str, str]] = {
    "favorable": ("FAVORABLE", "bold green"),
    "defavorable": ("DÉFAVORABLE", "bold red"),
    "a_completer": ("À COMPLÉTER", "bold yellow"),
    "en_erreur": ("EN ERREUR", "bold magenta"),
}
RUBRIQUES = (
    ("erreur", "EN ERREUR", "magenta"),
    ("ecart", "ÉCARTS", "red"),
    ("indetermine", "À COMPLÉTER", "yellow"),
    ("alerte", "ALERTES", "cyan"),
    ("derogation", "DÉROGATIONS", "blue"),
)


VERDICTS_COURTS: dict[NomVerdict, str] = {
    "erreur": "err.",
    "ecart": "écart",
    "indetermine": "compl.",
    "alerte": "al.",
    "derogation": "dér.",
    "conforme": "conf.",
    "non_applicable": "n.app",
    "hors_periode": "h.pér",
}


def creer_console(*, erreur: bool = False) -> Console:
    """Rend une console de 80 colonnes ; sans couleur ni décor quand la sortie n'est pas un terminal."""
    return Console(width=LARGEUR, stderr=erreur, highlight=False, markup=False, soft_wrap=False)


def afficher_rapport(rapport: Rapport, console: Console, detail: Detail) -> None:
    """Écrit le rapport : synthèses, écarts, ce qu'il manque, alertes, clauses ; le reste replié en une ligne."""
    _afficher_entete(rapport, console)
    for nom, synthese in (
        ("Loi", rapport.syntheses.loi),
        ("Engagement local", rapport.syntheses.engagement_local),
        ("Plan national", rapport.syntheses.plan_national),
    ):
        _afficher_synthese(nom, synthese, console)
    for verdict, titre, style in RUBRIQUES:
        _afficher_rubrique(titre, style, [c for c in rapport.constats if c.verdict == verdict], console)
    _afficher_demandes(rapport, console)
    _afficher_clauses(rapport, console, complet=detail == "complet")
    _afficher_reste(rapport, console)
    if detail == "complet":
        _afficher_traces(rapport, console)


def _ecrire(console: Console, texte: str, retrait: int = 0, suite: int | None = None, style: str = "") -> None:
    """Écrit un paragraphe coupé à la largeur ; `suite` est le retrait des lignes suivantes."""
    for alinea in texte.splitlines() or [""]:
        coupe = fill(
            alinea,
            LARGEUR,
            initial_indent=" " * retrait,
            subsequent_indent=" " * (retrait if suite is None else suite),
            break_long_words=False,
            break_on_hyphens=False,
        )
        console.print(Text(coupe, style=style), soft_wrap=True)


def _titrer(console: Console, titre: str, style: str = "bold") -> None:
    console.print()
    console.print(Text(titre, style=style))


def _afficher_entete(rapport: Rapport, console: Console) -> None:
    reference = f"{rapport.fop.reference} · " if rapport.fop.reference else ""
    _ecrire(console, f"{reference}{rapport.fop.objet}", style="bold")
    jour = rapport.date_de_reference
    droit = f"droit au {ecrire_date(jour)}" if jour is not None else "date de lancement inconnue"
    if rapport.simulation:
        droit += " (simulation)"
    moteur = rapport.moteur.nom + (" (dégradé)" if rapport.moteur.degrade else "")
    _ecrire(
        console,
        f"{droit} · règles {rapport.paquet.version} ({rapport.paquet.empreinte[:12]}) · moteur {moteur}",
    )
    console.print()


def _afficher_synthese(nom: str, synthese: Synthese, console: Console) -> None:
    libelle, style = ETATS[synthese.etat]
    comptes = synthese.comptes
    morceaux = [
        _compter(comptes["ecart"], "écart")
        + (f" ({_compter(synthese.ecarts_bloquants, 'bloquant')})" if synthese.ecarts_bloquants else ""),
        f"{comptes['indetermine']} à compléter" if comptes["indetermine"] else "",
        _compter(comptes["alerte"], "alerte"),
        _compter(comptes["derogation"], "dérogation"),
        _compter(comptes["conforme"], "conforme"),
        _compter(comptes["erreur"], "erreur"),
    ]
    ligne = Text(f"{nom:<17}")
    ligne.append(f"{libelle:<12}", style=style)
    comptes_ecrits = " · ".join(morceau for morceau in morceaux if morceau) or "aucune règle ne s'applique"
    ligne.append(f"\n{' ' * COLONNE_DES_COMPTES}".join(wrap(comptes_ecrits, LARGEUR - COLONNE_DES_COMPTES)))
    console.print(ligne, soft_wrap=True)


def _compter(nombre: int, nom: str) -> str:
    return f"{nombre} {nom}{'s' if nombre > 1 else ''}" if nombre else ""


def _afficher_rubrique(titre: str, style: str, constats: list[Constat], console: Console) -> None:
    if not constats:
        return
    _titrer(console, titre, f"bold {style}")
    for regle, groupe in groupby(constats, key=lambda constat: constat.regle):
        _afficher_regle(regle, list(groupe), style, console)


def _afficher_regle(regle: str, constats: list[Constat], style: str, console: Console) -> None:
    premier = constats[0]
    bloque = any(constat.verdict == "indetermine" and not constat.facultatif for constat in constats)
    # La gravité est celle d'un écart : sur une alerte, « bloquant » tromperait.
    gravite = f" [{premier.gravite}]" if premier.verdict in ("ecart", "erreur") or bloque else ""
    _ecrire(console, f"• {regle}{gravite} {premier.titre}", suite=2, style=style)
    if all(constat.verdict == "indetermine" and not constat.parametres_absents for constat in constats):
        return  # la question est posée plus bas, une fois pour toutes les règles qu'elle débloque
    for message, memes in _reunir_lots(constats):
        lots = [constat.lot for constat in memes if constat.lot is not None]
        prefixe = f"Lot{'s' if len(lots) > 1 else ''} {', '.join(lots)} : " if lots else ""
        _ecrire(console, f"{prefixe}{message}", 2)
    _ecrire(console, f"Fondement : {premier.fondement}", 2)
    if premier.remede is not None and premier.verdict != "indetermine":
        _ecrire(console, f"À faire : {premier.remede.action}", 2)
        clauses = list(dict.fromkeys(c for constat in constats if constat.remede for c in constat.remede.clauses))
        if clauses:
            _ecrire(console, f"Clauses : {', '.join(clauses)}", 2)
    for absent in dict.fromkeys(cle for constat in constats for cle in constat.parametres_absents):
        _ecrire(console, f"Paramètre sans valeur connue à cette date : {absent}", 2)
    for mention in premier.mentions:
        _ecrire(console, f"Note : {mention}", 2)


def _reunir_lots(constats: Iterable[Constat]) -> list[tuple[str, list[Constat]]]:
    reunis: dict[str, list[Constat]] = {}
    for constat in constats:
        reunis.setdefault(constat.message, []).append(constat)
    return list(reunis.items())


def _afficher_demandes(rapport: Rapport, console: Console) -> None:
    if not rapport.a_demander:
        return
    _titrer(console, "IL MANQUE (le plus utile d'abord)", "bold yellow")
    numerotees = enumerate(rapport.a_demander, start=1)
    for theme, demandes in groupby(numerotees, key=lambda numerotee: numerotee[1].theme):
        _ecrire(console, theme, style="bold")
        for rang, demande in demandes:
            lots = f" (lots {', '.join(demande.lots)})" if demande.lots else ""
            _ecrire(console, f"{rang}. {demande.question}", suite=3)
            _ecrire(console, f"{demande.chemin}{lots} → {', '.join(demande.regles)}", 3)
    if rapport.demandes_suivantes:
        pluriel = "s" if rapport.demandes_suivantes > 1 else ""
        _ecrire(console, f"Puis {rapport.demandes_suivantes} autre{pluriel}, si ces réponses ne les écartent pas.")


def _afficher_clauses(rapport: Rapport, console: Console, *, complet: bool) -> None:
    if not rapport.clauses:
        return
    _titrer(console, "CLAUSES PROPOSÉES")
    for clause in sorted(rapport.clauses, key=lambda c: c.piece):
        lots = f" (lot{'s' if len(clause.lots) > 1 else ''} {', '.join(clause.lots)})" if clause.lots else ""
        _ecrire(console, f"[{clause.piece}] {clause.id} — {clause.titre}{lots}", suite=2)
        _ecrire(console, clause.ou, 2)
        if complet:
            _ecrire(console, clause.texte, 4)
            _ecrire(console, f"Vigilance : {clause.vigilance}", 2)
    if not complet:
        _ecrire(console, "Textes prêts à coller : --detail complet")


def _afficher_reste(rapport: Rapport, console: Console) -> None:
    console.print()
    if rapport.suppositions:
        supposees = ", ".join(f"{s.chemin} = {ecrire_simplement(s.valeur)}" for s in rapport.suppositions)
        _ecrire(console, f"Supposé faute de réponse : {supposees}.")
    for notice in rapport.notices:
        _ecrire(console, f"À noter : {notice.texte}")
    conformes = list(dict.fromkeys(c.regle for c in rapport.constats if c.verdict == "conforme"))
    if conformes:
        _ecrire(console, f"Conformes : {', '.join(conformes)}.")
    comptes = rapport.comptes
    _ecrire(console, f"Non applicables : {comptes['non_applicable']} · hors période : {comptes['hors_periode']}.")
    _ecrire(console, rapport.avertissement)


def _afficher_traces(rapport: Rapport, console: Console) -> None:
    _titrer(console, "POURQUOI")
    for constat in rapport.constats:
        if constat.trace is None or constat.verdict in ("non_applicable", "hors_periode"):
            continue
        lot = f" · lot {constat.lot}" if constat.lot is not None else ""
        _ecrire(console, f"{constat.regle}{lot} : {constat.verdict}")
        for controle in constat.trace:
            borne = controle.borne
            if controle.parametre is not None:
                seuil = controle.parametre
                valeur = "inconnu" if seuil.valeur is None else ecrire_nombre(seuil.valeur)
                depuis = f" depuis le {seuil.depuis:%d/%m/%Y}" if seuil.depuis else ""
                borne = f"{seuil.cle} ({valeur}{depuis})"
            lu = "absent" if controle.lu is None else ecrire_simplement(controle.lu)
            borne_ecrite = "" if borne is None else f" {ecrire_simplement(borne)}"
            comparaison = f"{controle.operateur}{borne_ecrite} → {controle.resultat}"
            _ecrire(console, f"{controle.chemin} = {lu} ({controle.provenance}) {comparaison}", 3, 6)


def afficher_tableau(rapports: Sequence[Rapport], refusees: int, console: Console) -> None:
    """Écrit, par règle, le nombre de fiches à chaque verdict (celui de leur pire lot), puis les synthèses."""
    lignes: dict[str, Counter[str]] = {}
    for rapport in rapports:
        # Les constats vont du plus grave au moins utile : le premier d'une règle est son pire lot.
        pires: dict[str, str] = {}
        for constat in rapport.constats:
            pires.setdefault(constat.regle, constat.verdict)
        for regle, verdict in pires.items():
            lignes.setdefault(regle, Counter())[verdict] += 1
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("règle", no_wrap=True)
    for verdict in VERDICTS:
        table.add_column(VERDICTS_COURTS[verdict], justify="right")
    for regle, comptes in sorted(lignes.items(), key=lambda ligne: [-ligne[1][verdict] for verdict in VERDICTS]):
        table.add_row(regle, *(str(comptes[verdict] or "") for verdict in VERDICTS))
    console.print(table)
    for nom, famille in (("loi", "loi"), ("engagement local", "engagement_local"), ("plan national", "plan_national")):
        etats = Counter(getattr(rapport.syntheses, famille).etat for rapport in rapports)
        ecrits = ", ".join(f"{etats[etat]} {libelle.lower()}" for etat, (libelle, _) in ETATS.items() if etats[etat])
        console.print(f"{nom} : {ecrits or 'aucune fiche'}", soft_wrap=True)
    bloquees = sum(bool(rapport.syntheses.loi.ecarts_bloquants) for rapport in rapports)
    console.print(f"{len(rapports)} fiches jugées, {refusees} refusées, {bloquees} avec un écart bloquant")
