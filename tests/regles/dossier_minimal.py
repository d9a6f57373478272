"""Un dossier de règles minuscule, sans aucune faute, que chaque test rend fautif d'une seule chose.

Il est écrit en JSON, qui est du YAML : une clé par ligne, donc des lignes exactes à attendre.
"""

import copy
import json
from pathlib import Path
from typing import Any

Contenu = dict[str, Any]

_BASE_CCP = {
    "date_lancement": "2026-09-15",
    "nature": "travaux",
    "montant_ht": 30000,
}
_BASE_VRA = {"date_lancement": "2026-03-02", "cpv": "39130000", "clauses_env": [{"type": "dechets"}]}

CCP: Contenu = {
    "format": 1,
    "id": "CCP-ESSAI",
    "version": 1,
    "titre": "Un petit marché de travaux reste sous le seuil",
    "question_metier": "Le marché est-il sous le seuil ?",
    "corpus": "ccp",
    "axe": "procedure",
    "nature": "obligation",
    "niveau": "consultation",
    "statut": "active",
    "relecture_juridique": "a_faire",
    "responsable": "cellule d'essai",
    "couverture": "complete",
    "confiance": "haute",
    "effet": {"du": "2025-01-01", "au": None},
    "references": [
        {
            "texte": "Code d'essai",
            "article": "R1",
            "role": "fondement",
            "url": "https://exemple.test/r1",
            "provenance": "S",
            "confiance": "haute",
        }
    ],
    "verifie_le": "2026-11-21",
    "parametres": {"seuil": "essai.seuil"},
    "applicable_si": {"fait": "nature", "egal": "travaux"},
    "exige": {"fait": "montant_ht", "moins_de": {"parametre": "seuil"}},
    "derogations": [
        {
            "id": "CCP-ESSAI-D1",
            "titre": "Exception motivée",
            "reference": "R1, 2°",
            "si": {"fait": "allotissement.motif", "renseigne": True},
            "justifie_par": {"fait": "allotissement.motivation", "renseigne": True},
        }
    ],
    "gravite": "bloquant",
    "messages": {
        "ecart": "Le marché de {{ montant_ht | euros }} atteint le seuil de {{ seuil | euros }}.",
        "indetermine": "Il manque {{ a_demander | liste }}.",
        "conforme": "Le marché de {{ montant_ht | euros }} est sous le seuil.",
        "derogation": "Exception admise au titre de {{ derogation.reference }}.",
        "derogation_incomplete": "L'exception « {{ derogation.titre }} » n'est pas motivée.",
    },
    "remede": {"action": "Changer de procédure.", "ou": ["RC"], "clauses": ["RC-ESSAI-01", "RC-ESSAI-TRAVAUX-01"]},
    "cas": [
        {"nom": "sous le seuil", "fop": _BASE_CCP, "attendu": {"verdict": "conforme"}},
        {"nom": "un centime dessous", "fop": {**_BASE_CCP, "montant_ht": 59999.99}, "attendu": {"verdict": "conforme"}},
        {
            "nom": "au seuil",
            "fop": {**_BASE_CCP, "montant_ht": 60000},
            "attendu": {"verdict": "ecart", "clauses": ["RC-ESSAI-01"]},
        },
        {
            "nom": "montant inconnu",
            "fop": {**_BASE_CCP, "montant_ht": None},
            "attendu": {"verdict": "indetermine", "a_demander": ["montant_ht"]},
        },
        {
            "nom": "nature inconnue",
            "fop": {**_BASE_CCP, "nature": None},
            "attendu": {"verdict": "indetermine", "a_demander": ["nature"]},
        },
        {"nom": "services", "fop": {**_BASE_CCP, "nature": "services"}, "attendu": {"verdict": "non_applicable"}},
        {
            "nom": "veille d'effet",
            "fop": {**_BASE_CCP, "date_lancement": "2024-12-31"},
            "attendu": {"verdict": "hors_periode"},
        },
        {
            "nom": "jour d'effet",
            "fop": {**_BASE_CCP, "date_lancement": "2025-01-01"},
            "attendu": {"verdict": "conforme"},
        },
        {
            "nom": "exception motivée",
            "fop": {
                **_BASE_CCP,
                "montant_ht": 60000,
                "allotissement": {"motif": "pilotage_impossible", "motivation": "Un seul site."},
            },
            "attendu": {"verdict": "derogation", "derogation": "CCP-ESSAI-D1"},
        },
        {
            "nom": "exception non motivée",
            "fop": {**_BASE_CCP, "montant_ht": 60000, "allotissement": {"motif": "pilotage_impossible"}},
            "attendu": {"verdict": "ecart", "message": "derogation_incomplete"},
        },
        {
            "nom": "aucune date",
            "fop": {**_BASE_CCP, "date_lancement": None},
            "attendu": {"verdict": "indetermine", "a_demander": ["date_lancement"]},
        },
    ],
}

