"""Dire si le service vit et s'il peut juger ; changer de paquet sans s'arrêter."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.api.application import creer_application, recharger
from services.api.config import Reglages
from services.api.detenteur import Detenteur, PaquetAbsent
from services.regles.erreurs import PaquetInvalide
from services.regles.moteur.direct import MoteurDirect
from services.regles.moteur.port import ECART, Jugement, MoteurIndisponible, Situation
from services.regles.verification import Verificateur

Fop = dict[str, Any]
Abimer = Callable[[Path], None]


def _publier(regles: Path, version: str) -> None:
    etiquette = regles / "paquet.yaml"
    lignes = [
        f'version: "{version}"' if ligne.startswith("version:") else ligne
        for ligne in etiquette.read_text(encoding="utf-8").splitlines()
    ]
    etiquette.write_text("\n".join(lignes) + "\n", encoding="utf-8")


def test_pret_dit_le_paquet_et_le_moteur(client: TestClient) -> None:
    pret = client.get("/sante/pret").json()
    assert pret["etat"] == "pret"
    assert pret["moteur"] == {"nom": "double", "degrade": False}
    assert pret["regles"] > 20
    assert (pret["desaccords"], pret["dernier_rechargement"]) == (0, None)
    assert client.get("/sante/vivant").json() == {"etat": "vivant"}


def test_avec_un_paquet_fautif_le_service_vit_mais_n_est_pas_pret(
    regles_a_soi: Path, abimer: Abimer, fop: Fop, caplog: pytest.LogCaptureFixture
) -> None:
    abimer(regles_a_soi)
    with TestClient(creer_application(Reglages(regles=regles_a_soi))) as client:
        assert client.get("/sante/vivant").status_code == 200
        for reponse in (
            client.get("/sante/pret"),
            client.get("/v1/regles"),
            client.post("/v1/verifications", json=fop),
        ):
            assert reponse.status_code == 503
            assert reponse.json()["type"] == "urn:verifop:probleme:pas-pret"
    assert "ccp-env-critere.yaml" in caplog.text


def test_un_moteur_degrade_se_voit_partout(fop: Fop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.regles.moteur.choix.etre_disponible", lambda: False)
    with TestClient(creer_application(Reglages())) as client:
        attendu = {"nom": "direct", "degrade": True}
        assert client.get("/sante/pret").json()["moteur"] == attendu
        assert client.get("/v1/paquet").json()["moteur"] == attendu
        rapport = client.post("/v1/verifications", json=fop).json()
        assert rapport["moteur"] == attendu
        assert "moteur" in {notice["code"] for notice in rapport["notices"]}


def test_durable_exige_et_absent_le_service_n_est_pas_pret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.regles.moteur.choix.etre_disponible", lambda: False)
    with pytest.raises(MoteurIndisponible, match="VERIFOP_EXIGER_DURABLE"):
        Detenteur(Reglages(exiger_durable=True)).charger()
    with TestClient(creer_application(Reglages(exiger_durable=True))) as client:
        assert client.get("/sante/pret").status_code == 503


def test_un_desaccord_entre_moteurs_se_compte(fop: Fop, monkeypatch: pytest.MonkeyPatch) -> None:
    with TestClient(creer_application(Reglages())) as client:
        monkeypatch.setattr(MoteurDirect, "juger", _juger_de_travers)
        rapport = client.post("/v1/verifications", json=fop).json()
        assert rapport["comptes"]["erreur"] > 0
        assert rapport["syntheses"]["loi"]["etat"] == "en_erreur"
        assert client.get("/sante/pret").json()["desaccords"] == rapport["comptes"]["erreur"]


_JUGER = MoteurDirect.juger


def _juger_de_travers(self: MoteurDirect, situation: Situation) -> Jugement:
    jugement = _JUGER(self, situation)
    return Jugement((ECART,) * len(jugement.consultation), jugement.lots)


def test_un_nouveau_paquet_prend_la_place_de_l_ancien(regles_a_soi: Path) -> None:
    detenteur = Detenteur(Reglages(regles=regles_a_soi))
    with TestClient(creer_application(Reglages(), detenteur)) as client:
        assert client.get("/v1/paquet").json()["version"] != "2031.01.7"
        _publier(regles_a_soi, "2031.01.7")
        assert recharger(detenteur)
        assert client.get("/v1/paquet").json()["version"] == "2031.01.7"
        assert client.get("/sante/pret").json()["dernier_rechargement"] == "accepte"


def test_un_paquet_fautif_est_refuse_sans_deranger_l_ancien(regles_a_soi: Path, abimer: Abimer, fop: Fop) -> None:
    detenteur = Detenteur(Reglages(regles=regles_a_soi))
    with TestClient(creer_application(Reglages(), detenteur)) as client:
        avant = client.post("/v1/verifications", json=fop).content
        abimer(regles_a_soi)
        assert not recharger(detenteur)
        assert client.get("/sante/pret").json()["dernier_rechargement"] == "refuse"
        assert client.post("/v1/verifications", json=fop).content == avant


def test_l_ancien_paquet_n_est_ferme_qu_apres_son_dernier_emprunt(
    regles_a_soi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fermes: list[Verificateur] = []
    vrai = Verificateur.fermer

    def fermer(self: Verificateur) -> None:
        fermes.append(self)
        vrai(self)

    monkeypatch.setattr(Verificateur, "fermer", fermer)
    detenteur = Detenteur(Reglages(regles=regles_a_soi))
    detenteur.charger()
    with detenteur.emprunter() as premier, detenteur.emprunter() as second:
        assert premier is second
        detenteur.charger()
        assert fermes == []
        with detenteur.emprunter() as neuf:
            assert neuf is not premier
    assert fermes == [premier]
    detenteur.charger()
    assert fermes == [premier, neuf]
    detenteur.fermer()
    assert len(fermes) == 3
    with pytest.raises(PaquetAbsent), detenteur.emprunter():
        pass


def test_un_rechargement_pendant_qu_on_juge_ne_casse_rien(regles_a_soi: Path, fop: Fop) -> None:
    detenteur = Detenteur(Reglages(regles=regles_a_soi))
    with TestClient(creer_application(Reglages(), detenteur)) as client, ThreadPoolExecutor(4) as fils:
        attendu = client.post("/v1/verifications", json=fop).content
        rendus = [fils.submit(lambda: client.post("/v1/verifications", json=fop).content) for _ in range(40)]
        for _ in range(3):
            detenteur.charger()
        assert {rendu.result() for rendu in rendus} == {attendu}


def test_charger_un_paquet_fautif_dit_toutes_ses_fautes(regles_a_soi: Path, abimer: Abimer) -> None:
    abimer(regles_a_soi)
    with pytest.raises(PaquetInvalide) as refus:
        Detenteur(Reglages(regles=regles_a_soi)).charger()
    assert len(refus.value.anomalies) > 1
