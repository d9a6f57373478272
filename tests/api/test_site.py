"""Le site des règles et la couverture des schémas, servis par l'API."""

from starlette.testclient import TestClient


def test_le_site_des_regles_se_lit_sous_son_adresse(client: TestClient) -> None:
    accueil = client.get("/regles")
    assert accueil.status_code == 200
    assert accueil.url.path == "/regles/"
    assert "text/html" in accueil.headers["content-type"]
    assert "default-src 'none'" in accueil.headers["content-security-policy"]
    assert "CCP-ENV-CRITERE" in accueil.text


def test_chaque_fichier_du_site_a_son_type(client: TestClient) -> None:
    for nom, genre in (
        ("CCP-ENV-CRITERE.html", "text/html"),
        ("style.css", "text/css"),
        ("filtre.js", "javascript"),
    ):
        reponse = client.get(f"/regles/{nom}")
        assert reponse.status_code == 200
        assert genre in reponse.headers["content-type"]


def test_une_page_inconnue_est_un_probleme_404(client: TestClient) -> None:
    for nom in ("INCONNUE.html", "../paquet.yaml", "%2e%2e/paquet.yaml"):
        reponse = client.get(f"/regles/{nom}")
        assert reponse.status_code == 404
        assert reponse.headers["content-type"].startswith("application/problem+json")


def test_la_couverture_compte_ses_lignes_et_se_filtre(client: TestClient) -> None:
    toute = client.get("/v1/couverture").json()
    assert toute["total"] == len(toute["lignes"]) == sum(toute["par_prise_en_charge"].values())
    for prise, nombre in toute["par_prise_en_charge"].items():
        filtree = client.get("/v1/couverture", params={"prise_en_charge": prise}).json()
        assert filtree["total"] == nombre
        assert {ligne["prise_en_charge"] for ligne in filtree["lignes"]} <= {prise}
    par_schema = [
        client.get("/v1/couverture", params={"spaser": s}).json() for s in ("vra_2023_2026", "drome_2025_2028")
    ]
    assert sum(reponse["total"] for reponse in par_schema) == toute["total"]


def test_chaque_ligne_de_la_couverture_a_une_reponse(client: TestClient) -> None:
    for ligne in client.get("/v1/couverture").json()["lignes"]:
        assert ligne["regles"] or ligne["indicateurs"] or ligne["hors_outil"], ligne["id"]
