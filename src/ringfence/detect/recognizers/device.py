"""Devices, vehicles and accounts: identifiers known by their check digits, a word beside them or the name of their field."""

from collections.abc import Sequence

from ringfence.detect._checks import is_varied, luhn, shaped, stands_free, told_by, valid
from ringfence.detect.recognizer import (
    DIGITS,
    Certainty,
    Example,
    Hit,
    Pattern,
    Recognizer,
    listed,
    row,
    spelling,
    told,
)

_VIN_VALUES = {**dict(zip("ABCDEFGH", range(1, 9), strict=True)), **dict(zip("JKLMN", range(1, 6), strict=True))}
_VIN_VALUES |= {"P": 7, "R": 9, **dict(zip("STUVWXYZ", range(2, 10), strict=True))}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _is_vin(number: str) -> bool:
    """Check the ninth sign, which North America and China require and Europe does not."""
    total = sum(
        (int(sign) if sign.isdigit() else _VIN_VALUES[sign]) * weight
        for sign, weight in zip(number, _VIN_WEIGHTS, strict=True)
    )
    return "0123456789X"[total % 11] == number[8]


def _is_mixed(number: str) -> bool:
    return any(sign.isdigit() for sign in number) and any(sign.isalpha() for sign in number) and is_varied(number)


def _sixtieths(data: bytes, start: int, end: int) -> Sequence[Hit]:
    return (Hit(start, end),) if stands_free(data, start, end) else ()


_DEGREES = r"-?(?:90(?:\.0+)?|[0-8]?[0-9]\.[0-9]{3,})"
_ACROSS = r"-?(?:180(?:\.0+)?|(?:1[0-7][0-9]|[0-9]?[0-9])\.[0-9]{3,})"
_SIXTIETHS = r"[0-9]{1,3}(?:°|º) ?[0-9]{1,2}(?:['′]|’) ?(?:[0-9]{1,2}(?:\.[0-9]+)?(?:\"|″|''|”) ?)?"

_POSITION = (
    "latitude, longitude, lat, lng, gps, coordinates, geolocation, breitengrad, längengrad, "
    "coordonnées, coordenadas, latitud, longitud, coordinate, latitudine, longitudine"
)

