"""La documentation interactive : en français, servie d'ici."""

import re

import pytest
from starlette.testclient import TestClient


def test_la_racine_mene_a_la_documentation(client: TestClient) -> None:
    reponse = client.get("/", follow_redirects=False)
    assert (reponse.status_code, reponse.headers["location"]) == (307, "/docs")


def test_la_page_est_en_francais_et_interdit_toute_requete_ailleurs(client: TestClient) -> None:
    reponse = client.get("/docs")
    assert '<html lang="fr">' in reponse.text
    assert reponse.headers["content-security-policy"].startswith("default-src 'self';")
    assert "http" not in reponse.text


def test_tout_ce_que_charge_la_page_est_servi_d_ici(client: TestClient) -> None:
    adresses = re.findall(r'(?:src|href)="([^"]+)"', client.get("/docs").text)
    assert len(adresses) == 6
    for adresse in [*adresses, "/favicon.ico"]:
        reponse = client.get(adresse)
        assert reponse.status_code == 200, adresse
        assert reponse.content, adresse


@pytest.mark.parametrize("fichier", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_les_fichiers_de_swagger_ui_viennent_de_leur_paquet(client: TestClient, fichier: str) -> None:
    assert len(client.get(f"/statique/{fichier}").content) > 100_000