VRA: Contenu = {
    "format": 1,
    "id": "VRA-ESSAI",
    "version": 1,
    "titre": "Chaque lot de mobilier a une clause environnementale",
    "question_metier": "Le lot a-t-il une clause environnementale ?",
    "corpus": "spaser_vra",
    "axe": "environnement",
    "nature": "engagement_local",
    "niveau": "lot",
    "statut": "active",
    "relecture_juridique": "a_faire",
    "responsable": "cellule d'essai",
    "couverture": "complete",
    "confiance": "haute",
    "effet": {"du": "2023-01-01", "au": "2026-12-31", "apres_terme": "signaler"},
    "references": [
        {
            "texte": "SPASER d'essai",
            "article": "engagement 8",
            "role": "fondement",
            "piece": "SPASER d'essai, page 3",
            "provenance": "T",
            "confiance": "haute",
        }
    ],
    "verifie_le": "2026-11-21",
    "applicable_si": {"fait": ".cpv", "commence_par": {"referentiel": "familles_agec.mobilier"}},
    "exige": {"fait": ".clauses_env", "nombre_au_moins": 1},
    "gravite": "majeur",
    "messages": {
        "ecart": "Aucune clause environnementale pour ce mobilier ({{ .clauses_env | nombre }}).",
        "indetermine": "Il manque de quoi dire si une clause est prévue : {{ a_demander | liste }}.",
    },
    "remede": {"action": "Prévoir une clause.", "ou": ["CCAP"], "clauses": ["CCAP-ESSAI-01"]},
    "cas": [
        {"nom": "clause prévue", "fop": _BASE_VRA, "attendu": {"verdict": "conforme"}},
        {"nom": "aucune clause", "fop": {**_BASE_VRA, "clauses_env": []}, "attendu": {"verdict": "ecart"}},
        {
            "nom": "clauses inconnues",
            "fop": {**_BASE_VRA, "clauses_env": None},
            "attendu": {"verdict": "indetermine", "a_demander": ["clauses_env"]},
        },
        {
            "nom": "CPV inconnu",
            "fop": {**_BASE_VRA, "cpv": None},
            "attendu": {"verdict": "indetermine", "a_demander": ["cpv"]},
        },
        {
            "nom": "un lot hors famille",
            "fop": {**_BASE_VRA, "lots": [{"numero": 1}, {"numero": 2, "cpv": "45000000"}]},
            "attendu": {"lots": {"1": "conforme", "2": "non_applicable"}},
        },
        *(
            {"nom": nom, "fop": {**_BASE_VRA, "date_lancement": jour}, "attendu": {"verdict": verdict}}
            for nom, jour, verdict in (
                ("veille d'effet", "2022-12-31", "hors_periode"),
                ("jour d'effet", "2023-01-01", "conforme"),
                ("dernier jour", "2026-12-31", "conforme"),
                ("lendemain du terme", "2027-01-01", "hors_periode"),
            )
        ),
    ],
}

PNAD: Contenu = {
    **{cle: valeur for cle, valeur in VRA.items() if cle != "applicable_si"},
    "id": "PNAD-ESSAI",
    "titre": "Une considération sociale est recommandée",
    "corpus": "pnad",
    "axe": "social",
    "nature": "recommandation",
    "niveau": "consultation",
    "effet": {"du": "2022-03-15"},
    "donnees": {"objet_insertion": {"si_absent": {"supposer": False}}},
    "exige": {"une_de": [{"fait": "clauses_soc", "nombre_au_moins": 1}, {"fait": "objet_insertion", "egal": True}]},
    "gravite": "information",
    "messages": {"alerte": "Aucune considération sociale.", "indetermine": "Les clauses sociales sont inconnues."},
    "remede": {"action": "Étudier une clause sociale.", "ou": ["CCAP"]},
    "cas": [
        {
            "nom": "clause",
            "fop": {"date_lancement": "2026-03-02", "clauses_soc": ["Insertion."]},
            "attendu": {"verdict": "conforme"},
        },
        {
            "nom": "objet d'insertion",
            "fop": {"date_lancement": "2022-03-15", "objet_insertion": True},
            "attendu": {"verdict": "conforme"},
        },
        {
            "nom": "rien",
            "fop": {"date_lancement": "2026-03-02", "clauses_soc": []},
            "attendu": {"verdict": "alerte"},
        },
        {
            "nom": "inconnu",
            "fop": {"date_lancement": "2026-03-02"},
            "attendu": {"verdict": "indetermine", "a_demander": ["clauses_soc"]},
        },
        {
            "nom": "veille",
            "fop": {"date_lancement": "2022-03-14", "clauses_soc": []},
            "attendu": {"verdict": "hors_periode"},
        },
    ],
}

