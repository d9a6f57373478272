"""La documentation dans un vrai navigateur, réseau extérieur coupé."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.e2e

ANGLAIS = re.compile(
    r"\b(Try it out|Execute|Cancel|Clear|Reset|Parameters|Request body|Request URL|Response body|Response headers|"
    r"Server response|Responses|Example Value|Schemas?|Examples|Media type|Download|required|Details|No links|Links|"
    r"Controls|Edit Value|Name|string|integer|boolean|number|object|array|items|characters|any|null|Enum|Default|"
    r"Expand all|Collapse all|query|path|Loading|Undocumented)\b"
)


def _ouvrir(page: Page, adresse: str, operation: str) -> Locator:
    page.goto(f"{adresse}/docs")
    bloc = page.locator(f"[id$='-{operation}']")
    bloc.locator(".opblock-summary-control").click()
    bloc.locator("button.execute").wait_for()
    return bloc


def _executer(bloc: Locator) -> tuple[str, Any]:
    bloc.locator("button.execute").click()
    reponse = bloc.locator(".live-responses-table")
    reponse.wait_for()
    statut = reponse.locator("tbody .response-col_status").inner_text().split()[0]
    return statut, json.loads(reponse.locator(".highlight-code .microlight").first.inner_text())


def _lire_libelles(page: Page) -> str:
    """Rend les textes de l'interface, sans ce qui est du code : exemples, réponses, adresses, noms de champs."""
    return str(
        page.evaluate(
            """() => {
              const copie = document.body.cloneNode(true);
              const code = "pre, code, textarea, script, .opblock-summary-path, .json-schema-2020-12__title, "
                + ".json-schema-2020-12-json-viewer__value";
              copie.querySelectorAll(code).forEach((noeud) => noeud.remove());
              return copie.textContent;
            }"""
        )
    )


def test_un_exemple_choisi_s_execute_sans_rien_demander_ailleurs(
    page: Page, adresse: str, surveillance: Any, captures: Path
) -> None:
    bloc = _ouvrir(page, adresse, "verifier_fop")
    menu = bloc.locator("select.examples-select-element").first
    cles = [option.get_attribute("value") or "" for option in menu.locator("option").all()]
    assert len(cles) >= 6
    menu.select_option(cles[2])
    fiche = json.loads(bloc.locator("textarea.body-param__text").input_value())
    page.screenshot(path=captures / "fiche.png", full_page=True)

    statut, rapport = _executer(bloc)

    assert statut == "200"
    assert rapport["fop"]["objet"] == fiche["objet"]
    assert set(rapport["syntheses"]) == {"loi", "engagement_local", "plan_national"}
    bloc.locator(".responses-wrapper").evaluate("noeud => noeud.scrollIntoView()")
    page.screenshot(path=captures / "rapport.png")
    assert surveillance.requetes_externes == []
    assert surveillance.erreurs == []


def test_la_page_est_en_francais(page: Page, adresse: str, surveillance: Any, captures: Path) -> None:
    bloc = _ouvrir(page, adresse, "verifier_fop")
    _executer(bloc)
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(bloc.locator("button.execute")).to_have_text("Exécuter")
    bloc.locator(".opblock-section-request-body").get_by_text("Schéma", exact=True).click()
    acheteur = bloc.locator(".json-schema-2020-12-property", has=page.get_by_text("acheteur", exact=True))
    acheteur.get_by_text("Tout déplier", exact=True).first.click()
    expect(bloc.get_by_text("Valeurs", exact=True).first).to_be_visible()
    page.screenshot(path=captures / "page.png", full_page=True)
    restes = sorted(set(ANGLAIS.findall(_lire_libelles(page))))
    assert restes == []
    assert surveillance.erreurs == []


def test_une_fiche_fautive_se_lit_dans_la_page(page: Page, adresse: str, surveillance: Any) -> None:
    bloc = _ouvrir(page, adresse, "verifier_fop")
    bloc.locator("textarea.body-param__text").fill('{"objet": "Achat", "acheteur": {"nom": "Ville"}, "cpv": 45233000}')
    statut, probleme = _executer(bloc)
    assert statut == "422"
    assert probleme["erreurs"][0]["correction"] == "mettre des guillemets"
    assert surveillance.requetes_externes == []


def test_une_regle_se_lit_dans_la_page(page: Page, adresse: str, surveillance: Any, captures: Path) -> None:
    bloc = _ouvrir(page, adresse, "lire_regle")
    bloc.locator("input").first.fill("CCP-ENV-CRITERE")
    page.screenshot(path=captures / "regle.png")
    statut, regle = _executer(bloc)
    assert (statut, regle["id"]) == ("200", "CCP-ENV-CRITERE")
    assert surveillance.requetes_externes == []
    assert surveillance.erreurs == []
