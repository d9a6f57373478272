"""Un serveur à soi et un vrai navigateur, coupé de tout sauf de ce serveur."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

from services.api.config import RACINE

CHROMIUM = "/usr/bin/chromium"
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DELAI = 30.0


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """Le dossier des captures d'écran : celui que nomme VERIFOP_CAPTURES, à défaut un dossier temporaire."""
    dossier = Path(os.environ.get("VERIFOP_CAPTURES") or tmp_path)
    dossier.mkdir(parents=True, exist_ok=True)
    return dossier


@pytest.fixture(scope="session")
def adresse() -> Iterator[str]:
    """L'adresse d'un serveur lancé pour la session, sur un port libre."""
    code = "from services.api.serveur import servir; servir('127.0.0.1', 0)"
    sans_cache = os.environ | {"VERIFOP_CACHE": ""}
    serveur = subprocess.Popen([sys.executable, "-c", code], cwd=RACINE, env=sans_cache, stdout=subprocess.PIPE)
    try:
        sortie = serveur.stdout
        assert sortie is not None
        affiche = ""
        while "Ctrl-C" not in affiche:
            assert select.select([sortie], [], [], DELAI)[0], affiche
            lu = os.read(sortie.fileno(), 65536)
            assert lu, affiche
            affiche += lu.decode()
        yield re.findall(r"http://127\.0\.0\.1:\d+", affiche)[0]
    finally:
        serveur.send_signal(signal.SIGINT)
        serveur.wait(DELAI)


@pytest.fixture(scope="session")
def navigateur() -> Iterator[Browser]:
    """Chromium, sans écran."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip("chromium n'est pas installé")
    with sync_playwright() as playwright:
        navigateur = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield navigateur
        navigateur.close()


@dataclass
class Surveillance:
    """Ce que la page a tenté hors du serveur, et les erreurs qu'elle a dites."""

    requetes_externes: list[str] = field(default_factory=list)
    erreurs: list[str] = field(default_factory=list)


@pytest.fixture
def surveillance() -> Surveillance:
    return Surveillance()


@pytest.fixture
def page(navigateur: Browser, adresse: str, surveillance: Surveillance) -> Iterator[Page]:
    """Une page en français ; toute requête vers ailleurs est coupée et comptée."""
    contexte = navigateur.new_context(locale="fr-FR", viewport={"width": 1280, "height": 1400})
    page = contexte.new_page()

    def aiguiller(route: Route) -> None:
        if route.request.url.startswith((f"{adresse}/", "data:", "blob:")):
            route.continue_()
        else:
            surveillance.requetes_externes.append(route.request.url)
            route.abort()

    def noter(message: ConsoleMessage) -> None:
        if message.type == "error":
            surveillance.erreurs.append(message.text)

    page.route("**/*", aiguiller)
    page.on("console", noter)
    page.on("pageerror", lambda erreur: surveillance.erreurs.append(str(erreur)))
    yield page
    contexte.close()
