"""Le banc des moteurs : ce que coûte une vérification, moteur par moteur, sur les mêmes règles et fiches.

    ./verifop banc moteur

Tout s'imprime dans une même exécution, toutes les mesures entrelacées : sur une machine partagée, deux
exécutions ne se comparent pas. Les verdicts de tous les moteurs sont vérifiés identiques avant d'être
chronométrés.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple, TextIO

from rich.console import Console
from rich.table import Table

from bancs.moteur.generation import engendrer_fops, engendrer_paquet
from bancs.moteur.mesures import Serie, chronometrer, suivre_memoire
from bancs.moteur.moteur_clips import MoteurClips
from bancs.moteur.moteur_zen import MoteurZen
from services.regles.faits import etablir_faits
from services.regles.fop import Fop
from services.regles.lecture_fop import lire_fop_json
from services.regles.messages import INSECABLE
from services.regles.moteur.choix import construire_moteur
from services.regles.moteur.direct import MoteurDirect
from services.regles.moteur.durable import MoteurDurable
from services.regles.moteur.port import Moteur, MoteurIndisponible, Situation
from services.regles.paquet import Paquet, charger_paquet
from services.regles.rapport import Detail
from services.regles.regle import Regle
from services.regles.verification import Verificateur

REGLES_LIVREES = Path(__file__).resolve().parents[2] / "regles"
LARGEUR = 80
FICHES_DE_MEMOIRE = 200
DETAILS: tuple[Detail, ...] = ("essentiel", "complet")
REFERENCE = "direct"

CONSTRUCTEURS: Mapping[str, Callable[[Sequence[Regle]], Moteur]] = {
    REFERENCE: MoteurDirect,
    "durable": MoteurDurable,
    "double": lambda regles: construire_moteur("double", regles)[0],
    "zen formule": lambda regles: MoteurZen(regles, en_graphe=False),
    "zen graphe": lambda regles: MoteurZen(regles, en_graphe=True),
    "clips": MoteurClips,
}


class MoteursEnDesaccord(Exception):
    """Deux moteurs n'ont pas rendu les mêmes verdicts : leurs temps ne se compareraient pas."""


@dataclass(frozen=True, slots=True)
class Tailles:
    """Ce que le banc mesure : nombres de lots, nombres de règles engendrées, fiches par mesure.

    `memoire` : nombre de vérifications du relevé de mémoire (une demi-heure pour 200 000) ; 0, pas de relevé.
    """

    lots: tuple[int, ...] = (1, 5, 30)
    regles: tuple[int, ...] = (150, 400)
    fiches: int = 20
    memoire: int = 0


def lancer(passes: int = 5, tailles: Tailles = Tailles(), sortie: TextIO | None = None) -> None:
    """Imprime le banc sur `sortie` (la sortie standard par défaut), en 80 colonnes.

    Un moteur absent est dit « non installé ».
    Lève MoteursEnDesaccord si deux moteurs ne rendent pas les mêmes verdicts.
    """
    console = Console(file=sortie, width=LARGEUR, highlight=False, markup=False)
    livrees = charger_paquet(REGLES_LIVREES)
    console.print(f"µs par vérification, médiane de {passes} passes entrelacées, {tailles.fiches} fiches opération.")
    console.print(f"Sous chaque temps, son rapport à « {REFERENCE} », passe par passe.")
    _mesurer_moteurs([livrees, *map(engendrer_paquet, tailles.regles)], passes, tailles, console)
    _mesurer_chargement(passes, console)
    _mesurer_verification(livrees, passes, tailles, console)
    if tailles.memoire:
        _mesurer_memoire(livrees, tailles, console)


# --- Les moteurs --------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """Une mesure : un paquet (son rang), un nombre de lots, un moteur."""

    paquet: int
    lots: int
    moteur: str


Releves = Mapping[Case, list[float]]


