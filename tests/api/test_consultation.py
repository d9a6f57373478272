"""Lire les règles, les clauses, les paramètres, les référentiels et le paquet."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from services.api.config import Reglages
from services.regles.paquet import Paquet, charger_paquet


@pytest.fixture(scope="module")
def paquet() -> Paquet:
    return charger_paquet(Reglages().regles)


def _lire(client: TestClient, adresse: str) -> Any:
    reponse = client.get(adresse)
    assert reponse.status_code == 200, reponse.text
    assert reponse.headers["x-paquet"]
    return reponse.json()


def test_toutes_les_regles_sont_listees(client: TestClient, paquet: Paquet) -> None:
    liste = _lire(client, "/v1/regles")
    assert [regle["id"] for regle in liste["regles"]] == [regle.fiche.id for regle in paquet.regles]
    assert liste["total"] == len(paquet.regles)


@pytest.mark.parametrize(
    ("filtre", "valeur"),
    [("corpus", "spaser_vra"), ("axe", "social"), ("nature", "engagement_local"), ("niveau", "lot")],
)
def test_un_filtre_garde_les_regles_qui_le_remplissent(client: TestClient, filtre: str, valeur: str) -> None:
    toutes = _lire(client, "/v1/regles")["regles"]
    gardees = _lire(client, f"/v1/regles?{filtre}={valeur}")["regles"]
    assert gardees == [regle for regle in toutes if regle[filtre] == valeur]
    assert 0 < len(gardees) < len(toutes)


def test_la_date_garde_les_regles_en_vigueur_ce_jour_la(client: TestClient) -> None:
    veille = {regle["id"] for regle in _lire(client, "/v1/regles?date=2026-08-20")["regles"]}
    jour = {regle["id"] for regle in _lire(client, "/v1/regles?date=2026-08-21")["regles"]}
    assert "CCP-ENV-CRITERE" in jour - veille


def test_la_fiche_d_une_regle_dit_tout_ce_qu_un_juriste_veut_lire(client: TestClient) -> None:
    regle = _lire(client, "/v1/regles/CCP-PROC-DISPENSE")
    assert regle["relecture_juridique"] == "a_faire"
    assert regle["libelle_corpus"] == "Code de la commande publique"
    assert all(reference["texte"] and reference["confiance"] for reference in regle["references"])
    seuil = next(p for p in regle["parametres"] if p["cle"] == "ccp.dispense.fournitures_services")
    assert {ligne["valeur"] for ligne in seuil["valeurs"]} >= {"40000"}
    assert regle["clauses"] and regle["cas"] and regle["messages"]["ecart"]


def test_une_condition_n_ecrit_que_l_operateur_dont_elle_se_sert(client: TestClient, paquet: Paquet) -> None:
    def lister_controles(noeud: Any) -> list[dict[str, Any]]:
        if isinstance(noeud, list):
            return [controle for enfant in noeud for controle in lister_controles(enfant)]
        if not isinstance(noeud, dict):
            return []
        if "fait" in noeud:
            return [noeud]
        return [controle for enfant in noeud.values() for controle in lister_controles(enfant)]

    for regle in paquet.regles:
        fiche = _lire(client, f"/v1/regles/{regle.fiche.cle}")
        controles = lister_controles([fiche["applicable_si"], fiche["exige"], fiche["derogations"], fiche["alerte_si"]])
        assert controles
        assert {len(controle) for controle in controles} == {2}


def test_une_version_precise_se_lit_par_son_numero(client: TestClient) -> None:
    assert _lire(client, "/v1/regles/CCP-ENV-CRITERE@1") == _lire(client, "/v1/regles/CCP-ENV-CRITERE")


@pytest.mark.parametrize(
    ("adresse", "proche"),
    [
        ("/v1/regles/CCP-ENV-CRITERES", "CCP-ENV-CRITERE"),
        ("/v1/regles/ccp-env-critere", "CCP-ENV-CRITERE"),
        ("/v1/clauses/RC-CRITERE-ENV", "RC-CRITERE-ENV-01"),
        ("/v1/referentiels/familles", "familles_agec"),
    ],
)
def test_un_identifiant_inconnu_propose_le_plus_proche(client: TestClient, adresse: str, proche: str) -> None:
    reponse = client.get(adresse)
    assert reponse.status_code == 404
    assert f"« {proche} »" in reponse.json()["detail"]


def test_toutes_les_clauses_sont_listees_et_lisibles(client: TestClient, paquet: Paquet) -> None:
    liste = _lire(client, "/v1/clauses")
    assert [clause["id"] for clause in liste["clauses"]] == sorted(paquet.clauses)
    for identifiant in paquet.clauses:
        clause = _lire(client, f"/v1/clauses/{identifiant}")
        assert clause["texte"] and clause["interet"] and clause["vigilance"]


def test_une_clause_dit_les_regles_qui_la_proposent(client: TestClient) -> None:
    assert "CCP-ENV-CRITERE" in _lire(client, "/v1/clauses/RC-CRITERE-ENV-01")["regles"]


def test_un_segment_garde_ses_clauses_et_les_generales(client: TestClient) -> None:
    clauses = _lire(client, "/v1/clauses?piece=CCTP&segment=mobilier")["clauses"]
    assert {clause["piece"] for clause in clauses} == {"CCTP"}
    assert all({"mobilier", "tous"} & set(clause["segments"]) for clause in clauses)
    assert any("mobilier" in clause["segments"] for clause in clauses)


def test_un_segment_inconnu_propose_le_plus_proche(client: TestClient) -> None:
    reponse = client.get("/v1/clauses?segment=mobilie")
    assert reponse.status_code == 422
    assert reponse.json()["erreurs"][0]["correction"] == "écrire « mobilier »"


def test_un_parametre_vaut_ce_que_dit_la_date(client: TestClient, paquet: Paquet) -> None:
    liste = _lire(client, "/v1/parametres?date=2026-09-15")
    assert liste["date"] == "2026-09-15"
    par_cle = {parametre["cle"]: parametre for parametre in liste["parametres"]}
    assert set(par_cle) == set(paquet.parametres)
    assert par_cle["agec.mobilier.reemploi"]["a_la_date"]["valeur"] == "0.2"


def test_un_parametre_inconnu_ce_jour_la_reste_inconnu(client: TestClient) -> None:
    parametres = _lire(client, "/v1/parametres?date=2027-06-01")["parametres"]
    taux = next(parametre for parametre in parametres if parametre["cle"] == "agec.mobilier.reemploi")
    assert taux["a_la_date"] | {"connue": False, "valeur": None} == taux["a_la_date"]
    assert len(taux["historique"]) >= 2


def test_sans_date_les_parametres_ne_disent_que_leur_histoire(client: TestClient) -> None:
    liste = _lire(client, "/v1/parametres")
    assert liste["date"] is None
    assert all(parametre["a_la_date"] is None and parametre["historique"] for parametre in liste["parametres"])


def test_chaque_referentiel_se_lit(client: TestClient, paquet: Paquet) -> None:
    noms = _lire(client, "/v1/paquet")["referentiels"]
    assert noms == sorted(paquet.referentiels)
    for nom in noms:
        assert set(_lire(client, f"/v1/referentiels/{nom}")["entrees"]) == set(paquet.referentiels[nom])


def test_le_paquet_dit_de_quoi_rejouer_une_verification(client: TestClient, paquet: Paquet) -> None:
    lu = _lire(client, "/v1/paquet")
    assert (lu["version"], lu["empreinte"]) == (paquet.version, paquet.empreinte)
    assert lu["regles"] == len(paquet.regles) == sum(lu["regles_par_corpus"].values())
    assert lu["clauses"] == len(paquet.clauses)


def test_un_parametre_d_adresse_sur_une_route_qui_n_en_a_pas_est_refuse(client: TestClient) -> None:
    assert client.get("/v1/paquet?date=2026-09-15").status_code == 422
