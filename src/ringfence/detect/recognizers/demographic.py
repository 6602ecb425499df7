"""What GDPR art. 9 calls special, and what stands beside it: age, gender, origin, belief, opinion, membership, orientation.

The rule: none of these words is found by itself; it takes a field of that name or, on the same line, what forms and records write
before it.
"""

from collections.abc import Iterable, Sequence

from ringfence.detect._bytes import is_word_after, is_word_before, line_start
from ringfence.detect._checks import stands_free, told_by
from ringfence.detect._engine import prefix, searcher
from ringfence.detect.recognizer import Certainty, Check, Hit, Pattern, Recognizer, listed, row, told

_ARTICLE = "GDPR art. 9(1), https://eur-lex.europa.eu/eli/reg/2016/679/oj; words of forms and records"
_OLDEST = 125  # years


def _is_age(data: bytes, start: int, end: int) -> Sequence[Hit]:
    digits = "".join(chr(byte) for byte in data[start:end] if 0x30 <= byte <= 0x39)
    free = stands_free(data, start, end) and data[end : end + 1] not in (b"%", b":", b"/", b"*")
    return (Hit(start, end),) if free and int(digits or "0") <= _OLDEST else ()


_COUNT = (
    r"(?:[0-9]{1,3}(?:[.,][0-9])?|un[ao]?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|"
    r"veinte|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|due|tre|quattro|cinque|deux|trois|quatre|cinq)"
)
_SPAN = r"(?:años?|mes(?:es)?|semanas|días|ans|mois|anni|anno|mesi|anos?|dias)"
_PATIENTS = (
    "[Pp]aciente|[Vv]arón|[Mm]ujer|[Hh]ombre|[Nn]iñ[oa]|[Ee]nferm[oa]|[Ss]eñora?|[Hh]omem|[Mm]ulher|[Mm]enin[oa]|"
    "[Pp]aziente|[Uu]omo|[Dd]onna|[Bb]ambin[oa]|[Pp]atiente?|[Hh]omme|[Ff]emme|[Ee]nfant|[Ll]actante|[Bb]ebé|"
    "[Aa]dolescente|[Nn]acid[oa]|[Nn]eonato|[Jj]oven"
)
_AND_MORE = "(?: (?:y|e|et) (?:" + _COUNT + " " + _SPAN + "|medio))?"
_amount = searcher(_COUNT + " " + _SPAN + _AND_MORE + r"\z")
_after_that = prefix(r" (?:del?|des|di|del|della|después|tras|desde|más tarde|antes|après|dopo)\b")
_years = prefix(_COUNT + " (?:años?|ans|ann[io]|anos?)")
_grown = prefix("[1-9][0-9] (?:años|ans|anni|anos)")
_of_age = prefix(r" (?:de edad|de vida|d'âge|di età|de idade)")


_elapsed = searcher(
    r"(?i)\b(?:menos|m[aá]s|plazo|despu[eé]s|durante|hace|desde|evoluci[oó]n|cada|moins|depuis|meno|dopo|entre)\b"
)
_NEAR_PATIENT = (
    24  # bytes between a patient and an age in months, weeks or days: what is farther off is how long something took
)


