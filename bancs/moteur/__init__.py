"""Le banc des moteurs : ce que coûte une vérification, moteur par moteur, sur les mêmes règles et fiches.

    ./verifop banc moteur

Tout s'imprime dans une même exécution : sur une machine partagée, deux exécutions ne se comparent pas. Les
verdicts de tous les moteurs sont vérifiés identiques avant d'être chronométrés.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TextIO

from rich.console import Console
from rich.table import Table

from bancs.moteur.generation import engendrer_fops, engendrer_paquet
from bancs.moteur.mesures import chronometrer, suivre_memoire
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

Mesures = dict[str, float]
"""Des µs par vérification, par moteur installé."""


class MoteursEnDesaccord(Exception):
    """Deux moteurs n'ont pas rendu les mêmes verdicts : leurs temps ne se compareraient pas."""


@dataclass(frozen=True, slots=True)
class Tailles:
    """Ce que le banc mesure : nombres de lots, nombres de règles engendrées, fiches par case.

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
    console.print(
        f"µs par vérification, médiane de {passes} passes entrelacées, {tailles.fiches} fiches opération."
    )
    console.print(f"Sous chaque temps, le rapport à « {REFERENCE} ».")
    par_regles: dict[int, dict[int, Mesures]] = {}
    _mesurer_paquet("Règles livrées", livrees, passes, tailles, console)
    for nombre in tailles.regles:
        paquet = engendrer_paquet(nombre)
        par_regles[nombre] = _mesurer_paquet("Règles engendrées", paquet, passes, tailles, console)
    _afficher_pentes_en_regles(par_regles, console)
    _mesurer_verification(livrees, passes, tailles, console)
    if tailles.memoire:
        _mesurer_memoire(livrees, tailles, console)


# --- Les moteurs --------------------------------------------------------------------------------------------


def _mesurer_paquet(
    titre: str, paquet: Paquet, passes: int, tailles: Tailles, console: Console
) -> dict[int, Mesures]:
    """Mesure tous les moteurs sur un paquet, lots par lots ; rend les mesures par nombre de lots."""
    moteurs = _construire(paquet.regles)
    par_lots: dict[int, Mesures] = {}
    verdicts: Counter[str] = Counter()
    try:
        for lots in tailles.lots:
            situations = [
                _situer(paquet, lire_fop_json(octets)) for octets in _ecrire_fops(tailles.fiches, lots)
            ]
            verdicts += _accorder(moteurs, situations)
            par_lots[lots] = chronometrer({nom: m.juger for nom, m in moteurs.items()}, situations, passes)
    finally:
        for moteur in moteurs.values():
            moteur.fermer()
    de_lot = sum(regle.niveau_lot for regle in paquet.regles)
    console.print()
    console.print(f"{titre} : {len(paquet.regles)}, dont {de_lot} de niveau lot")
    parts = ", ".join(f"{nom} {nombre / verdicts.total():.0%}" for nom, nombre in verdicts.most_common())
    console.print(f"Verdicts : {parts}")
    _afficher_moteurs(par_lots, console)
    return par_lots


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
    decimales = 0 if micros >= 10 else 1
    return f"{micros:,.{decimales}f}".replace(",", INSECABLE).replace(".", ",")


def _ecrire_rapport(rapport: float) -> str:
    return f"×{rapport:.1f}".replace(".", ",")


def _creer_table(premiere: str, autres: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    table.add_column(premiere, no_wrap=True)
    for nom in autres:
        table.add_column(nom, justify="right", max_width=11)
    return table


def _afficher_moteurs(par_lots: Mapping[int, Mesures], console: Console) -> None:
    """Les temps et leur rapport au moteur direct, puis le coût d'un lot de plus entre deux tailles."""
    table = _creer_table("lots", list(CONSTRUCTEURS))
    for lots, mesures in par_lots.items():
        rapports = {nom: _ecrire_rapport(temps / mesures[REFERENCE]) for nom, temps in mesures.items()}
        table.add_row(
            str(lots), *(_ecrire_temps(mesures[n]) if n in mesures else "non" for n in CONSTRUCTEURS)
        )
        table.add_row("", *(rapports.get(nom, "installé") for nom in CONSTRUCTEURS))
    for (peu, avant), (beaucoup, apres) in pairwise(par_lots.items()):
        table.add_row(f"par lot, {peu}-{beaucoup}", *_ecrire_pentes(avant, apres, beaucoup - peu))
    console.print(table)


