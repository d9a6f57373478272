"""Ce qui entoure chaque requête : un identifiant, des entêtes de prudence, et la panne qui devient un 500 propre."""

import logging
import uuid
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.erreurs import ERREUR_INTERNE, composer_probleme, repondre_probleme

journal = logging.getLogger("verifop.api")

ENTETE_REQUETE: Final = b"x-request-id"
LONGUEUR_MAX_REQUETE: Final = 64


class Enveloppe:
    """Intergiciel ASGI le plus à l'extérieur de l'application."""

    def __init__(self, application: ASGIApp) -> None:
        """Entoure `application`."""
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Traite la requête ; une exception imprévue est journalisée et rendue en 500, jamais montrée."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        requete = choisir_identifiant(dict(scope["headers"]).get(ENTETE_REQUETE, b""))
        scope.setdefault("state", {})["requete"] = requete
        commencee = False

        async def envoyer(message: Message) -> None:
            nonlocal commencee
            if message["type"] == "http.response.start":
                commencee = True
                message["headers"] = [
                    *message.get("headers", ()),
                    (ENTETE_REQUETE, requete.encode("ascii")),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            await self._application(scope, receive, envoyer)
        except ClientDisconnect:
            journal.info("requête %s : le client est parti avant la fin", requete)
        except Exception:
            journal.exception("requête %s : erreur interne", requete)
            if commencee:
                raise
            detail = f"Une panne a empêché de répondre ; la signaler avec l'identifiant de requête {requete}."
            reponse = repondre_probleme(composer_probleme(ERREUR_INTERNE, detail, requete))
            await reponse(scope, receive, envoyer)


def choisir_identifiant(recu: bytes) -> str:
    """Rend l'identifiant reçu, ramené à 64 caractères ASCII imprimables, ou un neuf s'il n'en reste rien."""
    garde = "".join(chr(octet) for octet in recu if 0x21 <= octet <= 0x7E)
    return garde[:LONGUEUR_MAX_REQUETE] or uuid.uuid4().hex
