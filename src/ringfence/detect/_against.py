"""What speaks against a number's being a person's: the name of what holds it, and what it stands inside of.

The rule: a table of names, and a look at few bytes before and behind a hit. It only lowers a score: a word beside the hit or a
field of its own name outweighs all of it, and it is not asked for then.
"""

from ringfence.detect._bytes import is_digit, is_word_after, is_word_before
from ringfence.detect._words import folded
from ringfence.detect.recognizer import listed

AGAINST = ""
"""The key under which what a field's name says against its value stands among what it says for: no entity has this name."""

_NAMES = listed(
    "order id, order no, order number, order ref, invoice id, invoice no, invoice number, item id, item no, "
    "product id, product no, article no, article number, part no, part number, sku, gtin, ean, upc, asin, isbn, "
    "issn, doi, uuid, guid, oid, version, ver, revision, release, build, build id, build number, commit, sha, "
    "sha1, sha256, md5, hash, checksum, digest, etag, fingerprint, crc, signature, price, amount, total, "
    "subtotal, sum, cost, balance, quantity, qty, count, size, length, bytes, offset, position, index, line, "
    "column, width, height, port, pid, tid, thread id, process id, trace id, span id, request id, correlation id, "
    "transaction id, batch id, job id, event id, message id, session seq, sequence, seq, timestamp, ts, epoch, "
    "time, duration, elapsed, latency, ttl, expires, expiry, created at, updated at, deleted at, bestellnummer, "
    "bestell nr, rechnungsnummer, artikelnummer, auftragsnummer, preis, betrag, menge, numero de pedido, pedido, "
    "factura, precio, importe, cantidad, numero de commande, commande, facture, prix, montant, quantite, ordine, "
    "fattura, prezzo, importo, quantita, encomenda, fatura, preco, valor, quantidade, zamowienie, faktura, cena, "
    "kwota, ilosc, bestelling, factuur, prijs, bedrag, aantal"
)
_KNOWN = {folded(name): name for name in _NAMES}
_LONGEST = max(map(len, _KNOWN))

_KEY_MOST = 40  # bytes before a value in which its key must begin
_BLANK, _ENDS = ord(" "), frozenset(b" :=\"'")
_PARTS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
_WORDS = 4  # parts of a name that are read together: numero de pedido, and one more


def against_by_name(words: list[str]) -> str | None:
    """Give the name in the table in which a field's name ends, as words: ``shop_order_id`` ends in ``order id``.

    >>> against_by_name(["shop", "order", "id"]), against_by_name(["patient", "id"])
    ('order id', None)
    """
    for count in range(min(len(words), _WORDS), 0, -1):
        name = _KNOWN.get("".join(words[-count:]))
        if name is not None:
            return name
    return None


def against_by_key(data: bytes, start: int) -> str | None:
    """Give the name in the table that stands as a key right before a value: ``"order_id": "..."``, ``version=...``."""
    if data[start - 1] == _BLANK and start > 1 and data[start - 2] not in _ENDS:
        return None
    at = start
    floor = max(0, start - _KEY_MOST)
    while at > floor and data[at - 1] in b" \"'":
        at -= 1
    if at == floor or data[at - 1] not in b":=":
        return None
    at -= 1
    while at > floor and data[at - 1] in b" \"'\\":
        at -= 1
    end = at
    while at > floor and data[at - 1] in _PARTS:
        at -= 1
    return _of_key(data[at:end]) if at < end else None


def _of_key(key: bytes) -> str | None:
    words: list[str] = []
    word = ""
    for character in key.decode("ascii"):
        starts = character.isupper() and word[-1:].islower()
        if starts or not character.isalnum():
            words.append(word.lower())
            word = ""
        if character.isalnum():
            word += character
    words.append(word.lower())
    return against_by_name([one for one in words if one])


def inside(data: bytes, start: int, end: int) -> str | None:
    """Say what longer thing a hit stands inside of: a ``fraction``, a ``code`` joined by hyphens, a ``path``."""
    before = data[start - 1] if start else 0
    if before == ord("/") or (data[end : end + 1] == b"/" and is_word_after(data, end + 1)):
        return "path"
    if before == ord(".") and is_digit(data, start - 2):
        return "fraction"
    joined = before in b"-_" and is_word_before(data, start - 1)
    if joined or (data[end : end + 1] in (b"-", b"_") and is_word_after(data, end + 1)):
        return "code"
    return None
