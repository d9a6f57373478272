"""Lance le serveur, l'interroge par plusieurs connexions à la fois, imprime une table.

wrk mesure s'il est installé ; sinon un client Python, qui prend sa part des cœurs et sous-estime le débit.
"""

import argparse
import json
import os
import platform
import re
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

RACINE = Path(__file__).resolve().parents[2]
DELAI = 60.0
SCRIPT_WRK = """
wrk.method = "%(methode)s"
wrk.headers["content-type"] = "application/json"
wrk.body = io.open("%(corps)s"):read("*a")
done = function(bilan, latence)
  local fautes = bilan.errors.status + bilan.errors.connect + bilan.errors.read + bilan.errors.write
    + bilan.errors.timeout
  io.write(string.format('MESURE [%%f, %%f, %%f, %%d]\\n', bilan.requests / (bilan.duration / 1e6),
    latence:percentile(50) / 1e3, latence:percentile(99) / 1e3, fautes))
end
"""


class Mesure(NamedTuple):
    """Le débit par seconde, les latences en millisecondes, les réponses autres que 200."""

    debit: float
    p50: float
    p99: float
    fautes: int


class Essai(NamedTuple):
    """Une requête répétée."""

    nom: str
    methode: str
    chemin: str
    fop: dict[str, Any] | None


def composer_fop(lots: int) -> dict[str, Any]:
    """Rend une fiche complète de ce nombre de lots, aux segments d'achat variés."""
    cpvs = ("39130000", "30213100", "15000000", "45233000", "90910000")
    clause = {"type": "emballages", "texte": "Emballages repris et réemployés.", "verifiable": True, "penalite": True}
    return {
        "reference": "BANC-HTTP",
        "objet": "Équipement et entretien d'un groupe scolaire",
        "acheteur": {"siret": "20004048300014", "nom": "Valence Romans Agglo"},
        "date_lancement": "2026-09-15",
        "date_limite_offres": "2026-10-20",
        "procedure": "appel_offres_ouvert",
        "forme": "ordinaire",
        "duree_mois": 24,
        "montant_ht": 96_000 * lots,
        "criteres": [
            {"nom": "Prix", "type": "prix", "poids": 50},
            {"nom": "Valeur technique", "type": "technique", "poids": 35},
            {"nom": "Réemploi", "type": "environnemental", "sous_type": "reemploi", "poids": 15},
        ],
        "clauses_env": [clause],
        "clauses_soc": [{"type": "insertion", "heures": 200, "facilitateur": True, "penalite": True}],
        "lots": [
            {"numero": str(rang + 1), "objet": f"Lot {rang + 1}", "cpv": cpvs[rang % 5], "montant_ht": 96_000}
            for rang in range(lots)
        ],
    }


@contextmanager
def lancer_serveur(processus: int) -> Iterator[str]:
    """Lance le serveur sur un port libre, rend son adresse, l'arrête à la fin."""
    code = f"from services.api.serveur import servir; servir('127.0.0.1', 0, {processus})"
    serveur = subprocess.Popen([sys.executable, "-c", code], cwd=RACINE, stdout=subprocess.PIPE)
    try:
        sortie = serveur.stdout
        assert sortie is not None
        affiche = ""
        while "Ctrl-C" not in affiche:
            if not select.select([sortie], [], [], DELAI)[0] or not (lu := os.read(sortie.fileno(), 65536)):
                raise SystemExit(f"le serveur n'a pas démarré :\n{affiche}")
            affiche += lu.decode()
        yield re.findall(r"http://127\.0\.0\.1:\d+", affiche)[0]
    finally:
        serveur.send_signal(signal.SIGINT)
        serveur.wait(DELAI)