DEVICE: tuple[Recognizer, ...] = (
    row(
        "IMEI",
        "3GPP TS 23.003 section 6; https://www.gsma.com/solutions-and-impact/industry-services/device-services/",
        (
            spelling(
                "imei",
                r"[0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{6}[ -]?[0-9]",
                valid(is_varied, luhn, evidence="luhn"),
                DIGITS,
            ),
            spelling("imeisv", r"[0-9]{16}", shaped(is_varied), (0.1, 0.6)),
        ),
        "imei, imei1, imei2, imeisv, device imei",
        "IMEI: [490154203237518]",
        told("[49-015420-323751-8]", "device.imei"),
        "order 490154203237518",
        "IMEI 490154203237519",
    ),
    row(
        "IMSI",
        "ITU-T E.212, https://www.itu.int/rec/T-REC-E.212; 3GPP TS 23.003 section 2.2",
        (spelling("imsi", r"[2-7][0-9]{13,14}", shaped(is_varied), (0.1, 0.85)),),
        "imsi, subscriber identity",
        "imsi=[262019876543210]",
        "subscriber identity: [585636265779493]",
        "order 262019876543210",
        "imsi 962019876543210",
        certainty=Certainty.CONTEXT,
    ),
    row(
        "ICCID",
        "ITU-T E.118, https://www.itu.int/rec/T-REC-E.118",
        (spelling("iccid", r"89[0-9]{16,18}", valid(is_varied, luhn, evidence="luhn"), DIGITS),),
        "iccid, sim card, sim number, sim no",
        "ICCID: [8944500102198304826]",
        "sim card: [8947671635407014682]",
        "order 8944500102198304826",
        "ICCID 8944500102198304827",
    ),
    row(
        "VIN",
        "ISO 3779, https://www.iso.org/standard/52200.html; 49 CFR 565.15",
        (
            spelling(
                "vin",
                r"[0-9A-HJ-NPR-Za-hj-npr-z]{13}[0-9]{4}",
                valid(_is_mixed, _is_vin, evidence="mod11", else_doubtful=True),
                (0.3, 0.95),
                doubtful=(0.1, 0.6),
            ),
        ),
        "vin, vehicle identification, vehicle identification number, chassis, chassis number, fahrgestellnummer, fahrzeug-"
        "identifizierungsnummer, bastidor, telaio, châssis",
        "VIN: [1M8GDM9AXKP042788]",
        "vehicle identification: [9M0GDM8AXKP468884]",
        "order 1M8GDM9AXKP042788",
        "VIN 1M8GDM9AXKP04278",
    ),
    row(
        "COORDINATES",
        "ISO 6709, https://www.iso.org/standard/75147.html",
        (
            spelling(
                "coordinates-pair",
                _DEGREES + r" ?[,;] ?" + _ACROSS,
                shaped(is_varied),
                (0.3, 0.85),
                reach=48,
            ),
            spelling("coordinate", _ACROSS, told_by(_POSITION, shaped(is_varied)), (0.1, 0.7), reach=24),
            spelling(
                "coordinates-sixtieths",
                _SIXTIETHS + r"[NSns][ ,;]{1,3}" + _SIXTIETHS + r"[EWOewo]",
                _sixtieths,
                (0.9, 0.95),
                trigger=r"[0-9]{1,3}(?:°|º) ?[0-9]{1,2}['′’]",
                reach=64,
            ),
        ),
        _POSITION,
        "gps: [52.52001, 13.40495]",
        told("[52.5200066]", "user.latitude"),
        "[52° 31' 12\" N, 13° 24' 18\" E]",
        "ratio 52.52001, 13.40495",
        "lat 52.5",
        certainty=Certainty.CONTEXT,
        near=24,
    ),
    row(
        "DEVICE_ID",
        "the names that operating systems and their makers give: https://developer.android.com/identity/user-data-ids",
        (
            spelling(
                "device-id",
                r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{14,16}|"
                r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}",
                shaped(is_varied),
                (0.1, 0.8),
                reach=44,
            ),
        ),
        "device id, deviceid, udid, android id, device uuid, device identifier, meid, hardware id, device token, installation id",
        "device_id=[9774d56d682e549c]",
        told("[38400000-8cf0-11bd-b23e-10b96e40000d]", "event.deviceId"),
        "trace 9774d56d682e549c",
        "device_id=7",
        certainty=Certainty.CONTEXT,
        near=28,
    ),
    row(
        "ADVERTISING_ID",
        "https://developer.apple.com/documentation/adsupport and "
        "https://support.google.com/googleplay/android-developer/answer/6048248",
        (
            spelling(
                "advertising-id",
                r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
                shaped(is_varied),
                (0.1, 0.85),
                reach=44,
            ),
        ),
        "idfa, idfv, gaid, aaid, advertising id, advertising identifier, ad id, adid, gps adid, oaid",
        "idfa: [AEBE52E7-03EE-455A-B3C4-E57283966239]",
        told("[aebe52e7-03ee-455a-b3c4-e57283966239]", "advertisingId"),
        "request AEBE52E7-03EE-455A-B3C4-E57283966239",
        "idfa 00000000-0000-0000-0000-000000000000",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    Recognizer(
        entity="USERNAME",
        certainty=Certainty.FIELD,
        source="the names that databases and interfaces give to what a person signs in with",
        whole_field=True,
        fields=listed(
            "user name, username, login, login name, user login, screen name, benutzername, nom utilisateur, nom d utilisateur, "
            "nombre de usuario, nome utente, gebruikersnaam, nickname, samaccountname, preferred username, twitter handle, "
            "user handle, uname"
        ),
        examples=(
            Example("anna77", ("anna77",), field="user_name"),
            Example("anna.berg", ("anna.berg",), field="session.login"),
            Example("web-1", field="hostname"),
            Example("12", field="username"),
        ),
    ),
    Recognizer(
        entity="PASSWORD",
        certainty=Certainty.FIELD,
        source="the names that databases and interfaces give to what a person proves to be themselves with",
        patterns=(
            Pattern("password-digits", r"[0-9]{4,64}", 0.1, 0.8, check=shaped()),
        ),  # other signs are the whole field's
        whole_field=True,
        fields=listed(
            "password, passwd, passwort, kennwort, pwd, mot de passe, contraseña, senha, wachtwoord, hasło, passphrase, "
            "user password, passcode, password hash, hashed password, api secret, client secret, secret key"
        ),
        examples=(
            Example("hunter2", ("hunter2",), field="password"),
            Example("s3cr-et", ("s3cr-et",), field="login.newPassword"),
            Example("27182818", ("27182818",), field="user.password"),
            Example("hunter2", field="hint"),
            Example("the password is long"),
        ),
    ),
)
