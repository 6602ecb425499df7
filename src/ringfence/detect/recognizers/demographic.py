"""What GDPR art. 9 calls special, and what stands beside it: age, gender, origin, belief, opinion, membership, orientation.

The rule: none of these words is found by itself; it takes a field of that name or, on the same line, what forms and records write
before it.
"""

from collections.abc import Sequence

from ringfence.detect._bytes import is_word_after, is_word_before
from ringfence.detect._checks import stands_free, told_by
from ringfence.detect.recognizer import Certainty, Hit, Pattern, Recognizer, listed, row, told

_ARTICLE = "GDPR art. 9(1), https://eur-lex.europa.eu/eli/reg/2016/679/oj; words of forms and records"
_OLDEST = 125  # years


def _is_age(data: bytes, start: int, end: int) -> Sequence[Hit]:
    digits = "".join(chr(byte) for byte in data[start:end] if 0x30 <= byte <= 0x39)
    free = stands_free(data, start, end) and data[end : end + 1] not in (b"%", b":", b"/")
    return (Hit(start, end),) if free and int(digits) <= _OLDEST else ()


_PATIENTS = (
    "[Pp]aciente|[Vv]arón|[Mm]ujer|[Hh]ombre|[Nn]iñ[oa]|[Ee]nferm[oa]|[Ss]eñora?|[Hh]omem|[Mm]ulher|[Mm]enin[oa]|"
    "[Pp]aziente|[Uu]omo|[Dd]onna|[Bb]ambin[oa]|[Pp]atiente?|[Hh]omme|[Ff]emme|[Ee]nfant"
)


def _is_age_of(data: bytes, start: int, end: int) -> Sequence[Hit]:
    begin = data.rindex(b" ", start, data.rindex(b" ", start, end)) + 1
    return _is_age(data, begin, end)


def _is_whole(data: bytes, start: int, end: int) -> Sequence[Hit]:
    return () if is_word_before(data, start) or is_word_after(data, end) else (Hit(start, end),)


_AGE = "age, aged, alter, edad, âge, età, idade, leeftijd, wiek, patient age"

_GENDER_WORDS = "gender, sex, geschlecht, sexe, sexo, sesso, genere, geslacht, płeć, gender identity, género, gênero"
_RELIGION_WORDS = (
    "religion, faith, religious belief, religious affiliation, denomination, konfession, "
    "religionszugehörigkeit, confession, "
    "religión, religione, religião, godsdienst, wyznanie"
)
_ETHNICITY_WORDS = (
    "ethnicity, ethnic origin, ethnic group, ethnic background, race, race/ethnicity, ethnie, herkunft, "
    "etnia, origen étnico, "
    "origine ethnique, ethnische herkunft, raza"
)
_POLITICS_WORDS = (
    "political party, party affiliation, political affiliation, political opinion, political views, "
    "registered party, "
    "parteizugehörigkeit, partei, partido político, affiliation politique, parti politique"
)
_UNION_WORDS = (
    "trade union, union membership, union member, labor union, gewerkschaft, gewerkschaftsmitglied, "
    "syndicat, sindicato, "
    "sindacato, vakbond, związek zawodowy"
)
_ORIENTATION_WORDS = (
    "sexual orientation, sexual preference, sexuality, sexuelle orientierung, orientation sexuelle, "
    "orientación sexual, "
    "orientamento sessuale"
)
_MARITAL_WORDS = (
    "marital status, familienstand, état civil, estado civil, stato civile, burgerlijke staat, stan "
    "cywilny, civil status"
)
_NATIONALITY_WORDS = (
    "nationality, citizenship, staatsangehörigkeit, nationalität, nationalité, nacionalidad, nazionalità, "
    "cittadinanza, "
    "nacionalidade, nationaliteit, obywatelstwo"
)


def said(code: str, values: str, words: str) -> tuple[Pattern, ...]:
    """Write the pattern of some values, in any case, that mean something behind a word."""
    spelt = "|".join(sorted(listed(values), key=len, reverse=True)).replace(".", r"\.")
    return (Pattern(code, "(?i:" + spelt + ")", 0.05, 0.75, after=40, check=told_by(words, _is_whole), unicode=True),)