def _is_age_of(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take the amount at the end; not where it counts what has passed since something: ``a los 3 años del diagnóstico``."""
    begin = _amount(data[start:end], 0, end - start)[
        0
    ]  # a copy, since `\z` is the end of all that the engine was given
    if begin < 0:
        return ()
    of_age = _of_age(data, end, len(data)) >= 0
    in_years = _years(data, start + begin, end) >= 0
    passed = _after_that(data, end, len(data)) >= 0 or _elapsed(data, start, start + begin)[0] >= 0
    if not of_age and (passed or (begin > _NEAR_PATIENT and not in_years)):
        return ()
    return _is_age(data, start + begin, end)


def _is_age_at(data: bytes, start: int, end: int) -> Sequence[Hit]:
    hits = _is_age_of(data, start, end)
    if data[start : start + 1] not in b"Aa" or _of_age(data, end, len(data)) >= 0:
        return hits
    return [hit for hit in hits if _grown(data, hit.start, hit.end) >= 0]


def _is_age_old(data: bytes, start: int, end: int) -> Sequence[Hit]:
    """Take years where the text says that they are an age."""
    said = data[end - 2 : end] in (b"ld", b"lt") or b"hrig" in data[start:end] or _of_age(data, end, len(data)) >= 0
    if not said or (_young(data, start, end) >= 0 and _child(data, line_start(data, start, _CHILD_MOST), start)[0] < 0):
        return ()
    return _is_age(data, start, end)


_young = prefix("[0-9]{1,3}[ -](?i:months?|weeks?|days?)")
_child = searcher(
    r"(?i)\b(?:infant|bab(?:y|ies)|boy|girl|child|newborn|neonate|toddler|patient|son|daughter|twins?|s?he|aged?)\b"
)
_CHILD_MOST = 40  # bytes before an age in months in which is said whose it is; certificates and branches are as old


_of_people = searcher(
    r"(?i)(?:\A|[^0-9A-Za-z_-]|patient|user|customer|client|person|people|member|employee|student|child|parent|mother|father|driver|"
    r"guest|owner|applicant|holder|insured|player|subject|spouse|victim|profile|kunden?|paciente|cliente|in|current|actual|my|his|her)"
    r"[ _-]?age\W{0,4}\z"
)
_age_word = searcher(r"(?i)age\W{0,4}\z")
_math = searcher(r"(?i)eta\W{0,6}\z")
_WORD_MOST = 24  # bytes before a number that are read for whose age it is


def _is_somebodys(check: Check) -> Check:
    """Make a check that an age is not a thing's: ``route-age 20``, ``cookie_age: 60``, ``jw*eta``."""

    def is_told(data: bytes, start: int, end: int) -> Iterable[Hit]:
        low = line_start(data, start, _WORD_MOST)
        before = data[low:start]
        size = len(before)
        if _age_word(before, 0, size)[0] >= 0 and _of_people(before, 0, size)[0] < 0:
            return ()
        return () if _math(before, 0, size)[0] >= 0 else check(data, start, end)

    return is_told


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
                r"[0-9]{1,3}(?: {0,2}-?(?i:years?|yrs?|months?|weeks?|days?|y/?o|años?|mes(?:es)?|semanas|días|ans|mois|ann[io]|"
                r"mesi|anos?|dias|a|jahre?|monate?|wochen|tage|jaar|maanden|lat)\b)?",
                0.05,
                0.7,
                after=16,
                check=_is_somebodys(told_by(_AGE, _is_age)),
            ),
            Pattern(
                "age-of",
                r"(?:"
                + _PATIENTS
                + r")[^\n\x1e\x1f.;:0-9]{0,40}?(?:[, ](?:d[ei]|con|[aâ]gée? de)|,) "
                + _COUNT
                + " "
                + _SPAN
                + _AND_MORE,
                0.7,
                0.8,
                trigger=r"(?:d[ei]|con|,) " + _COUNT + " " + _SPAN,
                before=80,
                after=32,
                check=_is_age_of,
            ),
            Pattern(
                "age-at",
                r"(?:[Aa] los|edad de|et[àa] di|idade de|[aâ]ge de) " + _COUNT + " " + _SPAN + _AND_MORE,
                0.6,
                0.8,
                trigger=r"(?:[Aa] los|edad de|et[àa] di|idade de|[aâ]ge de) " + _COUNT + " ",
                before=1,
                after=32,
                check=_is_age_at,
            ),
            Pattern(
                "age-old",
                r"[0-9]{1,3}[ -](?:(?:years?|yrs?|months?|weeks?|days?)[ -]old|"
                r"(?:[Jj]ahre|[Mm]onate) alt|jährig(?:er?|en|es)?|años|anni|anos)",
                0.6,
                0.8,
                trigger=r"[0-9][ -](?:(?:years?|yrs?|months?|weeks?|days?)[ -]old|(?:[Jj]ahre|[Mm]onate) alt|jährig|"
                r"años de edad|anni di et|anos de idade)",
                before=4,
                after=24,
                check=_is_age_old,
            ),
        ),
        _AGE,
        "Paciente varón, de [41 años], fumador",
        "Age: [34]",
        "she is [67 years old]",
        "Edad: [45 años]",
        told("[34]", "patient.age"),
        "Mujer, [43 años], con antecedentes",
        "Niño de [cinco años] derivado por fiebre",
        "Edad: [6 meses]",
        "a la edad de [6 años], la agudeza visual",
        "stage 34, max-age=3600 and page 34",
        "route-age 20; cookie_age: 60 and 1+jw*eta, 2*l+2; a los 3 años del diagnóstico",
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