_CLAUSE: Contenu = {
    "titre": "Clause d'essai",
    "piece": "RC",
    "theme": "critere_environnemental",
    "ou": "Article d'essai",
    "segments": ["tous"],
    "texte": "Le montant estimé est de {{ montant }}, sous le seuil de {{ seuil }} ; contact : {{ contact }}.",
    "trous": {
        "montant": {"libelle": "montant estimé", "fait": "montant_ht", "filtre": "euros"},
        "seuil": {"libelle": "seuil", "parametre": "essai.seuil", "filtre": "euros"},
        "contact": {"libelle": "service à contacter"},
    },
    "interet": "Essayer.",
    "vigilance": "Relire.",
    "fondement": ["R1"],
    "ccag": {"travaux": "20.2", "fcs": "16.2"},
    "provenance": "redaction_verifop",
    "verifie_le": "2026-11-21",
    "relecture_juridique": "a_faire",
}

_TRI = "Trier les gravats sur place et tenir le registre des déchets à la disposition du maître d'ouvrage."

DOSSIER: Contenu = {
    "paquet.yaml": {"nom": "Essai", "version": "2026.11.0", "publie_le": "2026-11-21"},
    "ccp/ccp-essai.yaml": CCP,
    "spaser-vra/vra-essai.yaml": VRA,
    "pnad/pnad-essai.yaml": PNAD,
    "parametres/essai.yaml": {
        "essai.seuil": {
            "libelle": "Seuil d'essai",
            "unite": "EUR_HT",
            "apres_la_derniere_valeur": "prolonger",
            "verifie_le": "2026-11-21",
            "valeurs": [
                {
                    "depuis": depuis,
                    "valeur": valeur,
                    "confiance": "haute",
                    "texte": "Décret d'essai",
                    "article": "R1",
                    "parution": None,
                    "provenance": "S",
                }
                for depuis, valeur in (("2020-01-01", 40000), ("2026-04-01", 60000))
            ],
        }
    },
    "referentiels/familles_agec.yaml": {
        "mobilier": {"libelle": "Mobilier", "cpv": ["391"], "sauf": ["39137"], "origine": "essai", "provenance": "C"}
    },
    "referentiels/segments.yaml": {
        "voirie": {"libelle": "Voirie", "cpv": ["45233"], "origine": "essai", "provenance": "C"}
    },
    "referentiels/acheteurs.yaml": {
        "agglo": {
            "libelle": "Agglo",
            "siret": "20004048300014",
            "type": "epci",
            "qualite": "pouvoir_adjudicateur",
            "spaser": "vra_2023_2026",
            "origine": "essai",
        }
    },
    "clauses/rc.yaml": {
        "RC-ESSAI-01": {**_CLAUSE, "va_avec": ["RC-ESSAI-TRAVAUX-01"]},
        "RC-ESSAI-TRAVAUX-01": {**_CLAUSE, "segments": ["voirie"], "texte": _TRI, "trous": {}},
        "CCAP-ESSAI-01": {
            **_CLAUSE,
            "piece": "CCAP",
            "theme": "condition_environnementale",
            "texte": "Pour le lot {{ lot }} ({{ objet }}), trier en {{ flux }} flux.",
            "trous": {
                "lot": {"libelle": "numéro du lot", "fait": "lot.numero"},
                "objet": {"libelle": "objet", "fait": "lot.objet"},
                "flux": {"libelle": "nombre de flux"},
            },
        },
    },
}


def copier() -> Contenu:
    """Rend une copie du dossier sain, à modifier librement."""
    return copy.deepcopy(DOSSIER)


def ecrire(dossier: Path, contenu: Contenu) -> Path:
    """Écrit le contenu sous `dossier/regles` et rend ce chemin."""
    racine = dossier / "regles"
    for nom, objet in contenu.items():
        fichier = racine / nom
        fichier.parent.mkdir(parents=True, exist_ok=True)
        texte = objet if isinstance(objet, str) else json.dumps(objet, ensure_ascii=False, indent=1)
        fichier.write_text(texte, encoding="utf-8")
    return racine


def trouver_ligne(racine: Path, nom: str, extrait: str, rang: int = 1) -> int:
    """Rend le numéro de la ligne où `extrait` paraît pour la `rang`-ième fois."""
    lignes = (racine / nom).read_text(encoding="utf-8").splitlines()
    return [numero for numero, ligne in enumerate(lignes, start=1) if extrait in ligne][rang - 1]
