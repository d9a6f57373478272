"""La documentation interactive : Swagger UI en français, servi d'ici, sans aucune requête ailleurs."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

routeur = APIRouter(include_in_schema=False)

ICI: Final = Path(__file__).parent / "statique"
# Le navigateur refuse lui-même toute requête vers ailleurs ; Swagger UI pose des styles et des images en ligne.
POLITIQUE: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)


def servir_fichiers() -> StaticFiles:
    """Rend l'application qui sert nos fichiers et ceux de Swagger UI, pris du paquet fastapi-offline."""
    return StaticFiles(directory=ICI, packages=[("fastapi_offline", "static")])


@routeur.get("/")
async def rediriger() -> RedirectResponse:
    return RedirectResponse("/docs")


@routeur.get("/docs")
async def montrer() -> FileResponse:
    return FileResponse(ICI / "docs.html", headers={"Content-Security-Policy": POLITIQUE})


@routeur.get("/favicon.ico")
async def montrer_icone() -> FileResponse:
    return FileResponse(ICI / "icone.svg")