DEMOGRAPHIC: tuple[Recognizer, ...] = (
    row(
        "AGE",
        "HIPAA 45 CFR 164.514(b)(2)(i)(C); words of forms and records",
        (
            Pattern(
                "age",
                r"[0-9]{1,3}(?:[ -]?(?:years?|yrs?|y/?o|años|ans|anni|anos|jahre?|jaar|lat))?",
                0.05,
                0.7,
                after=16,
                check=told_by(_AGE, _is_age),
            ),
            Pattern(
                "age-of",
                r"(?:"
                + _PATIENTS
                + r")[^\n\x1e\x1f.;:0-9]{0,40}?[, ](?:d[ei]|[aâ]gée? de) [0-9]{1,3} (?:años|anos|anni|ans)",
                0.7,
                0.8,
                trigger=r"(?:d[ei]) [0-9]{1,3} (?:años|anos|anni|ans)",
                before=80,
                after=8,
                check=_is_age_of,
            ),
            Pattern(
                "age-old",
                r"[0-9]{1,3}[ -](?:(?:years?|yrs?)[ -]old|"
                r"[Jj]ahre alt|jährig(?:er?|en|es)?|años de edad|anni di età|anos de idade)",
                0.6,
                0.8,
                trigger=r"[0-9][ -](?:(?:years?|yrs?)[ -]old|[Jj]ahre alt|jährig|años de edad|anni di et|anos de idade)",
                before=4,
                after=24,
                check=_is_age,
            ),
        ),
        _AGE,
        "Paciente varón, de [41 años], fumador",
        "Age: [34]",
        "she is [67 years old]",
        "Edad: [45 años]",
        told("[34]", "patient.age"),
        "stage 34, max-age=3600 and page 34",
        certainty=Certainty.CONTEXT,
        fields="age years, age in years",
        near=16,
    ),
    row(
        "GENDER",
        "words of forms and records",
        said(
            "gender",
            "male, female, man, woman, non-binary, nonbinary, transgender, trans, intersex, männlich, "
            "weiblich, divers, homme, femme, "
            "masculin, féminin, hombre, mujer, varón, masculino, femenino, maschio, femmina, maschile, "
            "femminile, feminino, man, vrouw, "
            "mężczyzna, kobieta, m, f, w, d, x, h",
            _GENDER_WORDS,
        ),
        _GENDER_WORDS,
        "Gender: [female]",
        "Sexo: [M]",
        told("[F]", "customer.gender"),
        "female connector; gender unknown",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "RELIGION",
        _ARTICLE,
        said(
            "religion",
            "catholic, roman catholic, protestant, lutheran, orthodox, evangelical, baptist, methodist, "
            "mormon, christian, muslim, sunni, "
            "shia, jewish, hindu, buddhist, sikh, jain, atheist, agnostic, römisch-katholisch, katholisch, "
            "evangelisch, rk, ev, "
            "muslimisch, jüdisch, konfessionslos, catholique, protestant, musulman, juif, juive, athée, "
            "católico, católica, "
            "musulmán, judío, ateo, cattolico, cattolica, musulmano, ebreo, ebraica, katholiek, moslim, "
            "joods, katolik, prawosławny",
            _RELIGION_WORDS,
        ),
        _RELIGION_WORDS,
        "Religion: [Catholic]",
        "Konfession: [evangelisch]",
        told("[Sikh]", "employee.religion"),
        "Catholic University; religion of the book",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "ETHNICITY",
        _ARTICLE,
        said(
            "ethnicity",
            "white, black, african american, black or african american, asian, hispanic, latino, latina, "
            "hispanic or latino, native american, "
            "american indian, american indian or alaska native, pacific islander, native hawaiian, caucasian, "
            "mixed, roma, sinti, arab, "
            "kurdish, middle eastern, south asian, east asian, african, afro-caribbean, gitano, rom, multiracial",
            _ETHNICITY_WORDS,
        ),
        _ETHNICITY_WORDS,
        "Ethnicity: [Hispanic or Latino]",
        "Ethnic group: [Roma]",
        told("[Asian]", "person.ethnicity"),
        "white paper; race condition black",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "POLITICAL_OPINION",
        _ARTICLE,
        said(
            "politics",
            "democrat, republican, independent, libertarian, socialist, communist, conservative, liberal, "
            "labour, green, greens, social democrat, "
            "christian democrat, spd, cdu, csu, fdp, afd, die linke, die grünen, psoe, vox, podemos, partido popular",
            _POLITICS_WORDS,
        ),
        _POLITICS_WORDS,
        "Party affiliation: [Republican]",
        told("[Labour]", "voter.party_affiliation"),
        "green button, political party of the year",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "UNION_MEMBERSHIP",
        _ARTICLE,
        said(
            "union",
            "ver.di, ig metall, ig bau, gew, ngg, dgb, unite, unison, gmb, tuc, usdaw, afl-cio, seiu, uaw, "
            "teamsters, cgt, cfdt, ugt, ccoo, "
            "cgil, cisl, uil, fnv, cnv, solidarność, opzz, member, yes, ja, oui, sí",
            _UNION_WORDS,
        ),
        _UNION_WORDS,
        "Trade union: [IG Metall]",
        told("[CGT]", "employee.union_membership"),
        "a union of sets, trade union of nobody",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "SEXUAL_ORIENTATION",
        _ARTICLE,
        said(
            "orientation",
            "heterosexual, straight, homosexual, gay, lesbian, bisexual, asexual, pansexual, queer, "
            "heterosexuell, homosexuell, lesbisch, "
            "schwul, bisexuell, hétérosexuel, homosexuel, lesbienne, bisexuel, lesbiana, eterosessuale, omosessuale",
            _ORIENTATION_WORDS,
        ),
        _ORIENTATION_WORDS,
        "Sexual orientation: [bisexual]",
        told("[gay]", "profile.sexual_orientation"),
        "straight line, sexual orientation is special",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "MARITAL_STATUS",
        "words of forms and records",
        said(
            "marital",
            "single, married, divorced, widowed, separated, engaged, civil partnership, ledig, verheiratet, "
            "geschieden, verwitwet, célibataire, "
            "marié, mariée, divorcé, divorcée, veuf, veuve, soltero, soltera, casado, casada, divorciado, "
            "divorciada, viudo, viuda, celibe, "
            "nubile, coniugato, coniugata, solteiro, gehuwd, ongehuwd",
            _MARITAL_WORDS,
        ),
        _MARITAL_WORDS,
        "Marital status: [divorced]",
        told("[ledig]", "person.familienstand"),
        "single quotes; marital status code 4",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "NATIONALITY",
        "ISO 3166-1, https://www.iso.org/iso-3166-country-codes.html; words of forms and records",
        (
            Pattern(
                "nationality",
                r"\p{Lu}\p{Ll}{3,18}(?: \p{Lu}\p{Ll}{3,14})?",
                0.05,
                0.7,
                after=40,
                check=told_by(_NATIONALITY_WORDS, _is_whole),
                unicode=True,
            ),
        ),
        _NATIONALITY_WORDS,
        "Nationality: [Portuguese]",
        told("[Deutsch]", "person.nationality"),
        "Portuguese wine, nationality of",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
)