def _mesurer_moteurs(paquets: Sequence[Paquet], passes: int, tailles: Tailles, console: Console) -> None:
    """Mesure tous les moteurs sur tous les paquets et toutes les tailles ; le premier paquet est le livré."""
    series: dict[Case, Serie] = {}
    verdicts: list[Counter[str]] = []
    ouverts: list[Moteur] = []
    try:
        for rang, paquet in enumerate(paquets):
            moteurs = _construire(paquet.regles)
            ouverts += moteurs.values()
            verdicts.append(Counter())
            for lots in tailles.lots:
                situations = [_situer(paquet, lire_fop_json(o)) for o in _ecrire_fops(tailles.fiches, lots)]
                verdicts[rang] += _accorder(moteurs, situations)
                for nom, moteur in moteurs.items():
                    series[Case(rang, lots, nom)] = Serie(moteur.juger, situations)
        releves = chronometrer(series, passes)
    finally:
        for moteur in ouverts:
            moteur.fermer()
    for rang, paquet in enumerate(paquets):
        de_lot = sum(regle.niveau_lot for regle in paquet.regles)
        origine = "engendrées" if rang else "livrées"
        console.print()
        console.print(f"Règles {origine} : {len(paquet.regles)}, dont {de_lot} de niveau lot")
        console.print(f"Verdicts : {_ecrire_parts(verdicts[rang])}")
        _afficher_moteurs(releves, rang, tailles.lots, console)
    _afficher_pentes_en_regles(releves, [0, *tailles.regles], tailles.lots, console)


def _construire(regles: Sequence[Regle]) -> dict[str, Moteur]:
    moteurs: dict[str, Moteur] = {}
    for nom, construire in CONSTRUCTEURS.items():
        try:
            moteur = construire(regles)
        except (ImportError, MoteurIndisponible):
            continue
        if nom != "double" or "durable" in moteurs:  # sans durable-rules, `double` n'est que `direct`
            moteurs[nom] = moteur
    return moteurs


def _ecrire_fops(nombre: int, lots: int) -> list[bytes]:
    return [json.dumps(fop, ensure_ascii=False).encode() for fop in engendrer_fops(nombre, lots)]


def _situer(paquet: Paquet, fop: Fop) -> Situation:
    faits = etablir_faits(fop, paquet.acheteurs)
    return paquet.situer(faits, paquet.cadrer(faits))


def _accorder(moteurs: Mapping[str, Moteur], situations: Sequence[Situation]) -> Counter[str]:
    """Vérifie que tous les moteurs rendent les mêmes issues ; compte les verdicts."""
    verdicts: Counter[str] = Counter()
    for situation in situations:
        attendu = moteurs[REFERENCE].juger(situation)
        verdicts.update(issue.verdict for issues in (attendu.consultation, *attendu.lots) for issue in issues)
        for nom, moteur in moteurs.items():
            if moteur.juger(situation) != attendu:
                raise MoteursEnDesaccord(f"{nom} ne rend pas les verdicts de {REFERENCE}")
    return verdicts


# --- L'affichage --------------------------------------------------------------------------------------------


def _ecrire_temps(micros: float) -> str:
    decimales = 0 if abs(micros) >= 10 else 1
    return f"{micros:,.{decimales}f}".replace(",", INSECABLE).replace(".", ",")


def _ecrire_rapport(releve: Sequence[float], reference: Sequence[float]) -> str:
    rapport = median(temps / repere for temps, repere in zip(releve, reference, strict=True))
    return f"×{rapport:.1f}".replace(".", ",")


def _ecrire_parts(comptes: Counter[str]) -> str:
    total = comptes.total()
    return ", ".join(f"{nom} {100 * nombre / total:.0f}{INSECABLE}%" for nom, nombre in comptes.most_common())


