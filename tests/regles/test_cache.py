"""Le cache des règles ne change que la vitesse : absent, abîmé ou interdit, le paquet chargé est le même."""

import json
import multiprocessing
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.regles import cache, paquet
from services.regles.erreurs import PaquetInvalide
from services.regles.lecture_yaml import lire_document
from services.regles.paquet import Paquet, charger_paquet, lire_sources
from tests.moteurs.atelier import REGLES
from tests.regles.dossier_minimal import copier, ecrire


@pytest.fixture
def regles(tmp_path: Path) -> Path:
    return ecrire(tmp_path, copier())


@pytest.fixture
def garde(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "verifop"


def _decrire(charge: Paquet) -> object:
    return (
        charge.empreinte,
        [(regle.fiche, regle.groupe, regle.fenetre, regle.lister_arbres()) for regle in charge.regles],
        charge.parametres,
        charge.referentiels,
        charge.clauses,
        charge.engagements,
    )


def _interdire_le_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuser(fichier: Path, nom: str) -> Any:
        raise AssertionError(f"{nom} relu")

    monkeypatch.setattr(paquet, "lire_document", refuser)


def test_le_paquet_relu_du_cache_est_le_meme_et_ne_relit_pas_le_yaml(
    tmp_path: Path, garde: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = _decrire(charger_paquet(REGLES))
    assert _decrire(charger_paquet(REGLES, garde)) == direct
    _interdire_le_yaml(monkeypatch)
    assert _decrire(charger_paquet(REGLES, garde)) == direct


def test_sans_dossier_de_cache_rien_n_est_ecrit(regles: Path, tmp_path: Path) -> None:
    avant = sorted(tmp_path.rglob("*"))
    charger_paquet(regles)
    assert sorted(tmp_path.rglob("*")) == avant


def test_le_cache_porte_l_empreinte_et_son_dossier_n_est_qu_a_soi(regles: Path, garde: Path) -> None:
    charge = charger_paquet(regles, garde)
    assert [f.name for f in garde.iterdir()] == [f"regles-{cache.FORMAT}-{charge.empreinte}.json"]
    assert garde.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "abime",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"paquet.yaml": {}}', b"[" * 100_000, b'{"a": {"$decimal": "x"}}'],
    ids=["vide", "coupe", "liste", "nul", "octets", "incomplet", "profond", "faux_decimal"],
)
def test_un_cache_abime_est_ignore_puis_refait(abime: bytes, regles: Path, garde: Path) -> None:
    attendu = _decrire(charger_paquet(regles, garde))
    (fichier,) = garde.iterdir()
    bon = fichier.read_bytes()
    fichier.write_bytes(abime)
    assert _decrire(charger_paquet(regles, garde)) == attendu
    assert fichier.read_bytes() == bon


def test_une_regle_falsifiee_dans_le_cache_passe_les_memes_controles(regles: Path, garde: Path) -> None:
    charger_paquet(regles, garde)
    (fichier,) = garde.iterdir()
    contenu = json.loads(fichier.read_text(encoding="utf-8"))
    contenu["ccp/ccp-essai.yaml"]["exige"] = {"fait": "inexistant", "egal": True}
    fichier.write_text(json.dumps(contenu), encoding="utf-8")
    with pytest.raises(PaquetInvalide, match="inexistant"):
        charger_paquet(regles, garde)


def test_changer_un_octet_d_une_regle_change_de_cache(regles: Path, garde: Path) -> None:
    charger_paquet(regles, garde)
    fiche = regles / "ccp/ccp-essai.yaml"
    fiche.write_text(fiche.read_text(encoding="utf-8").replace("Un petit marché", "Un menu marché"), encoding="utf-8")
    change = charger_paquet(regles, garde)
    regle = change.trouver_regle("CCP-ESSAI")
    assert regle is not None and regle.fiche.titre.startswith("Un menu marché")
    assert len(list(garde.iterdir())) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="l'administrateur écrit partout")
def test_un_dossier_interdit_ne_change_que_la_vitesse(regles: Path, tmp_path: Path) -> None:
    interdit = tmp_path / "interdit"
    interdit.mkdir(mode=0o500)
    assert _decrire(charger_paquet(regles, interdit / "verifop")) == _decrire(charger_paquet(regles))