def mesurer_par_wrk(adresse: str, essai: Essai, connexions: int, secondes: int) -> Mesure:
    """Mesure par wrk, un fil."""
    with tempfile.TemporaryDirectory() as dossier:
        corps, script = Path(dossier, "corps.json"), Path(dossier, "essai.lua")
        corps.write_text(json.dumps(essai.fop) if essai.fop is not None else "", encoding="utf-8")
        script.write_text(SCRIPT_WRK % {"methode": essai.methode, "corps": corps}, encoding="utf-8")
        commande = ["wrk", "-t1", f"-c{connexions}", f"-d{secondes}s", "-s", str(script), adresse + essai.chemin]
        sortie = subprocess.run(commande, capture_output=True, text=True, check=True).stdout
    trouve = re.search(r"MESURE (\[.*\])", sortie)
    if trouve is None:
        raise SystemExit(f"sortie de wrk incomprise :\n{sortie}")
    debit, p50, p99, fautes = json.loads(trouve[1])
    return Mesure(debit, p50, p99, int(fautes))


def mesurer_par_python(adresse: str, essai: Essai, connexions: int, secondes: int) -> Mesure:
    """Mesure par des fils Python, une connexion gardée par fil."""
    lieu = urlsplit(adresse)
    corps = json.dumps(essai.fop).encode() if essai.fop is not None else None
    latences: list[float] = []
    fautes: list[int] = []
    fin = time.perf_counter() + secondes

    def interroger() -> None:
        connexion = HTTPConnection(lieu.hostname or "", lieu.port, timeout=DELAI)
        while (debut := time.perf_counter()) < fin:
            connexion.request(essai.methode, essai.chemin, corps, {"content-type": "application/json"})
            reponse = connexion.getresponse()
            reponse.read()
            latences.append((time.perf_counter() - debut) * 1e3)
            if reponse.status != 200:
                fautes.append(reponse.status)
        connexion.close()

    fils = [threading.Thread(target=interroger) for _ in range(connexions)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    centiles = statistics.quantiles(latences, n=100)
    return Mesure(len(latences) / secondes, centiles[49], centiles[98], len(fautes))


def principal() -> None:
    """Mesure chaque essai, passes entrelacées, et imprime la médiane."""
    options = argparse.ArgumentParser(prog="python -m bancs.http", description=__doc__)
    options.add_argument("--processus", type=int, default=2, help="processus du serveur (2)")
    options.add_argument("--connexions", type=int, default=16, help="connexions simultanées (16)")
    options.add_argument("--lots", type=int, default=5, help="lots de la fiche (5)")
    options.add_argument("--secondes", type=int, default=8, help="durée d'une passe (8)")
    options.add_argument("--passes", type=int, default=3, help="passes par essai ; la médiane est rendue (3)")
    choix = options.parse_args()

    fop = composer_fop(choix.lots)
    essais = [
        Essai("sans calcul", "GET", "/sante/vivant", None),
        Essai(f"{choix.lots} lots, essentiel", "POST", "/v1/verifications?detail=essentiel", fop),
        Essai(f"{choix.lots} lots, complet", "POST", "/v1/verifications?detail=complet", fop),
    ]
    par_wrk = shutil.which("wrk") is not None
    mesurer = mesurer_par_wrk if par_wrk else mesurer_par_python
    releves: dict[str, list[Mesure]] = {essai.nom: [] for essai in essais}
    with lancer_serveur(choix.processus) as adresse:
        for essai in essais:
            mesurer(adresse, essai, choix.connexions, 2)
        for _ in range(choix.passes):
            for essai in essais:
                releves[essai.nom].append(mesurer(adresse, essai, choix.connexions, choix.secondes))

    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cœurs partagés avec le client "
        f"({'wrk' if par_wrk else 'Python'}) ; {choix.processus} processus, {choix.connexions} connexions, "
        f"{choix.passes} passes de {choix.secondes} s, médianes."
    )
    print(f"{'essai':<22}{'requêtes/s':>12}{'p50 (ms)':>10}{'p99 (ms)':>10}{'fautes':>8}")
    for nom, mesures in releves.items():
        debit, p50, p99 = (statistics.median(valeurs) for valeurs in list(zip(*mesures, strict=True))[:3])
        fautes = sum(mesure.fautes for mesure in mesures)
        print(f"{nom:<22}{debit:>12.0f}{p50:>10.1f}{p99:>10.1f}{fautes:>8}".replace(".", ","))


if __name__ == "__main__":
    principal()
