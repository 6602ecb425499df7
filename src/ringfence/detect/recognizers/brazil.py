"""Brazil."""

from ringfence.detect._checks import adds_up, is_varied, shaped, stdnum, valid
from ringfence.detect.recognizer import DIGITS, PROVEN, UNCHECKED, Certainty, Recognizer, row, spelling


def _rest(digits: str, weights: range | tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11


def _is_licence(number: str) -> bool:
    """Check a CNH, whose second digit depends on whether the first was too large."""
    first = _rest(number, range(9, 0, -1))
    less = 2 if first >= 10 else 0
    second = _rest(number, range(1, 10)) - less
    second = second + 11 if second < 0 else second
    return number[9:] == f"{0 if first >= 10 else first}{0 if second >= 10 else second}"


def _is_health_card(number: str) -> bool:
    return number[0] in "12789" and adds_up(tuple(range(15, 0, -1)), 11)(number)


def _is_pis(number: str) -> bool:
    rest = 11 - _rest(number, (3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
    return (0 if rest >= 10 else rest) == int(number[10])


def _is_voter(number: str) -> bool:
    """Check a título de eleitor: a number, two digits of the state, two check digits."""
    state = number[8:10]
    if not 1 <= int(state) <= 28:
        return False
    first = _rest(number[:8], range(2, 10)) % 10
    second = _rest(state + str(first), (7, 8, 9)) % 10
    return number[10:] == f"{first}{second}"


def _is_renavam(number: str) -> bool:
    return _rest(number, (3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) * 10 % 11 % 10 == int(number[10])


def _is_rg(number: str) -> bool:
    """Check a number of São Paulo's; other states have digits of their own, or none."""
    rest = 11 - _rest(number, range(2, 10))
    return {10: "X", 11: "0"}.get(rest, str(rest)) == number[-1]


BRAZIL: tuple[Recognizer, ...] = (
    row(
        "BR_CPF",
        "Instrução Normativa RFB 2.172/2024, http://normas.receita.fazenda.gov.br/sijut2consulta/link.action?idAto=135756",
        (
            spelling(
                "br-cpf-written",
                r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}",
                valid(is_varied, stdnum("br.cpf"), evidence="mod11-twice"),
                PROVEN,
                trigger=r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}",
            ),
            spelling(
                "br-cpf",
                r"[0-9]{3}[ .]?[0-9]{3}[ .]?[0-9]{3}[ -]?[0-9]{2}",
                valid(is_varied, stdnum("br.cpf"), evidence="mod11-twice"),
                DIGITS,
            ),
        ),
        "cpf, cadastro de pessoas físicas, cpf/mf, contribuinte",
        "[390.533.447-05]",
        "CPF [39053344705]",
        "pedido 39053344705",
        "231.002.999-00",
    ),
    row(
        "BR_CNPJ",
        "Instrução Normativa RFB 2.229/2024, http://normas.receita.fazenda.gov.br/sijut2consulta/link.action?idAto=141102",
        (
            spelling(
                "br-cnpj-written",
                r"[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-[0-9]{2}",
                valid(is_varied, stdnum("br.cnpj"), evidence="mod11-twice"),
                PROVEN,
                trigger=r"[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-[0-9]{2}",
            ),
            spelling("br-cnpj", r"[0-9]{14}", valid(is_varied, stdnum("br.cnpj"), evidence="mod11-twice"), DIGITS),
        ),
        "cnpj, cadastro nacional da pessoa jurídica",
        "[16.727.230/0001-97]",
        "CNPJ [16727230000197]",
        "pedido 16727230000197",
        "16.727.230/0001-98",
    ),
    row(
        "BR_CNH",
        "Resolução CONTRAN 886/2021; https://www.gov.br/transportes/pt-br/assuntos/transito",
        (spelling("br-cnh", r"[0-9]{11}", valid(is_varied, _is_licence, evidence="mod11-twice"), DIGITS),),
        "cnh, carteira de habilitação, carteira nacional de habilitação, habilitação",
        "CNH: [98765432109]",
        "carteira de habilitação: [67506879819]",
        "pedido 62472927637",
        "CNH 62472927638",
    ),
    row(
        "BR_CNS",
        "Portaria GM/MS 1.560/2002; https://cadastro.saude.gov.br",
        (
            spelling(
                "br-cns",
                r"[12789][0-9]{2} ?[0-9]{4} ?[0-9]{4} ?[0-9]{4}",
                valid(is_varied, _is_health_card, evidence="mod11"),
                DIGITS,
            ),
        ),
        "cns, cartão sus, cartão nacional de saúde, cartão de saúde, sus",
        "CNS: [898 0011 6066 7618]",
        "cartão sus: [980 8022 7404 0581]",
        "pedido 898001160667618",
        "CNS 898 0011 6066 7619",
    ),
    row(
        "BR_PIS",
        "Lei Complementar 7/1970; https://www.caixa.gov.br/beneficios-trabalhador/pis",
        (
            spelling(
                "br-pis",
                r"[0-9]{3}\.?[0-9]{5}\.?[0-9]{2}-?[0-9]",
                valid(is_varied, _is_pis, evidence="mod11"),
                DIGITS,
            ),
        ),
        "pis, pasep, pis/pasep, nis, nit",
        "PIS: [120.56874.10-7]",
        "pasep: [849.88235.24-3]",
        "pedido 12056874107",
        "PIS 120.56874.10-8",
    ),
    row(
        "BR_RG",
        "Lei 7.116/1983, https://www.planalto.gov.br/ccivil_03/leis/1980-1988/l7116.htm",
        (
            spelling(
                "br-rg-sp",
                r"[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}-?[0-9Xx]",
                valid(is_varied, _is_rg, evidence="mod11", else_doubtful=True),
                (0.2, 0.8),
                doubtful=(0.1, 0.5),
            ),
            spelling("br-rg", r"(?:MG-?)?[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}", shaped(is_varied), UNCHECKED),
        ),
        "rg, registro geral, carteira de identidade, identidade, cédula de identidade",
        "RG: [24.678.131-4]",
        "registro geral: [15.158.918-5]",
        "pedido 24.678.131-4",
        "RG 24.678",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "BR_VOTER_ID",
        "Resolução TSE 23.659/2021, "
        "https://www.tse.jus.br/legislacao/compilada/res/2021/resolucao-no-23-659-de-26-de-outubro-de-2021",
        (
            spelling(
                "br-titulo",
                r"[0-9]{4} ?[0-9]{4} ?[0-9]{4}",
                valid(is_varied, _is_voter, evidence="mod11-twice"),
                DIGITS,
            ),
        ),
        "título de eleitor, titulo eleitor, título eleitoral, inscrição eleitoral",
        "Título de eleitor: [1023 8501 0671]",
        "titulo eleitor: [3387 6707 0701]",
        "pedido 102385010671",
        "título de eleitor 1023 8501 0672",
    ),
    row(
        "BR_RENAVAM",
        "Código de Trânsito Brasileiro; https://www.gov.br/transportes/pt-br/assuntos/transito",
        (spelling("br-renavam", r"[0-9]{11}", valid(is_varied, _is_renavam, evidence="mod11"), DIGITS),),
        "renavam, código renavam",
        "RENAVAM: [63988496230]",
        "código renavam: [11516453993]",
        "pedido 63988496230",
        "RENAVAM 63988496239",
    ),
    row(
        "BR_POSTCODE",
        "https://buscacepinter.correios.com.br",
        (spelling("br-cep", r"[0-9]{2}\.?[0-9]{3}-?[0-9]{3}", shaped(is_varied), (0.1, 0.65), reach=10),),
        "cep, código postal, código de endereçamento postal",
        "CEP: [01310-100]",
        "código postal: [07891-587]",
        "sala 01310-100",
        "CEP 01310",
        certainty=Certainty.CONTEXT,
        near=40,
    ),
    row(
        "BR_LICENSE_PLATE",
        "Resolução CONTRAN 969/2022",
        (spelling("br-plate", r"[A-Za-z]{3}[ -]?[0-9][0-9A-Ja-j][0-9]{2}", shaped(), UNCHECKED),),
        "placa, placa do veículo, emplacamento, license plate",
        "placa [BRA2E19]",
        "placa do veículo: [BRA9E16]",
        "peça BRA2E19",
        "placa BRA2E1",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "BR_PIX_KEY",
        "Resolução BCB 1/2020, https://www.bcb.gov.br/estabilidadefinanceira/pix",
        (
            spelling(
                "br-pix",
                r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                shaped(),
                (0.1, 0.85),
            ),
        ),
        "pix, chave pix, chave aleatória",
        "chave Pix: [123e4567-e12b-42d1-a456-426655440000]",
        "chave aleatória: [170e0250-e99b-45d0-a855-155544321321]",
        "request 123e4567-e12b-42d1-a456-426655440000",
        "pix 123e4567-e12b-12d1-a456-426655440000",
        certainty=Certainty.CONTEXT,
    ),
)