def test_un_dossier_qui_ne_peut_pas_exister_ne_change_que_la_vitesse(regles: Path, tmp_path: Path) -> None:
    """Un fichier à la place du dossier : même l'administrateur n'y écrit pas."""
    (tmp_path / "fichier").write_text("pris", encoding="utf-8")
    for impossible in (tmp_path / "fichier", tmp_path / "fichier" / "verifop"):
        assert _decrire(charger_paquet(regles, impossible)) == _decrire(charger_paquet(regles))
    assert (tmp_path / "fichier").read_text(encoding="utf-8") == "pris"


def test_un_disque_plein_ne_laisse_pas_de_cache_a_moitie_ecrit(
    regles: Path, garde: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def manquer(fichier: Path, *arguments: Any, **options: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as rustine:
        rustine.setattr(Path, "write_text", manquer)
        assert charger_paquet(regles, garde).regles
    assert list(garde.glob("*.json")) == []


def test_les_decimaux_sont_exacts_et_le_restent(garde: Path) -> None:
    ecrits = {"a": Decimal("0.10"), "b": [Decimal("40000.010"), 1, True, None, "0.1"], "c": {"d": Decimal("-0.0")}}
    cache.ecrire(garde, "e", {"f.yaml": ecrits})
    relus = cache.lire(garde, "e")
    assert repr(relus) == repr({"f.yaml": ecrits})


def test_un_contenu_qui_imite_la_marque_des_decimaux_n_est_pas_garde(garde: Path) -> None:
    """Refusé dans le YAML, `{$decimal: …}` ne doit pas devenir un nombre en passant par le cache."""
    cache.ecrire(garde, "imite", {"f.yaml": {"au_plus": {"$decimal": "5"}, "autre": Decimal(1)}})
    assert cache.lire(garde, "imite") is None
    cache.ecrire(garde, "cite", {"f.yaml": {"note": 'écrire "$decimal": "5" ne sert à rien', "x": Decimal(1)}})
    assert cache.lire(garde, "cite") == {"f.yaml": {"note": 'écrire "$decimal": "5" ne sert à rien', "x": Decimal(1)}}


def test_un_dossier_illisible_n_est_pas_garde(regles: Path, garde: Path) -> None:
    (regles / "ccp/ccp-essai.yaml").write_text("a: [", encoding="utf-8")
    assert lire_sources(regles, garde).fautes
    assert not garde.exists()


def test_une_faute_relue_du_cache_dit_les_memes_lignes(regles: Path, garde: Path) -> None:
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["exige"] = {"fait": "montant_htt", "moins_de": 1}
    fautif = ecrire(regles.parent / "fautif", contenu)
    refus: list[tuple[Any, ...]] = []
    for _ in range(2):
        with pytest.raises(PaquetInvalide) as leve:
            charger_paquet(fautif, garde)
        refus.append(leve.value.anomalies)
    assert refus[0] == refus[1]
    assert all(anomalie.ligne is not None and anomalie.ligne > 1 for anomalie in refus[1])


def test_seuls_les_plus_recents_sont_gardes(garde: Path) -> None:
    for rang in range(cache.GARDES + 3):
        cache.ecrire(garde, f"{rang:02}", {"f.yaml": rang})
        os.utime(cache.nommer(garde, f"{rang:02}"), (rang, rang))
    restants = sorted(int(f.stem.rpartition("-")[2]) for f in garde.glob("*.json"))
    # Le dernier écrit a la date du jour au moment de trier, puis celle qu'on lui donne.
    assert restants == list(range(3, cache.GARDES + 3))


def _charger_en_boucle(regles: Path, garde: Path, fois: int) -> None:
    attendu = charger_paquet(regles).empreinte
    for _ in range(fois):
        for fichier in garde.glob("*.json"):
            fichier.unlink(missing_ok=True)
        assert charger_paquet(regles, garde).empreinte == attendu


def test_deux_processus_chargent_le_meme_dossier_sans_se_gener(regles: Path, garde: Path) -> None:
    contexte = multiprocessing.get_context("spawn")
    enfants = [contexte.Process(target=_charger_en_boucle, args=(regles, garde, 15)) for _ in range(2)]
    for enfant in enfants:
        enfant.start()
    for enfant in enfants:
        enfant.join(60)
    assert [enfant.exitcode for enfant in enfants] == [0, 0]
    assert list(garde.glob("*.tmp")) == []
    fichiers = {f.relative_to(regles).as_posix(): lire_document(f, f.name)[0] for f in sorted(regles.rglob("*.yaml"))}
    relus = cache.lire(garde, charger_paquet(regles, garde).empreinte)
    assert relus == {nom: document.contenu for nom, document in fichiers.items() if document is not None}
