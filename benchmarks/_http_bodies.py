"""The bodies that the HTTP benchmarks send: 2 kB of JSON with three addresses in it, and without."""

from json import dumps

_ITEMS = [{"sku": f"A-{number}", "count": number, "title": "a thing that is sold"} for number in range(31)]
_MAILS = [f"{name}@example.com" for name in ("ada", "bob", "eve")]
BODIES = {
    "3 findings masked": dumps({"order": 7, "items": _ITEMS[:29], "mails": _MAILS}).encode(),
    "nothing personal": dumps({"order": 7, "items": _ITEMS}).encode(),
}
