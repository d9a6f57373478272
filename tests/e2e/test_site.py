"""Le site des règles dans un vrai navigateur : servi, puis ouvert depuis un dossier, réseau coupé."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from services.regles.site import composer_site
from tests.moteurs.atelier import charger_regles_reelles

pytestmark = pytest.mark.e2e


def test_le_site_se_filtre_se_lit_et_n_appelle_rien_ailleurs(
    page: Page, adresse: str, surveillance: Any, captures: Path
) -> None:
    page.goto(f"{adresse}/regles")
    assert page.url == f"{adresse}/regles/"
    page.screenshot(path=captures / "regles-accueil.png")
    lignes = page.locator("table.regles tbody tr:visible")
    toutes = lignes.count()
    page.get_by_label("Chercher une règle").fill("critere environnemental")
    expect(page.locator("#trouves")).to_contain_text("trouvé")
    assert 0 < lignes.count() < toutes
    page.get_by_role("link", name="CCP-ENV-CRITERE", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("critère")
    for titre in ("À qui elle s'applique", "Ce qui est vérifié", "Le texte", "Données lues", "Cas qui la contrôlent"):
        expect(page.get_by_role("heading", name=titre)).to_be_visible()
    page.screenshot(path=captures / "regles-une-regle.png", full_page=True)
    for lien, capture in (("Clauses", "clauses"), ("Engagements", "engagements"), ("Seuils et taux", "parametres")):
        page.get_by_role("navigation").get_by_role("link", name=lien, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.screenshot(path=captures / f"regles-{capture}.png")
    assert surveillance.requetes_externes == []
    assert surveillance.erreurs == []


def test_le_site_tient_sur_un_telephone(page: Page, adresse: str, captures: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for nom in ("", "CCP-SOC-CLAUSE.html", "couverture.html", "parametres.html", "clauses.html"):
        page.goto(f"{adresse}/regles/{nom}")
        largeur = page.evaluate("document.documentElement.scrollWidth")
        assert largeur <= 390, (nom, largeur)
    page.screenshot(path=captures / "regles-telephone.png")


def test_le_site_s_ouvre_depuis_un_dossier(page: Page, tmp_path: Path) -> None:
    for nom, contenu in composer_site(charger_regles_reelles()).items():
        (tmp_path / nom).write_bytes(contenu)
    page.unroute("**/*")
    page.goto((tmp_path / "index.html").as_uri())
    page.get_by_role("link", name="CCP-ALLOT", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("alloti")
    page.get_by_role("link", name="RP-MOTIF-NON-ALLOT-01").click()
    assert page.url.endswith("clauses.html#RP-MOTIF-NON-ALLOT-01")
