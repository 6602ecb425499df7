"""Health: numbers of patients, codes of diagnoses, and what genetic and biometric data are called."""

from ringfence.detect._checks import is_varied, shaped
from ringfence.detect.recognizer import Certainty, Example, Recognizer, listed, row, spelling, told


def _has_digit(number: str) -> bool:
    return sum(sign.isdigit() for sign in number) >= 4


HEALTH: tuple[Recognizer, ...] = (
    row(
        "MEDICAL_RECORD_NUMBER",
        "HIPAA 45 CFR 164.514(b)(2)(i)(H); every hospital has its own form, so a word must stand beside it",
        (
            spelling(
                "record-number",
                r"[A-Za-z]{0,4}[-/]?[0-9]{4,12}(?:[-/][0-9]{1,6})?",
                shaped(_has_digit, is_varied),
                (0.1, 0.7),
                reach=32,
            ),
        ),
        "mrn, medical record, medical record number, medical record no, patient number, patient no, patient id, chart number, "
        "hospital number, patientennummer, fallnummer, patienten-id, numéro de dossier, numéro patient, ipp, "
        "historia clínica, número de historia, nhc, cartella clinica, patiëntnummer, numer pacjenta, prontuário",
        "MRN: [MR123456]",
        "Patientennummer [4711233]",
        told("[884412]", "patient.mrn"),
        "order MR123456",
        "MRN 12",
        certainty=Certainty.CONTEXT,
        near=32,
    ),
    row(
        "HEALTH_PLAN_NUMBER",
        "HIPAA 45 CFR 164.514(b)(2)(i)(I); every insurer has its own form, so a word must stand beside it",
        (
            spelling(
                "plan-number",
                r"[A-Za-z]{0,4}[-]?[0-9]{6,14}[A-Za-z]{0,2}",
                shaped(_has_digit, is_varied),
                (0.1, 0.65),
                reach=24,
            ),
        ),
        "member id, subscriber id, health plan, policy number, insurance id, insurance number, beneficiary number, group number, "
        "medicaid, medicaid number, numéro de mutuelle, póliza, versichertennr",
        "Health plan member ID: [XEH123456789]",
        "subscriber id: [XEH412858713]",
        "order XEH123456789",
        "member id 12",
        certainty=Certainty.CONTEXT,
        near=24,
    ),
    row(
        "ICD_CODE",
        "ICD-10, https://icd.who.int/browse10/2019/en; ICD-11 codes are longer and stand under the same words",
        (
            spelling(
                "icd-10",
                r"[A-TV-Za-tv-z][0-9][0-9ABab](?:\.[0-9A-TV-Za-tv-z]{1,4})?",
                shaped(),
                (0.1, 0.8),
                reach=10,
            ),
        ),
        "icd, icd-10, icd10, icd-10-cm, icd code, diagnosis code, diagnosis, diagnose, diagnosen, diagnóstico, diagnostic, dx, "
        "diagnosi, cie-10, cim-10, rozpoznanie",
        "ICD-10: [E11.9]",
        "Diagnose: [F32.1]",
        "room E11.9",
        "ICD U",
        certainty=Certainty.CONTEXT,
        near=20,
    ),
    row(
        "GENETIC_MARKER",
        "dbSNP's reference numbers, https://www.ncbi.nlm.nih.gov/snp/; HGVS, https://hgvs-nomenclature.org",
        (
            spelling("rsid", r"rs[0-9]{3,10}", shaped(is_varied), (0.2, 0.8), reach=12),
            spelling(
                "hgvs",
                r"(?:BRCA[12]|CFTR|APOE|HBB|TP53|MTHFR)[ :]{1,2}[cgp]\.[0-9A-Za-z_>+*=-]{3,24}",
                shaped(),
                (0.2, 0.8),
                reach=40,
            ),
        ),
        "snp, rsid, dbsnp, genotype, genetic variant, mutation, allele, genotyp, génotype",
        "genotype: [rs429358] C/T",
        "snp: [rs532622]",
        "version rs429358",
        "genotype rs1",
        certainty=Certainty.CONTEXT,
        near=24,
    ),
    Recognizer(
        entity="GENETIC_DATA",
        certainty=Certainty.FIELD,
        source="GDPR art. 4(13); the names that databases give to such data",
        whole_field=True,
        fields=listed(
            "genotype, genome, dna, dna sequence, dna profile, genetic data, haplotype, karyotype, genetic test result"
        ),
        examples=(
            Example("AACGTTGCA", ("AACGTTGCA",), field="patient.dna_sequence"),
            Example("AaBb", ("AaBb",), field="sample.genotype"),
            Example("AACGTTGCA", field="sequence"),
        ),
    ),
    Recognizer(
        entity="BIOMETRIC_DATA",
        certainty=Certainty.FIELD,
        source="GDPR art. 4(14); the names that databases give to such data",
        whole_field=True,
        fields=listed(
            "biometric, biometrics, biometric id, biometric template, fingerprint template, fingerprint image, face embedding, "
            "face encoding, face template, facial template, iris template, iris scan, retina scan, voice print, voiceprint, "
            "palm print, fingerabdruck, empreinte digitale, huella dactilar, impronta digitale"
        ),
        examples=(
            Example("Rk1SACAyMAAAAADk", ("Rk1SACAyMAAAAADk",), field="employee.fingerprint_template"),
            Example("fa7c03b1", ("fa7c03b1",), field="person.faceEmbedding"),
            Example("SHA256:abc", field="fingerprint"),
        ),
    ),
    Recognizer(
        entity="HEALTH_CONDITION",
        certainty=Certainty.FIELD,
        source="GDPR art. 4(15) and 9; the names that databases give to such data",
        whole_field=True,
        fields=listed(
            "diagnosis, diagnoses, diagnose, medical condition, health condition, health status, disability, allergy, allergies, "
            "medication, medications, blood type, blood group, blutgruppe, symptoms, chronic condition, medical history, "
            "diagnóstico, enfermedad, discapacidad, maladie, handicap, allergie, behinderung, krankheit, diagnosi, malattia"
        ),
        examples=(
            Example("asthma", ("asthma",), field="patient.diagnosis"),
            Example("A+", ("A",), field="blood_type"),
            Example("asthma", field="topic"),
        ),
    ),
)
