"""Numbers of states and banks made at random, right and wrong, by python-stdnum: what recognition is measured with.

The rule: a shape stands in a template, and whether a number is right is for python-stdnum to say, not for ringfence's own checks.
A wrong number is a right one with one sign changed. Nobody's number is looked for; some of those made may be somebody's.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from importlib import import_module

from ringfence.detect import RECOGNIZERS
from ringfence.detect.recognizer import Recognizer

NUMBERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # Entity, module of python-stdnum, templates: # a digit, @ a letter, {ymd} {dmy} {cymd} a day, and signs as they are.
    ("ABA_ROUTING_NUMBER", "us.rtn", ("#########",)),
    ("AE_EMIRATES_ID", "luhn", ("784-19##-#######-#",)),
    ("AR_CUIT", "ar.cuit", ("20-########-#", "27########" + "#")),
    ("AT_SOCIAL_SECURITY", "at.vnr", ("#### {dmy}", "####{dmy}")),
    ("AT_TAX_NUMBER", "at.tin", ("59-###/####", "03-###/####")),
    ("AU_ABN", "au.abn", ("## ### ### ###", "###########")),
    ("AU_ACN", "au.acn", ("### ### ###",)),
    ("AU_TFN", "au.tfn", ("### ### ###",)),
    ("BE_NATIONAL_NUMBER", "be.nn", ("{y.m.d}-###.##", "{ymd}#####")),
    ("BG_EGN", "bg.egn", ("{ymd}####",)),
    ("BR_CNPJ", "br.cnpj", ("##.###.###/0001-##",)),
    ("BR_CPF", "br.cpf", ("###.###.###-##", "###########")),
    ("CA_SIN", "ca.sin", ("1##-###-###", "5## ### ###")),
    ("CH_AHV", "ch.ssn", ("756.####.####.##",)),
    ("CL_RUT", "cl.rut", ("1#.###.###-#", "1#######-#")),
    ("CN_RESIDENT_ID", "cn.ric", ("110101{cymd}####", "440301{cymd}####")),
    ("CO_NIT", "co.nit", ("9########-#",)),
    ("CREDIT_CARD", "luhn", ("4###############", "51##############", "37#############")),
    ("CZ_DIC", "cz.dic", ("CZ########",)),
    ("CZ_SK_RODNE_CISLO", "cz.rc", ("{ymd}/####", "{ymd}####")),
    ("DE_TAX_ID", "de.idnr", ("## ### ### ###", "###########")),
    ("DE_VAT_ID", "de.vat", ("DE#########",)),
    ("DO_CEDULA", "do.cedula", ("001-#######-#",)),
    ("EC_CEDULA", "ec.ci", ("17########",)),
    ("EE_ISIKUKOOD", "ee.ik", ("3{ymd}####", "4{ymd}####")),
    ("ES_CIF", "es.cif", ("B########", "A########")),
    ("ES_NIE", "es.nie", ("X#######@", "Y-#######-@")),
    ("ES_NIF", "es.dni", ("########@", "########-@")),
    ("EU_VAT", "eu.vat", ("BE0#########", "DK########", "FI########")),
    ("FI_PERSONAL_IDENTITY_CODE", "fi.hetu", ("{dmy}-###@", "{dmy}-####")),
    ("FR_NIR", "fr.nir", ("1 ## 03 75 ### ### ##", "2##1175########")),
    ("FR_SIREN", "fr.siren", ("### ### ###",)),
    ("FR_TAX_ID", "fr.nif", ("30 ## ### ### ###",)),
    ("GR_AFM", "gr.vat", ("#########",)),
    ("GR_AMKA", "gr.amka", ("{dmy}#####",)),
    ("HR_OIB", "hr.oib", ("###########",)),
    ("IBAN", "iban", ("DE####################", "NL##ABNA##########", "GB##WEST##############")),
    ("ID_NPWP", "id.npwp", ("0#.###.###.#-###.000",)),
    ("IE_PPS", "ie.pps", ("#######@",)),
    ("IL_ID_NUMBER", "il.idnr", ("#########",)),
    ("IMEI", "imei", ("35######0######",)),
    ("IN_AADHAAR", "in_.aadhaar", ("#### #### ####", "############")),
    ("IN_GSTIN", "in_.gstin", ("27@@@P@####@1Z#", "07@@@P@####@1Z@")),
    ("IN_VOTER", "in_.epic", ("@@@#######",)),
    ("IS_KENNITALA", "is_.kennitala", ("{dmy}-##" + "#9",)),
    ("IT_FISCAL_CODE", "it.codicefiscale", ("RSSMRA##A##H501@", "VRDLGI##C##F205@")),
    ("IT_VAT_CODE", "it.iva", ("###########",)),
    ("JP_MY_NUMBER", "jp.in_", ("#### #### ####",)),
    ("LT_ASMENS_KODAS", "lt.asmens", ("3{ymd}####", "4{ymd}####")),
    ("MX_CURP", "mx.curp", ("GOMR{ymd}HDFLRS0#", "LOPM{ymd}MDFLRR0#")),
    ("NL_BSN", "nl.bsn", ("#########", "####.##.###")),
    ("NO_FODSELSNUMMER", "no.fodselsnummer", ("{dmy}#####", "{dmy} #####")),
    ("NZ_IRD", "nz.ird", ("##-###-###", "1##-###-###")),
    ("PE_RUC", "pe.ruc", ("20#########",)),
    ("PL_NIP", "pl.nip", ("###-###-##-##", "##########")),
    ("PL_PESEL", "pl.pesel", ("{ymd}#####",)),
    ("PL_REGON", "pl.regon", ("#########",)),
    ("PT_NIF", "pt.nif", ("2########", "1## ### ###")),
    ("RO_CNP", "ro.cnp", ("1{ymd}40####", "2{ymd}12####")),
    ("RU_INN", "ru.inn", ("77##########", "77########")),
    ("SE_ORGANISATIONSNUMMER", "se.orgnr", ("556###-####",)),
    ("SE_PERSONNUMMER", "se.personnummer", ("{ymd}-####", "{cymd}-####")),
    ("SG_UEN", "sg.uen", ("########@",)),
    ("SI_EMSO", "si.emso", ("{dmyyy}50####",)),
    ("TH_TNIN", "th.pin", ("3100######" + "###", "1-1007-#####-##-#")),
    ("TR_NATIONAL_ID", "tr.tckimlik", ("###########",)),
    ("TR_TAX_NUMBER", "tr.vkn", ("##########",)),
    ("UA_TAX_ID", "ua.rntrc", ("##########",)),
    ("UK_NHS", "gb.nhs", ("### ### ####", "##########")),
    ("UK_UTR", "gb.utr", ("##########",)),
    ("US_SSN", "us.ssn", ("###-##-####",)),
    ("VE_RIF", "ve.rif", ("V-########-#", "J-########-#")),
    ("ZA_ID_NUMBER", "za.idnr", ("{ymd}####08#",)),
)
_BY_NAME = {one.entity: one for one in RECOGNIZERS}
_TRIES = 20_000


def generated(count: int, seed: int) -> Iterator[tuple[str, str, str, str]]:
    """Give for each entity so many: its name, a word that stands beside it, a right number, a wrong one."""
    rng = random.Random(seed)
    for entity, module, templates in NUMBERS:
        is_right = judge_of(module)
        for number in range(count):
            right = right_number(rng, templates[number % len(templates)], is_right)
            yield entity, _word(rng, _BY_NAME[entity]), right, _wrong(rng, right, is_right)


def judge_of(module: str) -> Callable[[str], bool]:
    """Give what says whether a number is right, of a module of python-stdnum."""
    is_valid: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    if module == "luhn":  # which takes no hyphens
        return lambda number: is_valid(number.replace("-", ""))
    return is_valid


def _word(rng: random.Random, recognizer: Recognizer) -> str:
    return rng.choice([word for word in recognizer.words if not word.endswith("-")] or [recognizer.entity])


def right_number(rng: random.Random, template: str, is_right: Callable[[str], bool]) -> str:
    """Make a right number of a shape."""
    for _ in range(_TRIES):
        made = _filled(rng, template)
        if is_right(made):
            return made
    raise ValueError(f"no number of the shape {template} is right: mend the template")


def _wrong(rng: random.Random, right: str, is_right: Callable[[str], bool]) -> str:
    places = [at for at, sign in enumerate(right) if sign.isdigit()]
    for _ in range(_TRIES):
        at = rng.choice(places)
        made = right[:at] + rng.choice("0123456789") + right[at + 1 :]
        if not is_right(made):
            return made
    raise ValueError("every neighbour of a number is right, too: it has no check")


def _filled(rng: random.Random, template: str) -> str:
    day = date(1940, 1, 1) + timedelta(days=rng.randrange(21_000))
    for name, form in (
        ("{ymd}", "%y%m%d"),
        ("{dmy}", "%d%m%y"),
        ("{cymd}", "%Y%m%d"),
        ("{y.m.d}", "%y.%m.%d"),
    ):
        template = template.replace(name, f"{day:{form}}")
    template = template.replace("{dmyyy}", f"{day:%d%m}{day.year % 1000:03}")
    signs = {"#": "0123456789", "@": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    return "".join(rng.choice(signs[sign]) if sign in signs else sign for sign in template)
