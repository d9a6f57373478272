"""Le site des règles : complet, lisible hors ligne, sans lien mort ni requête ailleurs."""

import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from services.regles.conditions import parcourir
from services.regles.enonce import Enonce, enoncer
from services.regles.fiches import LIBELLES_CORPUS, Axe
from services.regles.operateurs import OPERATEURS
from services.regles.paquet import charger_paquet
from services.regles.site import composer_site
from services.regles.site.libelles import AXES
from services.regles.site.pages import nommer_page
from tests.moteurs.atelier import charger_regles_reelles
from tests.regles.dossier_minimal import copier, ecrire

ANCRE = re.compile(r'href="([^"]*)"')


@pytest.fixture(scope="module")
def site() -> Mapping[str, str]:
    return {nom: contenu.decode() for nom, contenu in composer_site(charger_regles_reelles()).items()}


def test_chaque_regle_a_sa_page_et_figure_aux_index(site: Mapping[str, str]) -> None:
    for regle in charger_regles_reelles().regles:
        nom = nommer_page(regle)
        assert unescape(site[nom]).count(regle.fiche.question_metier) >= 1
        for index in ("index.html", "axes.html"):
            assert f'href="{nom}"' in site[index], (index, nom)


def test_une_page_de_regle_dit_tout_ce_qu_un_acheteur_cherche(site: Mapping[str, str]) -> None:
    for regle in charger_regles_reelles().regles:
        page = unescape(site[nommer_page(regle)])
        for titre in (
            "À qui elle s'applique",
            "Ce qui est vérifié",
            "Le texte",
            "Données lues",
            "Que faire",
            "Historique",
        ):
            assert titre in page, (regle.fiche.id, titre)
        assert regle.fiche.remede.action in page
        for reference in regle.fiche.references:
            assert reference.article in page


def test_aucun_lien_interne_n_est_mort(site: Mapping[str, str]) -> None:
    ancres = {nom: set(re.findall(r'id="([^"]*)"', page)) for nom, page in site.items()}
    for nom, page in site.items():
        for lien in map(unescape, ANCRE.findall(page)):
            if lien.startswith("http"):
                continue
            fichier, _, ancre = lien.partition("#")
            assert (fichier or nom) in site, (nom, lien)
            assert not ancre or ancre in ancres[fichier or nom], (nom, lien)


def test_le_site_n_appelle_rien_ailleurs(site: Mapping[str, str]) -> None:
    for nom, page in site.items():
        charges = re.findall(r'(?:src|srcset|action|poster)="([^"]*)"|@import|url\(([^)]*)\)', page)
        assert all(not (a or b).startswith(("http", "//")) for a, b in charges), nom
        assert '<link rel="stylesheet" href="style.css">' in page or not nom.endswith(".html")


class _Equilibre(HTMLParser):
    VIDES = frozenset({"meta", "link", "br", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.pile: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VIDES:
            self.pile.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.pile.pop() == tag, self.getpos()


def test_chaque_page_est_bien_formee(site: Mapping[str, str]) -> None:
    for nom, page in site.items():
        if nom.endswith(".html"):
            lecteur = _Equilibre()
            lecteur.feed(page)
            assert lecteur.pile == [], nom


def test_un_texte_de_fiche_ne_devient_jamais_du_html(tmp_path: Path) -> None:
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["titre"] = "<script>alert(1)</script>"
    page = composer_site(charger_paquet(ecrire(tmp_path, contenu)))["CCP-ESSAI.html"].decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_chaque_axe_et_chaque_corpus_ont_un_nom() -> None:
    assert set(AXES) == set(Axe.__args__)  # type: ignore[attr-defined]
    assert {r.fiche.corpus for r in charger_regles_reelles().regles} <= set(LIBELLES_CORPUS)


def test_chaque_condition_livree_s_enonce_sans_mot_de_programme() -> None:
    paquet = charger_regles_reelles()

    def parcourir_enonce(enonce: Enonce) -> list[str]:
        return [enonce.texte, *(texte for enfant in enonce.enfants for texte in parcourir_enonce(enfant))]

    vus: set[str] = set()
    for regle in paquet.regles:
        for arbre in regle.lister_arbres():
            for texte in parcourir_enonce(enoncer(arbre, paquet.parametres)):
                assert not re.search(r"\b(True|False|None|Decimal|frozenset)\b", texte), (regle.fiche.id, texte)
            vus |= {noeud.operateur.nom for noeud in parcourir(arbre) if hasattr(noeud, "operateur")}
    assert vus <= set(OPERATEURS)