def _afficher_pentes_en_regles(par_regles: Mapping[int, Mapping[int, Mesures]], console: Console) -> None:
    """Le coût d'une règle de plus : depuis zéro, puis entre deux tailles. Égaux, le coût est linéaire."""
    console.print()
    console.print("Règles engendrées : µs par règle de plus")
    table = _creer_table("règles, lots", list(CONSTRUCTEURS))
    sans_regle: Mapping[int, Mesures] = {}
    for (peu, avant), (beaucoup, apres) in pairwise([(0, sans_regle), *par_regles.items()]):
        for lots, mesures in apres.items():
            pentes = _ecrire_pentes(avant.get(lots, {}), mesures, beaucoup - peu)
            table.add_row(f"{peu}-{beaucoup}, {lots}", *pentes)
    console.print(table)


def _ecrire_pentes(avant: Mesures, apres: Mesures, ecart: int) -> list[str]:
    """Écrit, moteur par moteur, le temps ajouté par unité d'écart ; rien pour un moteur absent."""
    return [
        _ecrire_temps((apres[nom] - avant.get(nom, 0.0)) / ecart) if nom in apres else ""
        for nom in CONSTRUCTEURS
    ]


# --- La vérification complète -------------------------------------------------------------------------------


class _Etape(NamedTuple):
    """Une même fiche à chaque étape : en JSON, lue, mise en situation."""

    octets: bytes
    fop: Fop
    situation: Situation


def _mesurer_verification(paquet: Paquet, passes: int, tailles: Tailles, console: Console) -> None:
    """De la fiche en JSON au rapport, avec le moteur `double` ; puis chaque étape seule."""
    verificateur = Verificateur(paquet)
    table = _creer_table(
        "lots", ("lecture", "faits", "moteur", *(f"{n} {d}" for n in ("rapport", "total") for d in DETAILS))
    )
    try:
        for lots in tailles.lots:
            etapes = [_preparer(paquet, octets) for octets in _ecrire_fops(tailles.fiches, lots)]
            table.add_row(str(lots), *map(_ecrire_temps, _decomposer(verificateur, etapes, passes)))
    finally:
        verificateur.fermer()
    console.print()
    console.print(f"Vérification complète, règles livrées, moteur « {verificateur.moteur.nom} »")
    console.print(table)


def _preparer(paquet: Paquet, octets: bytes) -> _Etape:
    fop = lire_fop_json(octets)
    return _Etape(octets, fop, _situer(paquet, fop))


def _decomposer(verificateur: Verificateur, etapes: Sequence[_Etape], passes: int) -> list[float]:
    """Rend les µs de la lecture, des faits, du moteur, puis du rapport et du total pour chaque détail."""
    gestes: dict[str, Callable[[_Etape], object]] = {
        "lecture": lambda etape: lire_fop_json(etape.octets),
        "faits": lambda etape: _situer(verificateur.paquet, etape.fop),
        "moteur": lambda etape: verificateur.moteur.juger(etape.situation),
    }
    for detail in DETAILS:
        gestes[detail] = partial(_verifier, verificateur, detail)
    temps = chronometrer(gestes, etapes, passes)
    lecture, avant_rapport = temps["lecture"], temps["faits"] + temps["moteur"]
    rapports = [temps[detail] - avant_rapport for detail in DETAILS]
    return [
        lecture,
        temps["faits"],
        temps["moteur"],
        *rapports,
        *(lecture + temps[detail] for detail in DETAILS),
    ]


def _verifier(verificateur: Verificateur, detail: Detail, etape: _Etape) -> object:
    return verificateur.verifier(etape.fop, detail=detail)


# --- La mémoire ---------------------------------------------------------------------------------------------


def _mesurer_memoire(livrees: Paquet, tailles: Tailles, console: Console) -> None:
    """La mémoire résidente pendant un grand nombre de vérifications : complètes, puis moteur seul."""
    lots = 5 if 5 in tailles.lots else tailles.lots[-1]
    fops = _ecrire_fops(FICHES_DE_MEMOIRE, lots)
    console.print()
    console.print(
        f"Mémoire résidente en Mio, {tailles.memoire} vérifications de {lots} lots, moteur « double »"
    )
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