def _creer_table(premiere: str, autres: Iterable[str]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    table.add_column(premiere, no_wrap=True)
    for nom in autres:
        table.add_column(nom, justify="right", max_width=11)
    return table


def _afficher_moteurs(releves: Releves, rang: int, lots: Sequence[int], console: Console) -> None:
    """Les temps et leur rapport au moteur direct, puis le coût d'un lot de plus entre deux tailles."""
    table = _creer_table("lots", CONSTRUCTEURS)
    for nombre in lots:
        reference = releves[Case(rang, nombre, REFERENCE)]
        temps, rapports = [str(nombre)], [""]
        for nom in CONSTRUCTEURS:
            releve = releves.get(Case(rang, nombre, nom))
            temps.append("non" if releve is None else _ecrire_temps(median(releve)))
            rapports.append("installé" if releve is None else _ecrire_rapport(releve, reference))
        table.add_row(*temps)
        table.add_row(*rapports)
    for peu, beaucoup in pairwise(lots):
        pentes = (
            _ecrire_pente(releves, Case(rang, peu, nom), Case(rang, beaucoup, nom), beaucoup - peu)
            for nom in CONSTRUCTEURS
        )
        table.add_row(f"par lot, {peu}-{beaucoup}", *pentes)
    console.print(table)


def _afficher_pentes_en_regles(releves: Releves, tailles: Sequence[int], lots: Sequence[int], console: Console) -> None:
    """Le coût d'une règle de plus : depuis zéro, puis entre deux tailles. Égaux, le coût est linéaire."""
    console.print()
    console.print("Règles engendrées : µs par règle de plus")
    table = _creer_table("règles, lots", CONSTRUCTEURS)
    for rang, (peu, beaucoup) in enumerate(pairwise(tailles)):
        for nombre in lots:
            pentes = (
                _ecrire_pente(
                    releves,
                    Case(rang, nombre, nom) if rang else None,  # le paquet 0, livré, n'est pas engendré
                    Case(rang + 1, nombre, nom),
                    beaucoup - peu,
                )
                for nom in CONSTRUCTEURS
            )
            table.add_row(f"{peu}-{beaucoup}, {nombre}", *pentes)
    console.print(table)


def _ecrire_pente(releves: Releves, avant: Case | None, apres: Case, ecart: int) -> str:
    """Écrit le temps ajouté par unité d'écart, médiane des passes ; rien pour un moteur absent."""
    if apres not in releves:
        return ""
    temps_apres = releves[apres]
    temps_avant = releves[avant] if avant is not None else [0.0] * len(temps_apres)
    return _ecrire_temps(median((b - a) / ecart for a, b in zip(temps_avant, temps_apres, strict=True)))


# --- Le chargement ------------------------------------------------------------------------------------------


def _mesurer_chargement(passes: int, console: Console) -> None:
    """Du dossier des règles livrées au vérificateur prêt, sans puis avec les règles déjà lues en cache."""
    with TemporaryDirectory() as nom:
        caches: list[Path | None] = [None, Path(nom)]
        releves = chronometrer({cache: Serie(_charger, [cache]) for cache in caches}, passes)
    table = _creer_table("ms", ["sans cache", "avec cache"])
    table.add_row("charger, compiler", *(_ecrire_temps(median(releves[cache]) / 1_000) for cache in caches))
    console.print()
    console.print("Chargement des règles livrées, moteur « double »")
    console.print(table)


def _charger(cache: Path | None) -> None:
    Verificateur(charger_paquet(REGLES_LIVREES, cache)).fermer()


# --- La vérification complète -------------------------------------------------------------------------------


class _Etape(NamedTuple):
    """Une même fiche à chaque étape : en JSON, lue, mise en situation."""

    octets: bytes
    fop: Fop
    situation: Situation


def _mesurer_verification(paquet: Paquet, passes: int, tailles: Tailles, console: Console) -> None:
    """De la fiche en JSON au rapport, avec le moteur `double` ; puis chaque étape seule."""
    verificateur = Verificateur(paquet)
    try:
        gestes = _lister_gestes(verificateur)
        series: dict[tuple[int, str], Serie] = {}
        for lots in tailles.lots:
            etapes = [_preparer(paquet, octets) for octets in _ecrire_fops(tailles.fiches, lots)]
            series |= {(lots, nom): Serie(geste, etapes) for nom, geste in gestes.items()}
        releves = chronometrer(series, passes)
    finally:
        verificateur.fermer()
    resultats = [f"{nom} {detail}" for nom in ("rapport", "total") for detail in DETAILS]
    table = _creer_table("lots", ["lecture", "faits", "moteur", *resultats])
    for lots in tailles.lots:
        par_passe = zip(*(releves[lots, nom] for nom in gestes), strict=True)
        colonnes = zip(*(_decomposer(*temps) for temps in par_passe), strict=True)
        table.add_row(str(lots), *(_ecrire_temps(median(colonne)) for colonne in colonnes))
    console.print()
    console.print(f"Vérification complète, règles livrées, moteur « {verificateur.moteur.nom} »")
    console.print(table)


def _preparer(paquet: Paquet, octets: bytes) -> _Etape:
    fop = lire_fop_json(octets)
    return _Etape(octets, fop, _situer(paquet, fop))


def _lister_gestes(verificateur: Verificateur) -> dict[str, Callable[[_Etape], object]]:
    gestes: dict[str, Callable[[_Etape], object]] = {
        "lecture": lambda etape: lire_fop_json(etape.octets),
        "faits": lambda etape: _situer(verificateur.paquet, etape.fop),
        "moteur": lambda etape: verificateur.moteur.juger(etape.situation),
    }
    return gestes | {detail: partial(_verifier, verificateur, detail) for detail in DETAILS}


def _verifier(verificateur: Verificateur, detail: Detail, etape: _Etape) -> object:
    return verificateur.verifier(etape.fop, detail=detail)


def _decomposer(lecture: float, faits: float, moteur: float, *verifications: float) -> list[float]:
    """Rend les trois étapes mesurées seules, puis par détail la part du rapport et le total."""
    rapports = [temps - faits - moteur for temps in verifications]
    return [lecture, faits, moteur, *rapports, *(lecture + temps for temps in verifications)]


# --- La mémoire ---------------------------------------------------------------------------------------------


def _mesurer_memoire(livrees: Paquet, tailles: Tailles, console: Console) -> None:
    """La mémoire résidente pendant un grand nombre de vérifications : complètes, puis moteur seul."""
    lots = tailles.lots[len(tailles.lots) // 2]
    fops = _ecrire_fops(FICHES_DE_MEMOIRE, lots)
    console.print()
    console.print(f"Mémoire résidente en Mio, {tailles.memoire} vérifications de {lots} lots, moteur « double »")
    verificateur = Verificateur(livrees)

    def verifier(octets: bytes) -> object:
        return verificateur.verifier(lire_fop_json(octets), detail="essentiel")

    try:
        releves = list(suivre_memoire(verifier, fops, tailles.memoire))
    finally:
        verificateur.fermer()
    _afficher_memoire("complètes, règles livrées", releves, console)
    nombre = tailles.regles[0]
    paquet = engendrer_paquet(nombre)
    situations = [_situer(paquet, lire_fop_json(octets)) for octets in fops]
    moteur, _ = construire_moteur("double", paquet.regles)
    try:
        releves = list(suivre_memoire(moteur.juger, situations, tailles.memoire))
    finally:
        moteur.fermer()
    _afficher_memoire(f"moteur seul, {nombre} règles", releves, console)


def _afficher_memoire(titre: str, releves: Sequence[tuple[int, float]], console: Console) -> None:
    if not releves:
        console.print(f"  {titre} : non mesurée sur ce système")
        return
    suite = " ".join(f"{mio:.1f}" for _, mio in releves)
    derive = releves[-1][1] - releves[0][1]
    console.print(f"  {titre} : {suite} ; dérive {derive:+.1f}".replace(".", ","))
