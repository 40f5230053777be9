"""Everything of the fake that is not hot: templates, media, commerce settings, and the controls for tests of a shop.

    GET  /control/stats                counts of everything
    GET  /control/numbers              the business numbers, each with its shop's name and flow
    GET  /control/books?shop=NAME      the shop's own books, as it keeps them (meta/books.py); 404 where nobody does
    GET  /control/sent?number=ID       what was accepted: to, user_id, body, key, wamid, time; &to=DIGITS for one phone
    GET  /control/faults               the plan of faults;      POST changes it (meta/faults.py says how)
    GET  /control/rules                the account's rules;     POST changes those it names (meta/rules.py)
    POST /control/templates            change one template, as {"name": …, "language": …, "status": "PAUSED"}: the shop
                                       hears of it by webhook

Wrong input is answered 400 with {"error": "a sentence"}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from quart import Response, request
from quart_trio import QuartTrio

from adapters.phones.meta import faults as meta_faults
from adapters.phones.meta import rules as meta_rules
from adapters.phones.meta import templates as meta_templates
from adapters.phones.meta.errors import AUTH, BAD_PARAMETER, GraphError
from adapters.phones.meta.media import Media
from engine.errors import BadInput

if TYPE_CHECKING:
    from adapters.phones.fake_meta import FakeMeta

UPLOAD = 101 * 1024 * 1024
URL_MINUTES = 5


def pages(fake: FakeMeta) -> QuartTrio:
    """The quart application; the fake's ASGI callable hands over what it does not answer itself."""
    app = QuartTrio("sokoni-fake-meta")
    app.config["MAX_CONTENT_LENGTH"] = UPLOAD
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(GraphError, lambda error: _json_bytes(fake.refused(error), error.status))
    app.register_error_handler(BadInput, lambda error: _json({"error": str(error)}, 400))
    _controls(app, fake)
    _templates(app, fake)
    _media(app, fake)
    _commerce(app, fake)
    return app


def _controls(app: QuartTrio, fake: FakeMeta) -> None:
    @app.get("/control/stats")
    async def stats() -> Response:
        return _json(fake.stats())

    @app.get("/control/numbers")
    async def numbers() -> Response:
        keys = ("phone_number_id", "name", "title", "display_phone_number", "webhook_url", "flow")
        return _json({"numbers": [{key: getattr(one, key) for key in keys} for one in fake.numbers()]})

    @app.get("/control/books")
    async def books() -> Response:
        account = await fake.books.account(request.args.get("shop", ""))
        return _json({"error": "Nobody keeps books of it here."}, 404) if account is None else _json(account)

    @app.get("/control/sent")
    async def sent() -> Response:
        return _json({"sent": fake.sent(request.args.get("number", ""), request.args.get("to", ""))})

    @app.route("/control/faults", methods=["GET", "POST"])
    async def faults() -> Response:
        if request.method == "POST":
            fake.faults = meta_faults.changed(fake.faults, await _body())
        return _json(fake.faults)

    @app.route("/control/rules", methods=["GET", "POST"])
    async def rules() -> Response:
        if request.method == "POST":
            fake.rules = meta_rules.changed(fake.rules, await _body())
        return _json(fake.rules)

    @app.post("/control/templates")
    async def templates() -> Response:
        fake.rules = meta_templates.changed(fake.rules, await _body())
        return _json(fake.rules.templates)


def _templates(app: QuartTrio, fake: FakeMeta) -> None:
    @app.get("/<version>/<waba>/message_templates")
    async def listed(version: str, waba: str) -> Response:
        templates = fake.templates(_authorization(), version, waba)
        return _json(meta_templates.page(templates, request.args, request.base_url))


def _media(app: QuartTrio, fake: FakeMeta) -> None:
    @app.post("/<version>/<number>/media")
    async def upload(version: str, number: str) -> Response:
        fake.allowed(_authorization(), version, number)
        form, files = await request.form, await request.files
        if form.get("messaging_product") != "whatsapp":
            raise GraphError(BAD_PARAMETER, "The parameter messaging_product is required and must be 'whatsapp'.")
        if "file" not in files:
            raise GraphError(BAD_PARAMETER, "The parameter file is required.")
        file = files["file"]
        mime_type = form.get("type") or file.mimetype or ""
        return _json({"id": fake.media.upload(mime_type, file.filename or "", file.stream.read()).id})

    @app.route("/<version>/<media_id>", methods=["GET", "DELETE"])
    async def one(version: str, media_id: str) -> Response:
        fake.allowed(_authorization(), version, request.args.get("phone_number_id") or fake.any_number())
        media = fake.media.get(media_id)
        if media is None and media_id in [one.phone_number_id for one in fake.numbers()]:
            number = fake.allowed(_authorization(), version, media_id).number
            names = {"display_phone_number": number.display_phone_number, "verified_name": number.title}
            return _json({**names, "quality_rating": "GREEN", "id": number.phone_number_id})
        if media is None:
            raise GraphError(BAD_PARAMETER, f"Object with ID '{media_id}' does not exist.")
        if request.method == "DELETE":
            return _json({"success": fake.media.remove(media_id)})
        return _json(_described(media, request.host_url, fake.now() + URL_MINUTES * 60_000))

    @app.get("/media-download/<media_id>")
    async def download(media_id: str) -> Response:
        if not fake.token_known(_authorization()):
            raise GraphError(AUTH)
        until = request.args.get("until", "0")
        fresh = until.isascii() and until.isdigit() and int(until) >= fake.now()
        return _file(fake.media.get(media_id) if fresh else None)

    @app.get("/phone-media/<media_id>")
    async def shown(media_id: str) -> Response:
        """What a customer's phone loads to show a picture: WhatsApp itself would bring it, so there is no token."""
        return _file(fake.media.get(media_id))


def _commerce(app: QuartTrio, fake: FakeMeta) -> None:
    @app.route("/<version>/<number>/whatsapp_commerce_settings", methods=["GET", "POST"])
    async def commerce(version: str, number: str) -> Response:
        settings = fake.allowed(_authorization(), version, number).commerce
        if request.method == "GET":
            return _json({"data": [settings | {"id": number}]})
        for key in settings:
            if key in request.args:
                settings[key] = request.args[key] == "true"
        return _json({"success": True})


def _described(media: Media, host: str, until: int) -> dict[str, object]:
    return {
        "messaging_product": "whatsapp",
        "url": f"{host}media-download/{media.id}?until={until}",
        "mime_type": media.mime_type,
        "sha256": media.digest,
        "file_size": len(media.content),
        "id": media.id,
    }


def _file(media: Media | None) -> Response:
    if media is None:
        return Response("This file is not here any more.", 404, mimetype="text/plain")
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=300"}
    return Response(media.content, 200, headers, content_type=media.mime_type)


def _authorization() -> str:
    return str(request.headers.get("Authorization", ""))


async def _body() -> bytes:
    raw = await request.get_data()
    return raw if isinstance(raw, bytes) else raw.encode()


def _json(value: object, status: int = 200) -> Response:
    return _json_bytes(msgspec.json.encode(value), status)


def _json_bytes(raw: bytes, status: int) -> Response:
    return Response(raw, status, content_type="application/json")
