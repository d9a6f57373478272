"""Entrées fautives : toujours un refus en français, jamais une panne, jamais la valeur reçue."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

Fop = dict[str, Any]
ADRESSE = "/v1/verifications"
JSON = {"content-type": "application/json"}
MARQUE = "zz-valeur-recue-4217"
BASE: Fop = {"objet": "Mobilier", "acheteur": {"siret": "20004048300014"}}


def _refuser(client: TestClient, corps: bytes, statut: int) -> dict[str, Any]:
    reponse = client.post(ADRESSE, content=corps, headers=JSON)
    assert reponse.status_code == statut, reponse.text
    assert reponse.headers["content-type"] == "application/problem+json"
    assert MARQUE not in reponse.text
    probleme: dict[str, Any] = reponse.json()
    assert set(probleme) == {"type", "title", "status", "detail", "requete", "erreurs"}
    assert probleme["status"] == statut
    assert probleme["requete"] == reponse.headers["x-request-id"]
    for faute in probleme["erreurs"]:
        assert set(faute) == {"pointeur", "chemin", "code", "attendu", "lu", "correction"}
        assert all(isinstance(valeur, str) for valeur in faute.values())
        assert faute["correction"]
    return probleme


@pytest.mark.parametrize(
    ("ajout", "pointeur", "code"),
    [
        ({"montant": 3}, "/montant", "cle_inconnue"),
        ({"cpv": 45233000}, "/cpv", "type_attendu"),
        ({"acheteur": {"siret": "20004048300015"}}, "/acheteur/siret", "format"),
        ({"montant_ht": -1}, "/montant_ht", "hors_bornes"),
        ({"montant_ht": MARQUE}, "/montant_ht", "type_attendu"),
        ({"date_lancement": "2026-02-30"}, "/date_lancement", "format"),
        ({"procedure": MARQUE}, "/procedure", "valeur_hors_liste"),
        ({"lots": [{"numero": "1"}] * 10_000}, "/lots", "trop_long"),
        ({"criteres": [{"nom": "Prix"}] * 101}, "/criteres", "trop_long"),
        ({"criteres": [{"nom": "Prix", "poids": -5}]}, "/criteres/0/poids", "hors_bornes"),
        ({"objet": f"{MARQUE}\u0000"}, "/objet", "texte_interdit"),
        ({"objet": f"{MARQUE}\u0007"}, "/objet", "texte_interdit"),
        ({"objet": "x" * 1_500_000}, "/objet", "trop_long"),
        ({"objet": {MARQUE: 1}}, "/objet", "type_attendu"),
        ({"extensions": json.loads("[" * 50 + "]" * 50)}, "", "trop_profond"),
    ],
    ids=[
        "clé inconnue", "CPV entier", "SIRET faux", "négatif", "texte pour nombre", "30 février", "hors liste",
        "10 000 lots", "101 critères", "poids négatif", "U+0000", "contrôle", "texte long", "objet", "profonde",
    ],
)  # fmt: skip
def test_une_fiche_fautive_est_refusee_avec_l_endroit(client: TestClient, ajout: Fop, pointeur: str, code: str) -> None:
    probleme = _refuser(client, json.dumps(BASE | ajout).encode(), 422)
    assert (pointeur, code) in {(faute["pointeur"], faute["code"]) for faute in probleme["erreurs"]}


@pytest.mark.parametrize(
    ("corps", "statut"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"objet": "' + MARQUE.encode() + b'"', 400),
        (b"\xff\xfe{}", 400),
        (b'{"objet": "\xe9"}', 400),
        (b"[]", 422),
        (b'"' + MARQUE.encode() + b'"', 422),
        (b'{"montant_ht": NaN}', 422),
        (b'{"montant_ht": -Infinity}', 422),
        (b'{"objet": "Achat", "acheteur": {"nom": "Ville"}, "montant_ht": 1e400}', 422),
        (b'{"objet": "Achat", "acheteur": {"nom": "Ville"}, "montant_ht": 1e9999999999999999999}', 422),
        (b'{"objet": "Achat", "acheteur": {"nom": "Ville"}, "montant_ht": ' + b"9" * 5_000 + b"}", 422),
        (b'{"objet": "Achat", "objet": "Vente"}', 422),
        (b'{"objet": "\\ud800"}', 422),
        (b"[" * 100_000, 422),
        (b'{"a":' * 100_000, 422),
    ],
    ids=[
        "vide", "tronqué", "tronqué avec valeur", "UTF-16", "latin-1", "liste", "texte", "NaN", "infini", "1e400",
        "exposant démesuré", "entier démesuré", "clé en double", "demi-caractère", "crochets", "accolades",
    ],
)  # fmt: skip
def test_un_document_fautif_est_refuse(client: TestClient, corps: bytes, statut: int) -> None:
    _refuser(client, corps, statut)


@pytest.mark.parametrize(
    "objet",
    ["R\u0065\u0301fection 🏗️ de l'école", "Mobilier 👩‍👩‍👧‍👦", "\u202eélibom", "Ｍobilier", "𝔐obilier"],
    ids=["NFD et émoji", "émoji composé", "sens de lecture", "pleine chasse", "hors plan de base"],
)
def test_un_texte_tordu_mais_lisible_passe(client: TestClient, objet: str) -> None:
    assert client.post(ADRESSE, json=BASE | {"objet": objet}).status_code == 200


def test_un_corps_de_cinq_mio_est_refuse(client: TestClient) -> None:
    _refuser(client, json.dumps(BASE | {"objet": MARQUE * 300_000}).encode(), 413)


def test_un_corps_de_deux_mio_juste_est_lu(client: TestClient) -> None:
    corps = json.dumps(BASE).encode()
    assert client.post(ADRESSE, content=corps.ljust(2 * 1024 * 1024), headers=JSON).status_code == 200
    _refuser(client, corps.ljust(2 * 1024 * 1024 + 1), 413)


@pytest.mark.parametrize(
    "entetes",
    [{}, {"content-type": "text/plain"}, {"content-type": "application/xml"}, JSON | {"content-encoding": "gzip"}],
    ids=["rien", "texte", "XML", "compressé"],
)
def test_un_corps_qui_n_est_pas_annonce_comme_du_json_est_refuse(client: TestClient, entetes: dict[str, str]) -> None:
    reponse = client.post(ADRESSE, content=json.dumps(BASE).encode(), headers=entetes)
    assert reponse.status_code == 415
    assert reponse.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("requete", "chemin", "code", "correction"),
    [
        ("date_de_reference=2026-02-30", "date_de_reference", "format", "2026-09-15"),
        ("date_de_reference=1700000000", "date_de_reference", "format", "2026-09-15"),
        ("date_de_reference=2026-W38-2", "date_de_reference", "format", "2026-09-15"),
        ("date_de_reference=", "date_de_reference", "format", "2026-09-15"),
        ("date_de_reference=1900-01-01", "date_de_reference", "hors_bornes", "bornes"),
        ("detail=complets", "detail", "valeur_hors_liste", "« complet »"),
        (f"detail={MARQUE}", "detail", "valeur_hors_liste", "liste"),
        ("date_de_referense=2026-09-15", "date_de_referense", "parametre_inconnu", "« date_de_reference »"),
        (f"xyz={MARQUE}", "xyz", "parametre_inconnu", "retirer"),
        ("detail=complet&detail=essentiel", "detail", "parametre_en_double", "une fois"),
    ],
)
def test_un_parametre_d_adresse_fautif_est_refuse(
    client: TestClient, requete: str, chemin: str, code: str, correction: str
) -> None:
    reponse = client.post(f"{ADRESSE}?{requete}", json=BASE)
    assert reponse.status_code == 422, reponse.text
    assert reponse.headers["content-type"] == "application/problem+json"
    assert MARQUE not in reponse.text
    [faute] = reponse.json()["erreurs"]
    assert (faute["chemin"], faute["code"]) == (chemin, code)
    assert correction in faute["correction"]


@pytest.mark.parametrize(
    ("methode", "adresse", "statut", "detail"),
    [
        ("GET", "/v1/regle", 404, "/v1/regles"),
        ("GET", "/rien", 404, "Aucune ressource"),
        ("GET", f"/v1/regles/{MARQUE}", 404, "Aucune règle"),
        ("GET", "/v1/verifications/", 404, "/v1/verifications"),
        ("GET", "/v1/verifications", 405, "POST"),
        ("DELETE", "/v1/regles", 405, "GET"),
        ("GET", "/statique/../config.py", 404, "Aucune ressource"),
        ("GET", "/statique/%2e%2e/routes.py", 404, "Aucune ressource"),
    ],
)
def test_une_adresse_ou_une_methode_fautive_est_refusee(
    client: TestClient, methode: str, adresse: str, statut: int, detail: str
) -> None:
    reponse = client.request(methode, adresse)
    assert reponse.status_code == statut
    assert reponse.headers["content-type"] == "application/problem+json"
    assert detail in reponse.json()["detail"]
    assert MARQUE not in reponse.text


def test_une_panne_est_un_500_sans_trace(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def tomber(*_: Any) -> Any:
        raise RuntimeError(MARQUE)

    monkeypatch.setattr("services.regles.verification.Verificateur.verifier", tomber)
    probleme = _refuser(client, json.dumps(BASE).encode(), 500)
    assert probleme["requete"] in probleme["detail"]
    assert "RuntimeError" in caplog.text


_FEUILLES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_CLES = st.sampled_from(["objet", "acheteur", "lots", "criteres", "montant_ht", "cpv", "nom", "siret", "poids", "x"])
_ARBRES = st.recursive(
    _FEUILLES,
    lambda enfants: st.lists(enfants, max_size=4) | st.dictionaries(_CLES, enfants, max_size=5),
    max_leaves=12,
)
_SANS_PAUSE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_SANS_PAUSE
@given(arbre=_ARBRES)
def test_aucun_json_ne_donne_une_panne(client: TestClient, arbre: Any) -> None:
    fiche = BASE | arbre if isinstance(arbre, dict) else arbre
    for corps in (json.dumps(arbre), json.dumps(fiche), json.dumps([arbre, fiche])):
        for adresse in (ADRESSE, f"{ADRESSE}/lot"):
            reponse = client.post(adresse, content=corps.encode(), headers=JSON, params={"detail": "essentiel"})
            assert reponse.status_code in (200, 400, 422)


@_SANS_PAUSE
@given(octets=st.binary(max_size=60))
def test_aucune_suite_d_octets_ne_donne_une_panne(client: TestClient, octets: bytes) -> None:
    for adresse in (ADRESSE, f"{ADRESSE}/lot"):
        for corps in (octets, b"[" + octets + b"]", b'{"objet": ' + octets + b"}"):
            assert client.post(adresse, content=corps, headers=JSON).status_code in (200, 400, 422)
