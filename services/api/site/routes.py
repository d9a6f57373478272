"""Servir le site des règles du paquet en service, sous `/regles`."""

import asyncio
import mimetypes
from typing import Final

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import RedirectResponse

from services.api.dependances import LeDetenteur, LExecuteur
from services.api.site import service

routeur = APIRouter(include_in_schema=False)

POLITIQUE: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'none'"
)


@routeur.get("/regles")
async def entrer() -> RedirectResponse:
    # La barre finale compte : les liens du site sont relatifs.
    return RedirectResponse("/regles/")


@routeur.get("/regles/{nom:path}")
async def montrer(nom: str, detenteur: LeDetenteur, executeur: LExecuteur) -> Response:
    with detenteur.emprunter() as verificateur:
        # Composer le site prend une seconde, une fois par paquet : pas dans la boucle.
        fichiers = await asyncio.get_running_loop().run_in_executor(executeur, service.composer, verificateur.paquet)
    nom = nom or "index.html"
    contenu = fichiers.get(nom)
    if contenu is None:
        raise HTTPException(404)
    genre = mimetypes.guess_type(nom)[0] or "application/octet-stream"
    return Response(contenu, media_type=genre, headers={"Content-Security-Policy": POLITIQUE})
