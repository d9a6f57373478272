"""Le vrai serveur, dans son propre processus : ce qu'il affiche, ce qu'il refuse, comment il recharge."""

import json
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from services.api.config import RACINE
from services.api.serveur import AdresseIndisponible, servir

DELAI = 30.0


class Serveur:
    """Un serveur lancé par l'essai."""

    def __init__(self, regles: Path, processus: int = 1) -> None:
        code = f"from services.api.serveur import servir; servir('127.0.0.1', 0, {processus})"
        self.processus = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=RACINE,
            env=os.environ | {"VERIFOP_REGLES": str(regles), "VERIFOP_CACHE": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.affiche = ""
        self.attendre_affichage("Ctrl-C")
        self.adresse = re.findall(r"http://127\.0\.0\.1:\d+", self.affiche)[0]
        self.attendre(lambda: bool(self.lire("/sante/vivant")))

    def attendre_affichage(self, texte: str) -> None:
        sortie = self.processus.stdout
        assert sortie is not None
        fin = time.monotonic() + DELAI
        while texte not in self.affiche:
            assert select.select([sortie], [], [], max(0, fin - time.monotonic()))[0], self.affiche
            lu = os.read(sortie.fileno(), 65536)
            assert lu, self.affiche
            self.affiche += lu.decode()

    def lire(self, chemin: str) -> Any:
        with urllib.request.urlopen(self.adresse + chemin, timeout=DELAI) as reponse:
            return json.load(reponse)

    def attendre(self, condition: Callable[[], bool]) -> None:
        fin = time.monotonic() + DELAI
        while True:
            try:
                if condition():
                    return
            except OSError:
                pass
            assert time.monotonic() < fin, self.affiche
            time.sleep(0.05)

    def arreter(self) -> int:
        self.processus.send_signal(signal.SIGINT)
        return self.processus.wait(DELAI)


@pytest.fixture
def lancer() -> Iterator[Callable[..., Serveur]]:
    lances: list[Serveur] = []

    def lancer_un(*arguments: Any) -> Serveur:
        lances.append(Serveur(*arguments))
        return lances[-1]

    yield lancer_un
    for serveur in lances:
        if serveur.processus.poll() is None:
            serveur.processus.terminate()
            serveur.processus.wait(DELAI)


def test_le_demarrage_affiche_de_quoi_essayer(lancer: Callable[..., Serveur]) -> None:
    serveur = lancer(RACINE / "regles")
    pret = serveur.lire("/sante/pret")
    assert f"paquet {pret['paquet']['version']}" in serveur.affiche
    assert f"moteur   {pret['moteur']['nom']}" in serveur.affiche
    assert f"{serveur.adresse}/docs" in serveur.affiche
    [commande] = [ligne for ligne in serveur.affiche.splitlines() if "curl" in ligne]
    if shutil.which("curl") is not None:
        rendu = subprocess.run(shlex.split(commande), cwd=RACINE, capture_output=True, timeout=DELAI, check=True)
        assert json.loads(rendu.stdout)["format"] == 1
    assert serveur.arreter() == 0


@pytest.mark.parametrize("processus", [1, 2])
def test_sighup_recharge_les_regles_et_garde_les_anciennes_si_les_neuves_sont_fautives(
    lancer: Callable[..., Serveur], regles_a_soi: Path, abimer: Callable[[Path], None], processus: int
) -> None:
    serveur = lancer(regles_a_soi, processus)

    def lire_issues() -> set[str]:
        return {serveur.lire("/sante/pret")["dernier_rechargement"] for _ in range(10)}

    etiquette = regles_a_soi / "paquet.yaml"
    etiquette.write_text(etiquette.read_text(encoding="utf-8").replace("version: ", "version: '2031.01.7' #"))
    serveur.processus.send_signal(signal.SIGHUP)
    serveur.attendre(lambda: lire_issues() == {"accepte"})
    assert serveur.lire("/v1/paquet")["version"] == "2031.01.7"
    abimer(regles_a_soi)
    serveur.processus.send_signal(signal.SIGHUP)
    serveur.attendre(lambda: lire_issues() == {"refuse"})
    serveur.attendre_affichage("le précédent reste en service")
    assert serveur.lire("/v1/paquet")["version"] == "2031.01.7"


def _echanger(adresse: str, requete: bytes) -> bytes:
    """Envoie des octets bruts et rend la réponse jusqu'à la fermeture."""
    lieu = urlsplit(adresse)
    with socket.create_connection((lieu.hostname or "", lieu.port or 0), timeout=DELAI) as prise:
        prise.sendall(requete)
        recu = b""
        while morceau := prise.recv(65536):
            recu += morceau
    return recu


def test_un_corps_trop_grand_est_refuse_sans_attendre_la_suite(lancer: Callable[..., Serveur]) -> None:
    serveur = lancer(RACINE / "regles")
    entetes = b"POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    annonce = _echanger(serveur.adresse, entetes + b"Content-Length: 900000000\r\n\r\n{")
    morceau = b"10000\r\n" + b" " * 65536 + b"\r\n"
    par_morceaux = _echanger(serveur.adresse, entetes + b"Transfer-Encoding: chunked\r\n\r\n" + morceau * 33)
    for reponse in (annonce, par_morceaux):
        assert reponse.startswith(b"HTTP/1.1 413 ")
        assert b"application/problem+json" in reponse
        assert b"connection: close" in reponse.lower()


def test_un_port_pris_est_dit_en_francais() -> None:
    with socket.create_server(("127.0.0.1", 0)) as prise:
        port = prise.getsockname()[1]
        with pytest.raises(AdresseIndisponible, match=rf"port {port}.*choisir un autre port"):
            servir("127.0.0.1", port)


@pytest.mark.parametrize("processus", [1, 2])
def test_fermer_le_terminal_arrete_le_service(processus: int) -> None:
    code = (
        "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        f"from services.api.serveur import servir; servir('127.0.0.1', 0, {processus})"
    )
    maitre, esclave = os.openpty()
    serveur = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=RACINE,
        stdin=esclave,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(esclave)
    try:
        assert serveur.stdout is not None
        affiche = b""
        while b"Ctrl-C" not in affiche:
            lu = os.read(serveur.stdout.fileno(), 65536)
            assert lu, affiche
            affiche += lu
        adresse = re.findall(r"http://127\.0\.0\.1:\d+", affiche.decode())[0]
        with urllib.request.urlopen(f"{adresse}/sante/pret", timeout=DELAI) as reponse:
            assert reponse.status == 200
        os.close(maitre)
        serveur.wait(DELAI)
    finally:
        if serveur.poll() is None:
            serveur.kill()
            serveur.wait(DELAI)
